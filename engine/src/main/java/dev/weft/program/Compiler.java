package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Lowering;
import dev.weft.layer.Softmax;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Optimizer;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns a graph into programs: the layers' forward ops, the loss, the backward ops, the update. */
public final class Compiler {
    private static final String OPTIMIZER = "optimizer";
    private static final String LOSS = "loss";

    private final Graph graph;
    private final ParameterLayout layout;
    private final long seed;

    /**
     * A compiler for one graph.
     *
     * @param seed key of the random numbers that layers use while training
     */
    public Compiler(Graph graph, ParameterLayout layout, long seed) {
        this.graph = graph;
        this.layout = layout;
        this.seed = seed;
    }

    /**
     * One training step: gather the batch, forward, loss, backward, update. Metrics: the mean loss and, for classes, the
     * number of correct rows.
     *
     * @throws ShapeException if data set, graph and loss do not fit together
     */
    public Program training(Loss loss, Optimizer optimizer, DataTensors data, int batch) {
        if (layout.views().isEmpty()) {
            throw new WeftException("the graph has no parameters, so there is nothing to train");
        }
        List<Op> ops = new ArrayList<>();
        List<TensorRef> metrics = lossOps(ops, loss, data, batch, true);
        TensorRef mean = metrics.get(0);
        List<Op> forward = List.copyOf(ops);

        TensorRef dmean = mean.like("d(" + mean.name() + ")");
        ops.add(new Op.Fill(LOSS, 1, dmean));
        Map<TensorRef, TensorRef> destinations = new HashMap<>();
        layout.views().forEach((name, view) -> destinations.put(view, layout.gradient(name)));
        ops.addAll(Autodiff.backward(forward, mean, dmean, destinations));

        ops.add(new Op.CheckFinite(OPTIMIZER, mean));
        ops.add(new Op.CheckFinite(OPTIMIZER, layout.gradients()));
        List<TensorRef> state = layout.optimizerState(optimizer);
        for (ParameterLayout.Range range : layout.ranges(optimizer)) {
            ops.add(optimizer.update(
                    OPTIMIZER,
                    range.of(layout.parameters()),
                    range.of(layout.gradients()),
                    state.stream().map(range::of).toList(),
                    range.group()));
        }
        return new Program("train", batch, ops, List.of(), List.of(), metrics);
    }

    /**
     * Loss and metrics of one batch of a data set, without training. The last batch of a data set may be shorter: its
     * other rows are padding.
     *
     * @throws ShapeException if data set, graph and loss do not fit together
     */
    public Program evaluation(Loss loss, DataTensors data, int batch) {
        List<Op> ops = new ArrayList<>();
        List<TensorRef> metrics = lossOps(ops, loss, data, batch, false);
        return new Program("evaluate", batch, ops, List.of(), List.of(), metrics);
    }

    /** The graph's output for a batch that the host writes. */
    public Program prediction(int batch) {
        List<Op> ops = new ArrayList<>();
        TensorRef x = input(batch);
        TensorRef y = forward(ops, new LoweringCheck(batch).given(x), x, batch, false);
        return new Program("predict", batch, ops, List.of(x), List.of(y), List.of());
    }

    private TensorRef input(int batch) {
        return TensorRef.batched(
                graph.input().name(), DType.REAL, graph.input().shape().batch(batch));
    }

    private TensorRef forward(List<Op> ops, LoweringCheck check, TensorRef x, int batch, boolean training) {
        Map<Node, TensorRef> values = new HashMap<>();
        values.put(graph.input(), x);
        for (Node node : graph.nodes()) {
            if (node.layer() != null) {
                List<TensorRef> inputs = node.inputs().stream().map(values::get).toList();
                String who = "layer %s (%s)".formatted(node.name(), node.layer().kind());
                List<Op> own = new ArrayList<>();
                TensorRef y;
                try {
                    y = node.layer().lower(lowering(node.name(), own, batch, training), inputs);
                } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
                    throw new WeftException("%s: lower fails on %s: %s".formatted(who, inputs, e.getMessage()), e);
                }
                String why = "infer says %s for each of the %d rows".formatted(node.shape(), batch);
                check.check(who, own, y, node.shape().batch(batch), why);
                ops.addAll(own);
                values.put(node, y);
            }
        }
        return values.get(graph.output());
    }

    private Lowering lowering(String name, List<Op> ops, int batch, boolean training) {
        return new Lowering(name, batch, training, seed, layout.views(), ops);
    }

    private List<TensorRef> lossOps(List<Op> ops, Loss loss, DataTensors data, int batch, boolean training) {
        Shape sample = data.features().shape().sample();
        if (!sample.equals(graph.input().shape())) {
            throw new ShapeException(
                    graph.input().name(),
                    "the graph needs samples of shape %s, the data set has %s"
                            .formatted(graph.input().shape(), sample));
        }
        TensorRef x = input(batch);
        ops.add(new Op.GatherRows(x.name(), data.features(), data.order(), data.scale(), data.shift(), x));
        LoweringCheck check = new LoweringCheck(batch).given(x);
        TensorRef y = forward(ops, check, x, batch, training);

        DType type = data.targets().type();
        if (type != loss.targetType()) {
            throw new ShapeException(
                    LOSS,
                    loss.targetType() == DType.I32
                            ? "this loss needs classes, the data set has target values"
                            : "this loss needs target values, the data set has classes");
        }
        if (type == DType.I32
                && y.shape().rank() == 2
                && data.classes() > y.shape().get(1)) {
            throw new ShapeException(
                    LOSS,
                    "the data set has %d classes, the graph's output %s holds too few"
                            .formatted(data.classes(), y.shape().sample()));
        }
        TensorRef target = TensorRef.batched(
                "targets", type, data.targets().shape().sample().batch(batch));
        ops.add(new Op.GatherRows(target.name(), data.targets(), data.order(), 1, 0, target));
        if (type == DType.I32 && graph.output().layer() instanceof Softmax) {
            throw new WeftException(
                    "the graph ends in the softmax %s, and the loss for classes has its own: leave the layer out"
                            .formatted(graph.output().name()));
        }
        List<Op> own = new ArrayList<>();
        TensorRef rows = loss.lower(lowering(LOSS, own, batch, training), y, target);
        check.given(target)
                .check(LOSS, own, rows, Shape.of(batch), "a loss has one value for each of %d rows".formatted(batch));
        ops.addAll(own);
        TensorRef mean = TensorRef.unbatched(LOSS, DType.REAL, Shape.of(1));
        ops.add(new Op.BatchMean(LOSS, rows, mean));
        if (type != DType.I32) {
            return List.of(mean);
        }
        TensorRef correct = TensorRef.unbatched("correct", DType.REAL, Shape.of(1));
        ops.add(new Op.CountCorrect(LOSS, y, target, correct));
        return List.of(mean, correct);
    }
}
