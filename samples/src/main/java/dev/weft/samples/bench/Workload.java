package dev.weft.samples.bench;

import static dev.weft.layer.Layers.avgPool2d;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.tanh;

import dev.weft.backend.Backend;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.optim.Optimizer;
import dev.weft.program.Autodiff;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is measured: a program with all its values.
 *
 * @param benchmark its name on the command line
 * @param sweep what is varied: {@code batch}, or {@code n} for matrices of n x n
 * @param size the value of that
 * @param values of the tensors that the program reads and nothing writes, persistent or inputs
 * @param compared what the sides have to agree on: outputs and all gradients
 * @param maxSteps how many steps may be run at once
 */
record Workload(
        String benchmark,
        String sweep,
        int size,
        CompiledStep step,
        Map<TensorRef, HostTensor> values,
        List<TensorRef> compared,
        int maxSteps) {

    /** A run of many steps of a small batch goes through about so many images, as an epoch of MNIST does. */
    private static final int IMAGES = 65_536;

    /** For example {@code lenet5, batch 128}. */
    String title() {
        return "%s, %s %d".formatted(benchmark, sweep, size);
    }

    /** Whether it trains a network, so that images per second can be told. */
    boolean trains() {
        return !program().metrics().isEmpty();
    }

    Program program() {
        return step.program();
    }

    /** The first steps. All rates are 0: the work of the updates is done, and each step meets the same parameters. */
    StepRange steps(int count) {
        return StepRange.withoutLearning(program(), count);
    }

    /** The product of two matrices of n x n, and both gradients. */
    static Workload gemm(int n) {
        Shape square = Shape.of(n, n);
        TensorRef a = TensorRef.unbatched("a", DType.REAL, square);
        TensorRef b = TensorRef.unbatched("b", DType.REAL, square);
        TensorRef c = TensorRef.unbatched("c", DType.REAL, square);
        return ops("gemm", "n", n, 1, new Op.MatMul("gemm", a, b, false, false, c), c, List.of(a, b));
    }

    /** A convolution of 3x3 from 64 to 64 channels on images of 28x28, and both gradients. */
    static Workload conv(int batch) {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(batch, 64, 28, 28));
        TensorRef w = TensorRef.unbatched("w", DType.REAL, Shape.of(64, 64, 3, 3));
        TensorRef y = TensorRef.batched("y", DType.REAL, Shape.of(batch, 64, 28, 28));
        Op.Conv2d op = new Op.Conv2d("conv", x, w, Window2d.square(3, 1, 1), y);
        return ops("conv", "batch", batch, batch, op, y, List.of(x, w));
    }

    /** An op and its gradients, on inputs that live as long as the program. */
    private static Workload ops(
            String name, String sweep, int size, int batch, Op op, TensorRef y, List<TensorRef> inputs) {
        TensorRef dy = y.like("d(%s)".formatted(y.name()));
        Map<TensorRef, TensorRef> gradients = new LinkedHashMap<>();
        inputs.forEach(x -> gradients.put(x, x.like("d(%s)".formatted(x.name()))));
        List<Op> ops = new ArrayList<>(List.of(op));
        ops.addAll(Autodiff.backward(ops, y, dy, gradients));
        List<TensorRef> read = new ArrayList<>(inputs);
        read.add(dy);
        List<TensorRef> compared = new ArrayList<>(List.of(y));
        compared.addAll(gradients.values());
        // inputs are outputs as well, so that a second step finds them as they were
        Set<TensorRef> kept = new LinkedHashSet<>(compared);
        kept.addAll(read);
        Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
        read.forEach(x -> values.put(x, RandomData.reals(x.shape(), x.name())));
        Program program = new Program(name, batch, ops, read, List.copyOf(kept), List.of());
        CompiledStep step = new CompiledStep(program, List.of(), null, List.of());
        return new Workload(name, sweep, size, step, values, compared, StepRange.MAX_COUNT);
    }

    /** A network in which the usual layers occur, each with its ops forward and backward. */
    static Graph everyLayer() {
        return Graph.sequential(
                Shape.of(1, 28, 28),
                conv2d(16, 5).padding(2),
                relu(),
                maxPool2d(2),
                conv2d(32, 3).padding(1),
                sigmoid(),
                avgPool2d(2),
                dropout(0.25),
                flatten(),
                linear(256),
                tanh(),
                linear(10));
    }

    /**
     * A training step on random images.
     *
     * @param any makes the initial parameters, which do not depend on the backend
     */
    static Workload training(String name, Graph graph, Optimizer optimizer, int batch, Backend any) {
        int steps = Math.max(1, Math.min(StepRange.MAX_COUNT, IMAGES / batch));
        Dataset images = RandomData.images(batch * steps, 1);
        GraphLowering network = GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1);
        ParameterLayout layout = network.layout();
        DataTensors data = DataTensors.of("images", images);
        CompiledStep step =
                Step.supervised(network, Loss.softmaxCrossEntropy(), optimizer).compile(data, batch);

        Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
        data.write(images.columns(), values::put);
        int[] order = Shuffle.order(images.size(), 1, 1);
        values.put(data.order(), HostTensor.of(Shape.of(images.size()), order));
        TensorRef mean = step.program().metrics().get(0).value();
        List<TensorRef> compared = new ArrayList<>(List.of(mean));
        try (Model model = Model.create(graph, any, 1)) {
            model.parameters().forEach((parameter, value) -> {
                values.put(layout.view(parameter), value);
                compared.add(layout.gradient(parameter));
            });
        }
        // the loss is an output as well, so that it can be read
        return new Workload(name, "batch", batch, step.withOutputs(List.of(mean)), values, compared, steps);
    }
}
