package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.layer.Parameter;
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

/**
 * Where each parameter lies in the flat buffer of all parameters, and its gradient in the flat buffer of gradients.
 * Segments begin at multiples of 64 elements (256 bytes of float). Matrices and filters come before vectors, so that
 * the usual parameter groups (weights, biases) are contiguous; within that the order is the graph's.
 */
public final class ParameterLayout {
    private static final int ALIGNMENT = 64;
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - ALIGNMENT;

    private final TensorRef parameters;
    private final TensorRef gradients;
    private final Map<String, TensorRef> views = new LinkedHashMap<>();
    private final Map<String, TensorRef> gradientViews = new LinkedHashMap<>();

    /**
     * Lays out the parameters of a graph.
     *
     * @throws ShapeException if they have more elements in all than fit into a buffer; the message names the one that is too much
     */
    public ParameterLayout(List<Parameter> all) {
        List<Parameter> ordered = all.stream()
                .sorted(Comparator.comparing((Parameter p) -> p.shape().rank() < 2))
                .toList();
        long total = 0;
        for (Parameter p : ordered) {
            total += aligned(p.shape().elements());
            if (p.shape().elements() > MAX_ELEMENTS || total > MAX_ELEMENTS) {
                throw new ShapeException(
                        p.name(),
                        "the parameters up to this one, of shape %s, do not fit into a buffer, which has %,d elements at most"
                                .formatted(p.shape(), MAX_ELEMENTS));
            }
        }
        Shape flat = Shape.of((int) Math.max(total, ALIGNMENT));
        parameters = TensorRef.persistent("parameters", DType.REAL, flat, Role.PARAMETER);
        gradients = TensorRef.persistent("gradients", DType.REAL, flat, Role.GRADIENT);
        long offset = 0;
        for (Parameter p : ordered) {
            views.put(p.name(), parameters.view(p.name(), p.shape(), offset));
            gradientViews.put(p.name(), gradients.view("d(" + p.name() + ")", p.shape(), offset));
            offset += aligned(p.shape().elements());
        }
    }

    private static long aligned(long elements) {
        return (Math.min(elements, MAX_ELEMENTS) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
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

    /** The flat buffers of an optimizer's state: as many as it has slots, each laid out like the parameters. */
    public List<TensorRef> optimizerState(Optimizer optimizer) {
        List<TensorRef> state = new ArrayList<>();
        for (int slot = 0; slot < optimizer.slots(); slot++) {
            state.add(TensorRef.persistent("optimizer" + slot, DType.REAL, parameters.shape(), Role.OPTIMIZER));
        }
        return state;
    }

    /** A run of neighbouring parameters with the same settings. */
    record Range(ParameterGroup group, int from, int to) {
        TensorRef of(TensorRef flat) {
            return flat.view("%s[%d:%d]".formatted(flat.name(), from, to), Shape.of(to - from), from);
        }
    }

    /** The whole buffer as the fewest ranges of one group each. */
    List<Range> ranges(Optimizer optimizer) {
        List<Range> ranges = new ArrayList<>();
        for (TensorRef view : views.values()) {
            ParameterGroup group = optimizer.group(view.name());
            int from = Math.toIntExact(view.offset());
            int to = from + Math.toIntExact(aligned(view.shape().elements()));
            Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
            if (last != null
                    && last.group.learningRateScale() == group.learningRateScale()
                    && last.group.weightDecay() == group.weightDecay()) {
                ranges.set(ranges.size() - 1, new Range(last.group, last.from, to));
            } else {
                ranges.add(new Range(group, from, to));
            }
        }
        return ranges;
    }
}
