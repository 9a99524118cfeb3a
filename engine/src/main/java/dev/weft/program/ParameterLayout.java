package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.layer.Parameter;
import dev.weft.layer.State;
import dev.weft.optim.Optimizer;
import dev.weft.optim.ParameterGroup;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Where each parameter lies in the flat buffer of all parameters, and its gradient in the flat buffer of gradients.
 * Segments begin at multiples of 64 elements (256 bytes of float). Matrices and filters come before vectors, so that
 * the usual parameter groups (weights, biases) are contiguous; within that the order is the graph's. The states of layers
 * lie in a flat buffer of their own.
 */
public final class ParameterLayout {
    private static final int ALIGNMENT = 64;

    /** The most values that all parameters of a graph have together. */
    public static final int MAX_ELEMENTS = Integer.MAX_VALUE - ALIGNMENT;

    /** The name of a network that was given none. Its tensors bear no prefix. */
    public static final String DEFAULT_NAME = "model";

    private final String name;
    private final TensorRef parameters;
    private final TensorRef gradients;
    private final Map<String, TensorRef> views = new LinkedHashMap<>();
    private final Map<String, TensorRef> gradientViews = new LinkedHashMap<>();
    private final Map<String, TensorRef> states = new LinkedHashMap<>();

    /** Lays out parameters alone, of a network that has no name of its own. */
    public ParameterLayout(List<Parameter> all) {
        this(DEFAULT_NAME, all, List.of());
    }

    /**
     * Lays out the parameters and states of a graph.
     *
     * @param name of the network, which comes before the tensors' names where it is not {@link #DEFAULT_NAME}
     * @throws ShapeException if they have more elements in all than fit into a buffer; the message names the one that is too much
     */
    public ParameterLayout(String name, List<Parameter> all, List<State> states) {
        this.name = name;
        List<Parameter> ordered = all.stream()
                .sorted(Comparator.comparing((Parameter p) -> p.shape().rank() < 2))
                .toList();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        ordered.forEach(p -> shapes.put(p.name(), p.shape()));
        Map<String, Shape> stateShapes = new LinkedHashMap<>();
        states.forEach(state -> stateShapes.put(state.name(), state.shape()));
        Shape flat = flat("parameters", shapes);
        parameters = TensorRef.persistent(named("parameters"), DType.REAL, flat, Role.PARAMETER);
        gradients = TensorRef.persistent(named("gradients"), DType.REAL, flat, Role.GRADIENT);
        segments(parameters, shapes, this::named, views);
        segments(gradients, shapes, parameter -> "d(" + named(parameter) + ")", gradientViews);
        TensorRef flatStates =
                TensorRef.persistent(named("states"), DType.REAL, flat("states", stateShapes), Role.STATE);
        segments(flatStates, stateShapes, this::named, this.states);
    }

    private static Shape flat(String what, Map<String, Shape> shapes) {
        long total = 0;
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            Shape shape = entry.getValue();
            total += aligned(shape.elements());
            if (shape.elements() > MAX_ELEMENTS || total > MAX_ELEMENTS) {
                throw new ShapeException(
                        entry.getKey(),
                        "the %s up to this one, of shape %s, do not fit into a buffer, which has %,d elements at most"
                                .formatted(what, shape, MAX_ELEMENTS));
            }
        }
        return Shape.of((int) Math.max(total, ALIGNMENT));
    }

    private static void segments(
            TensorRef flat, Map<String, Shape> shapes, UnaryOperator<String> naming, Map<String, TensorRef> views) {
        long offset = 0;
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            Shape shape = entry.getValue();
            views.put(entry.getKey(), flat.view(naming.apply(entry.getKey()), shape, offset));
            offset += aligned(shape.elements());
        }
    }

    private String named(String tensor) {
        return name.equals(DEFAULT_NAME) ? tensor : name + "." + tensor;
    }

    private static long aligned(long elements) {
        return (Math.min(elements, MAX_ELEMENTS) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** The network's name. */
    public String name() {
        return name;
    }

    /** The flat buffer of all parameters. */
    public TensorRef parameters() {
        return parameters;
    }

    /** The flat buffer of their gradients. */
    public TensorRef gradients() {
        return gradients;
    }

    /** The parameters by name, in the order of the buffer. */
    public Map<String, TensorRef> views() {
        return java.util.Collections.unmodifiableMap(views);
    }

    /** The states by name, in the order of their buffer. */
    public Map<String, TensorRef> states() {
        return java.util.Collections.unmodifiableMap(states);
    }

    /** The flat buffers that a model holds: that of the parameters, and that of the states where there are any. */
    public List<TensorRef> buffers() {
        return states.isEmpty()
                ? List.of(parameters)
                : List.of(parameters, states.values().iterator().next().root());
    }

    /**
     * The place of a parameter or a state in its flat buffer.
     *
     * @throws WeftException if there is none of this name; the message lists the names
     */
    public TensorRef persistent(String name) {
        return states.containsKey(name) ? states.get(name) : view(name);
    }

    /**
     * A parameter's gradient.
     *
     * @throws WeftException if there is no parameter of this name
     */
    public TensorRef gradient(String parameter) {
        return known(gradientViews, parameter);
    }

    /**
     * The place of a parameter in the flat buffer.
     *
     * @throws WeftException if there is no parameter of this name; the message lists the names
     */
    public TensorRef view(String parameter) {
        return known(views, parameter);
    }

    private static TensorRef known(Map<String, TensorRef> tensors, String parameter) {
        TensorRef tensor = tensors.get(parameter);
        if (tensor == null) {
            throw new WeftException("no parameter " + parameter + "; there are " + tensors.keySet());
        }
        return tensor;
    }

    /** The flat buffers of an optimizer's state in a program of this optimizer alone. */
    public List<TensorRef> optimizerState(Optimizer optimizer) {
        return optimizerState(optimizer, 0);
    }

    /**
     * The flat buffers of an optimizer's state: as many as it has slots, each laid out like the parameters.
     *
     * @param number of the optimizer in its program
     */
    List<TensorRef> optimizerState(Optimizer optimizer, int number) {
        List<TensorRef> state = new ArrayList<>();
        for (int slot = 0; slot < optimizer.slots(); slot++) {
            String slotName = named("optimizer" + (number == 0 ? "" : number + ".") + slot);
            state.add(TensorRef.persistent(slotName, DType.REAL, parameters.shape(), Role.OPTIMIZER));
        }
        return state;
    }

    /** A run of neighbouring parameters with the same settings. */
    record Range(ParameterGroup group, int from, int to) {
        TensorRef of(TensorRef flat) {
            return flat.view("%s[%d:%d]".formatted(flat.name(), from, to), Shape.of(to - from), from);
        }
    }

    /** These parameters as ranges of one each. */
    List<Range> single(Optimizer optimizer, Set<String> names) {
        List<Range> ranges = new ArrayList<>();
        names.forEach(name -> {
            int from = Math.toIntExact(view(name).offset());
            int to = from + Math.toIntExact(aligned(view(name).shape().elements()));
            ranges.add(new Range(optimizer.group(name), from, to));
        });
        return ranges;
    }

    /** These parameters as the fewest ranges of one group each. */
    List<Range> ranges(Optimizer optimizer, Set<String> names) {
        List<Range> ranges = new ArrayList<>();
        views.forEach((parameter, view) -> {
            if (names.contains(parameter)) {
                ParameterGroup group = optimizer.group(parameter);
                int from = Math.toIntExact(view.offset());
                int to = from + Math.toIntExact(aligned(view.shape().elements()));
                Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
                if (last != null
                        && last.to == from
                        && last.group.learningRateScale() == group.learningRateScale()
                        && last.group.weightDecay() == group.weightDecay()) {
                    ranges.set(ranges.size() - 1, new Range(last.group, last.from, to));
                } else {
                    ranges.add(new Range(group, from, to));
                }
            }
        });
        return ranges;
    }
}
