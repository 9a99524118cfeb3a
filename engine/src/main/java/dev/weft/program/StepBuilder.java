package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Lowering;
import dev.weft.loss.Loss;
import dev.weft.loss.WeightedElements;
import dev.weft.op.Op;
import dev.weft.op.expr.Functions;
import dev.weft.optim.Clip;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.Program.Part;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Records what a {@link Step} does, op by op, in the order in which it is executed. Names of tensors are unique within a
 * step. Shapes are those of one sample where nothing else is said; the batch comes in front.
 *
 * <p>All methods throw {@link WeftException} where something does not fit, with the names of step and tensor.
 */
public final class StepBuilder {
    private static final String LOSS = "loss";
    private static final String OPTIMIZER = "optimizer";

    private final String step;
    private final long seed;
    private final boolean training;
    private final DataTensors data;
    private final int batch;

    private final List<Op> ops = new ArrayList<>();
    private final List<Program.Section> sections = new ArrayList<>();
    private final Set<String> written = new HashSet<>();
    private final Map<String, TensorRef> columns = new LinkedHashMap<>();
    private final List<TensorRef> inputs = new ArrayList<>();
    private final List<TensorRef> outputs = new ArrayList<>();
    private final List<Program.Metric> metrics = new ArrayList<>();
    private final Map<String, Network> networks = new LinkedHashMap<>();
    private final Set<String> scopes = new HashSet<>();
    private final Map<String, String> streams = new HashMap<>();
    private final Set<TensorRef> constants = new HashSet<>();
    private final Map<GraphLowering, Set<String>> gradients = new HashMap<>();
    private final Set<GraphLowering> unchecked = new LinkedHashSet<>();
    private final Set<ParameterLayout> applied = new HashSet<>();
    private final List<Op.StateUpdate> stateUpdates = new ArrayList<>();
    private final Set<Op.StateUpdate> checkedStates = new HashSet<>();
    private final List<CompiledStep.Update> updates = new ArrayList<>();
    private final Map<String, Integer> lastNumber = new HashMap<>();
    private int differentiations;
    private Part part = Part.FORWARD;

    StepBuilder(String step, long seed, boolean training, DataTensors data, int batch) {
        this.step = step;
        this.seed = seed;
        this.training = training;
        this.data = data;
        this.batch = batch;
    }

    CompiledStep build() {
        for (GraphLowering network : training ? gradients.keySet() : Set.<GraphLowering>of()) {
            throw fault("gradients of %s were computed, and no update uses them", name(network));
        }
        part = Part.UPDATE;
        checkStates();
        stateUpdates.forEach(this::emit);
        if (ops.isEmpty()) {
            throw fault("it does nothing");
        }
        Program program = new Program(step, batch, ops, inputs, outputs, metrics, sections);
        return new CompiledStep(program, List.copyOf(networks.values()), data, updates);
    }

    /** Rows of the batch. */
    public int batch() {
        return batch;
    }

    // ---------------------------------------------------------------- what comes in

    /**
     * The rows of this step's batch of a column of the data set: REAL where the column holds bytes or floats, scaled as the
     * column says, else I32. Asked for twice it is one tensor.
     */
    public TensorRef column(String name) {
        TensorRef known = columns.get(name);
        if (known != null) {
            return known;
        }
        if (data == null) {
            throw fault("it reads column %s, but gets no data set", name);
        }
        DataTensors.Column column = data.column(name);
        DType type = column.stored().type() == DType.I32 ? DType.I32 : DType.REAL;
        TensorRef y =
                TensorRef.batched(name, type, column.stored().shape().sample().batch(batch));
        emit(new Op.GatherRows(name, column.stored(), data.order(), column.scale(), column.shift(), y));
        columns.put(name, y);
        return y;
    }

    /** A tensor of real values that the host writes before each step. */
    public TensorRef input(String name, Shape sample) {
        return input(name, DType.REAL, sample);
    }

    /** A tensor that the host writes before each step; I32 for classes and indices. */
    public TensorRef input(String name, DType type, Shape sample) {
        TensorRef x = TensorRef.batched(name, type, sample.batch(batch));
        if (!written.add(name)) {
            throw fault("two tensors are named %s", name);
        }
        inputs.add(x);
        return x;
    }

    /** {@code value} in every element of a tensor like {@code x}. */
    public TensorRef fill(String name, double value, TensorRef x) {
        TensorRef y = x.like(name);
        emit(new Op.Fill(name, value, y));
        return y;
    }

    /** Standard normal numbers, new ones in each step, by the step's seed and this name. */
    public TensorRef normal(String name, Shape sample) {
        TensorRef y = TensorRef.batched(name, DType.REAL, sample.batch(batch));
        emit(new Op.RandomNormal(name, 0, 1, seed, Philox.stream(name), y));
        return y;
    }

    /** Numbers that are uniform between {@code low} and {@code high}, new ones in each step. */
    public TensorRef uniform(String name, double low, double high, Shape sample) {
        TensorRef y = TensorRef.batched(name, DType.REAL, sample.batch(batch));
        emit(new Op.RandomUniform(name, low, high, seed, Philox.stream(name), y));
        return y;
    }

    /** 1 with probability {@code p}, else 0, element by element, and new ones in each step; takes no gradient. */
    public TensorRef bernoulli(String name, TensorRef p) {
        TensorRef y = p.like(name);
        emit(new Op.Bernoulli(name, p, seed, Philox.stream(name), y));
        return y;
    }

    // ---------------------------------------------------------------- arithmetic

    /** {@code factor x}. */
    public TensorRef scale(double factor, TensorRef x) {
        TensorRef y = x.like(numbered("scaled"));
        emit(Op.Map.of(y.name(), Functions.scale(factor), y, x));
        return y;
    }

    /** The sum of tensors of one shape, for example of losses. */
    public TensorRef sum(TensorRef first, TensorRef... others) {
        TensorRef sum = first;
        for (TensorRef x : others) {
            TensorRef y = first.like(numbered("sum"));
            emit(new Op.Add(y.name(), sum, x, y));
            sum = y;
        }
        return sum;
    }

    /** {@code a - b}. */
    public TensorRef difference(TensorRef a, TensorRef b) {
        TensorRef y = a.like(numbered("difference"));
        emit(Op.Map.of(y.name(), Functions.SUBTRACT, y, a, b));
        return y;
    }

    /** {@code a b}, element by element. */
    public TensorRef multiply(TensorRef a, TensorRef b) {
        TensorRef y = a.like(numbered("product"));
        emit(Op.Map.of(y.name(), Functions.MULTIPLY, y, a, b));
        return y;
    }

    /** {@code a' b}, {@code [K,P]}: the outer products of the rows of {@code a[N,K]} and {@code b[N,P]}, summed over the batch. */
    public TensorRef outer(TensorRef a, TensorRef b) {
        if (a.shape().rank() != 2 || b.shape().rank() != 2) {
            throw fault("an outer product needs two batches of vectors, got %s and %s", a, b);
        }
        Shape shape = Shape.of(a.shape().get(1), b.shape().get(1));
        TensorRef y = TensorRef.unbatched(numbered("outer"), DType.REAL, shape);
        emit(new Op.MatMul(y.name(), a, b, true, false, y));
        return y;
    }

    // ---------------------------------------------------------------- networks

    /**
     * A parameter of a network, in the network's memory.
     *
     * @throws WeftException if it has none of that name; the message lists the names
     */
    public TensorRef parameter(Network network, String name) {
        return known(network).layout().view(name);
    }

    /** Applies a network that has one input and one output, under the names that its graph has. */
    public TensorRef apply(Network network, TensorRef x) {
        return apply("", network, x);
    }

    /**
     * Applies a network that has one input and one output. It may be applied as often as one likes, each time under another
     * scope and with the same parameters, which are those of this place in the step: an {@link #update} before it counts.
     *
     * @param scope comes before the names of layers, tensors and random streams: {@code fake.conv1}
     * @param x a batch of samples
     */
    public TensorRef apply(String scope, Network network, TensorRef x) {
        Node input = network.lowering().graph().input();
        Node output = network.lowering().graph().output();
        return apply(scope, network, Map.of(input.name(), x)).get(output.name());
    }

    /**
     * One output of a network that has several, from the one input that leads to it; the rest of the network is left out.
     *
     * @param output its name in the graph
     */
    public TensorRef apply(String scope, Network network, String output, TensorRef x) {
        GraphLowering whole = network.lowering();
        Graph part = whole.graph().part(output);
        GraphLowering lowering = new GraphLowering(part, whole.layout(), whole.seed());
        known(network);
        return apply(scope, lowering, Map.of(part.input().name(), x)).get(output);
    }

    /**
     * Applies a network; inputs and outputs are named as in its graph. Where it is applied several times, the first time gives
     * its layers' states their next values, and all see those from before the step.
     */
    public Map<String, TensorRef> apply(String scope, Network network, Map<String, TensorRef> x) {
        return apply(scope, known(network), x);
    }

    private Map<String, TensorRef> apply(String scope, GraphLowering lowering, Map<String, TensorRef> x) {
        for (Node input : lowering.graph().inputs()) {
            TensorRef given = x.get(input.name());
            if (columns.containsValue(given) && !given.shape().sample().equals(input.shape())) {
                throw new ShapeException(
                        input.name(),
                        "the graph needs samples of shape %s, the data set has %s as %s"
                                .formatted(input.shape(), given.shape().sample(), given.name()));
            }
        }
        if (!scopes.add(scope)) {
            throw fault(
                    scope.isEmpty()
                            ? "two networks are applied without a scope; name one of them"
                            : "two networks are applied under the scope %s",
                    scope);
        }
        List<Op> own = new ArrayList<>();
        List<Op.StateUpdate> states = new ArrayList<>();
        Map<String, TensorRef> y = lowering.lower(scope, x, batch, training, own, states);
        if (applied.add(lowering.layout())) {
            stateUpdates.addAll(states);
        }
        own.forEach(this::emit);
        return y;
    }

    /** Two networks of a step have two names. */
    private GraphLowering known(Network network) {
        GraphLowering lowering = network.lowering();
        Network other = networks.putIfAbsent(name(lowering), network);
        if (other != null && other.lowering().layout() != lowering.layout()) {
            throw fault(
                    "two networks are named %s: give each a name of its own, Model.create(\"critic\", graph, backend, seed)",
                    name(lowering));
        }
        return lowering;
    }

    private static String name(GraphLowering network) {
        return network.layout().name();
    }

    // ---------------------------------------------------------------- losses

    /**
     * The mean of a loss over the rows of the batch, {@code [1]}.
     *
     * @param output of a network
     * @param target classes or values, as the loss needs them
     */
    public TensorRef loss(Loss loss, TensorRef output, TensorRef target) {
        String name = numbered(LOSS);
        return mean(name, rows(name, loss, output, target));
    }

    /**
     * The mean of a loss over the rows, each multiplied with a weight of its own: of a class, or of a reward. Or the mean over
     * the rows of the mean over a row's elements, weighted: with weights 0 and 1 a mask. A row without weight counts as 0.
     *
     * @param weights {@code [N]}, or one for each element of the loss, {@code [N,...]}
     */
    public TensorRef loss(Loss loss, TensorRef output, TensorRef target, TensorRef weights) {
        String name = numbered(LOSS);
        if (weights.shape().rank() > 1) {
            return mean(name, rows(name, new WeightedElements(loss, weights), output, target));
        }
        TensorRef rows = rows(name, loss, output, target);
        TensorRef weighted = rows.like(name + ".weighted");
        emit(Op.Map.of(name, Functions.MULTIPLY, weighted, rows, weights));
        return mean(name, weighted);
    }

    /** The mean of a loss whose target is one value everywhere. */
    public TensorRef loss(Loss loss, TensorRef output, double target) {
        String name = numbered(LOSS);
        return mean(name, rows(name, loss, output, fill(name + ".target", target, output)));
    }

    private String numbered(String stem) {
        int number = lastNumber.merge(stem, 1, Integer::sum);
        return number == 1 ? stem : stem + number;
    }

    private TensorRef rows(String name, Loss loss, TensorRef output, TensorRef target) {
        requireFit(name, loss, output, target);
        List<Op> own = new ArrayList<>();
        TensorRef rows = loss.lower(new Lowering(name, batch, training, seed, Map.of(), own), output, target);
        LoweringCheck check = new LoweringCheck(batch).given(output).given(target);
        if (loss instanceof WeightedElements weighted) {
            check.given(weighted.weights());
        }
        check.check(name, own, rows, Shape.of(batch), "a loss has one value for each of %d rows".formatted(batch));
        own.forEach(this::emit);
        return rows;
    }

    private TensorRef mean(String name, TensorRef rows) {
        TensorRef mean = TensorRef.unbatched(name, DType.REAL, Shape.of(1));
        emit(new Op.BatchMean(name, rows, mean));
        return mean;
    }

    private void requireFit(String name, Loss loss, TensorRef output, TensorRef target) {
        if (target.type() != loss.targetType()) {
            throw new ShapeException(
                    name,
                    loss.targetType() == DType.I32
                            ? "this loss needs classes, %s holds target values".formatted(target)
                            : "this loss needs target values, %s holds classes".formatted(target));
        }
        if (target.type() != DType.I32) {
            return;
        }
        int classes = columns.containsValue(target) ? data.column(target.name()).classes() : 0;
        if (output.shape().rank() == 2 && classes > output.shape().get(1)) {
            throw new ShapeException(
                    name,
                    "the data set has %d classes, the graph's output %s holds too few"
                            .formatted(classes, output.shape().sample()));
        }
        for (Op op : ops) {
            if (op instanceof Op.Softmax softmax && softmax.y().equals(output)) {
                throw fault(
                        "the graph ends in the softmax %s, and the loss for classes has its own: leave the layer out",
                        op.layer());
            }
        }
    }

    /** How many rows have their largest output at the target's class, {@code [1]}. */
    public TensorRef correct(TensorRef output, TensorRef target) {
        String name = numbered("correct");
        TensorRef correct = TensorRef.unbatched(name, DType.REAL, Shape.of(1));
        emit(new Op.CountCorrect(LOSS, output, target, correct));
        return correct;
    }

    // ---------------------------------------------------------------- gradients and updates

    /**
     * Trains a network: {@link #gradients} of a loss, their check, and the {@link #update}. Parameters that do not affect the
     * loss stay as they are.
     */
    public void minimise(TensorRef loss, Network network, Optimizer optimizer) {
        minimise(loss, network, parameter -> true, optimizer);
    }

    /** Trains those parameters of a network whose names hold; the others are frozen. */
    public void minimise(TensorRef loss, Network network, Predicate<String> parameters, Optimizer optimizer) {
        gradients(loss, List.of(network), parameters);
        update(network, optimizer);
    }

    /**
     * Computes the gradients of a loss by automatic differentiation, and checks loss and gradients: where one is not finite,
     * updates that follow do nothing.
     *
     * @param loss {@code [1]}
     */
    public void gradients(TensorRef loss, Network... of) {
        gradients(loss, List.of(of), parameter -> true);
    }

    private void gradients(TensorRef loss, List<Network> of, Predicate<String> names) {
        Set<TensorRef> leading = Autodiff.leadingTo(loss, ops, constants);
        Map<TensorRef, TensorRef> destinations = new HashMap<>();
        for (Network network : of) {
            GraphLowering lowering = known(network);
            Set<String> reached = new LinkedHashSet<>();
            lowering.layout().views().forEach((name, view) -> {
                if (names.test(name) && leading.contains(view)) {
                    reached.add(name);
                    destinations.put(view, lowering.layout().gradient(name));
                }
            });
            if (lowering.layout().views().isEmpty()) {
                throw fault("the graph of %s has no parameters, so there is nothing to train", name(lowering));
            }
            if (reached.isEmpty()) {
                throw fault("no parameter of %s that is to be trained affects %s", name(lowering), loss);
            }
            claim(lowering, reached);
        }
        differentiate(derivative(), loss, destinations);
        part = Part.UPDATE;
        emit(new Op.CheckFinite(optimizer(updates.size()), loss));
        checkFinite();
        part = Part.FORWARD;
    }

    /** The gradient of a loss with respect to any tensor of the step that it is computed from, for example an input. */
    public TensorRef gradientOf(TensorRef loss, TensorRef x) {
        String d = derivative();
        TensorRef dx = x.like(d + "(" + x.name() + ")");
        if (!Autodiff.leadingTo(loss, ops, constants).contains(x)) {
            throw fault("%s does not affect %s, so there is no gradient of it", x, loss);
        }
        differentiate(d, loss, Map.of(x, dx));
        part = Part.FORWARD;
        return dx;
    }

    /** {@code x} as a constant: gradients stop here. */
    public TensorRef constant(TensorRef x) {
        TensorRef y = x.like(numbered(x.name() + ".constant"));
        emit(new Op.Reshape(x.name(), x, y));
        constants.add(y);
        return y;
    }

    private String derivative() {
        differentiations++;
        return differentiations == 1 ? "d" : "d" + differentiations;
    }

    private void differentiate(String d, TensorRef loss, Map<TensorRef, TensorRef> destinations) {
        if (!loss.shape().equals(Shape.of(1))) {
            throw fault("a loss to differentiate is one number, got %s", loss);
        }
        requireUntouched(loss);
        List<Op> forward = List.copyOf(ops);
        part = Part.BACKWARD;
        TensorRef dloss = loss.like(d + "(" + loss.name() + ")");
        emit(new Op.Fill(loss.name(), 1, dloss));
        Autodiff.backward(forward, loss, dloss, destinations, constants, d).forEach(this::emit);
    }

    /** The backward ops read the parameters again: they have to be those that the loss was computed with. */
    private void requireUntouched(TensorRef loss) {
        Set<TensorRef> leading = Autodiff.leadingTo(loss, ops, constants);
        Set<TensorRef> read = new HashSet<>();
        for (Op op : ops) {
            for (TensorRef y : op.outputs()) {
                if (y.root().role() == Role.PARAMETER) {
                    read.stream().filter(x -> overlap(x, y)).findFirst().ifPresent(x -> {
                        throw fault(
                                "%s was computed with %s, which has been updated since: apply the network once more",
                                loss, x.name());
                    });
                }
            }
            if (op.outputs().stream().anyMatch(leading::contains)) {
                op.inputs().stream()
                        .filter(x -> x.root().role() == Role.PARAMETER)
                        .forEach(read::add);
            }
        }
    }

    private static boolean overlap(TensorRef a, TensorRef b) {
        return a.root().equals(b.root())
                && a.offset() < b.offset() + b.shape().elements()
                && b.offset() < a.offset() + a.shape().elements();
    }

    /**
     * Gives the gradient of a parameter as an op of one's own, which writes the tensor that it is handed; for training rules
     * that are no derivative of a loss, such as contrastive divergence.
     */
    public void gradient(Network network, String parameter, Function<TensorRef, Op> op) {
        GraphLowering lowering = known(network);
        TensorRef dw = lowering.layout().gradient(parameter);
        claim(lowering, Set.of(parameter));
        part = Part.BACKWARD;
        Op writer = op.apply(dw);
        if (!writer.outputs().contains(dw)) {
            throw fault("the op for the gradient of %s writes %s, not %s", parameter, writer.outputs(), dw);
        }
        emit(writer);
        part = Part.FORWARD;
    }

    private void claim(GraphLowering network, Set<String> parameters) {
        Set<String> claimed = gradients.computeIfAbsent(network, key -> new LinkedHashSet<>());
        for (String parameter : parameters) {
            if (!claimed.add(parameter)) {
                throw fault("the gradient of %s is computed twice before an update of %s", parameter, name(network));
            }
        }
        unchecked.add(network);
    }

    private void checkFinite() {
        for (GraphLowering network : unchecked) {
            for (TensorRef range : gradientRanges(network)) {
                emit(new Op.CheckFinite(optimizer(updates.size()), range));
            }
        }
        unchecked.clear();
        checkStates();
    }

    private void checkStates() {
        for (Op.StateUpdate update : stateUpdates) {
            if (checkedStates.add(update)) {
                emit(new Op.CheckFinite(update.layer(), update.x()));
            }
        }
    }

    /** The gradients that there are: the whole buffer, or where parameters are left out each gradient by itself. */
    private List<TensorRef> gradientRanges(GraphLowering network) {
        ParameterLayout layout = network.layout();
        Set<String> names = gradients.get(network);
        return names.containsAll(layout.views().keySet())
                ? List.of(layout.gradients())
                : names.stream().map(layout::gradient).toList();
    }

    /**
     * Lets an optimizer change the parameters whose gradients have been computed since the last update of this network. With a
     * gradient that is not finite nothing changes, here and in all updates that follow.
     */
    public void update(Network network, Optimizer optimizer) {
        update(network, optimizer, null);
    }

    /**
     * An update with a schedule of its own in place of that of the training.
     *
     * @param schedule the learning rate's course
     */
    public void update(Network network, Optimizer optimizer, Schedule schedule) {
        GraphLowering lowering = known(network);
        Set<String> names = gradients.get(lowering);
        if (names == null) {
            throw fault("%s is updated, and no gradient of it was computed before", name(lowering));
        }
        part = Part.UPDATE;
        checkFinite();
        ParameterLayout layout = lowering.layout();
        int number = updates.size();
        List<TensorRef> state = layout.optimizerState(optimizer, number);
        boolean single = optimizer.clip().scope() == Clip.Scope.PARAMETER;
        List<ParameterLayout.Range> ranges = single ? layout.single(optimizer, names) : layout.ranges(optimizer, names);
        List<TensorRef> raw =
                ranges.stream().map(range -> range.of(layout.gradients())).toList();
        List<TensorRef> clipped =
                new Clipping(optimizer(number), layout.name(), optimizer.clip(), this::emit).clip(raw);
        for (int i = 0; i < ranges.size(); i++) {
            ParameterLayout.Range range = ranges.get(i);
            emit(optimizer.update(
                    optimizer(number),
                    range.of(layout.parameters()),
                    clipped.get(i),
                    state.stream().map(range::of).toList(),
                    range.group(),
                    number));
        }
        updates.add(new CompiledStep.Update(lowering, names, optimizer, state, schedule));
        gradients.remove(lowering);
        part = Part.FORWARD;
    }

    private static String optimizer(int number) {
        return number == 0 ? OPTIMIZER : OPTIMIZER + (number + 1);
    }

    // ---------------------------------------------------------------- what comes out

    /**
     * Reports a number of each step.
     *
     * @param name unique in the step
     * @param value {@code [1]}
     */
    public void metric(String name, TensorRef value) {
        if (metrics.stream().anyMatch(metric -> metric.name().equals(name))) {
            throw fault("two metrics are named %s", name);
        }
        if (value.type() != DType.REAL || !value.shape().equals(Shape.of(1))) {
            throw fault("the metric %s must be one number, got %s", name, value);
        }
        requireWritten(value);
        metrics.add(new Program.Metric(name, value));
    }

    /** Keeps a tensor to be read after a step. */
    public void output(TensorRef y) {
        requireWritten(y);
        outputs.add(y);
    }

    private void requireWritten(TensorRef y) {
        if (!written.contains(y.name())) {
            throw fault("it reports %s, which no op writes", y);
        }
    }

    // ---------------------------------------------------------------- ops

    /** Adds an op of any kind. */
    public void emit(Op op) {
        for (TensorRef x : op.inputs()) {
            if (!x.root().role().persistent() && !written.contains(x.name())) {
                throw fault("%s reads %s before any op writes it", Program.describe(op), x);
            }
        }
        for (TensorRef y : op.outputs()) {
            if (!y.root().role().persistent() && !written.add(y.name())) {
                throw fault("two tensors are named %s; the second is written by %s", y.name(), Program.describe(op));
            }
        }
        requireOwnRandomNumbers(op);
        int at = ops.size();
        Program.Section last = sections.isEmpty() ? null : sections.get(sections.size() - 1);
        if (last != null && last.part() == part) {
            sections.set(sections.size() - 1, new Program.Section(part, last.from(), at + 1));
        } else {
            sections.add(new Program.Section(part, at, at + 1));
        }
        ops.add(op);
    }

    private void requireOwnRandomNumbers(Op op) {
        if (!(op instanceof Op.Random random)) {
            return;
        }
        String stream = random.seed() + " " + random.stream();
        String other = streams.put(stream, op.layer());
        if (other != null) {
            throw fault("%s and %s would draw the same random numbers: rename one", other, op.layer());
        }
    }

    private WeftException fault(String problem, Object... values) {
        return new WeftException("step " + step + ": " + problem.formatted(values));
    }
}
