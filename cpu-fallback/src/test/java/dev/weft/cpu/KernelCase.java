package dev.weft.cpu;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.relu;

import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.layer.Activations;
import dev.weft.layer.Cells;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Function;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Rules;
import dev.weft.optim.Sgd;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An op, or ops that may be fused, at the size that a network has them, as a program of its own.
 *
 * @param name network, layer, ops, shape of the first operand
 */
record KernelCase(String name, Program program) {

    /** Every case, in the order of the networks; then the ops that none of these networks has. */
    static List<KernelCase> all() {
        Map<String, KernelCase> cases = new LinkedHashMap<>();
        Stream.of(
                        ofNetwork("lenet5", Lenet5.graph(), Adam.of(1e-3), 128),
                        ofNetwork("conv3x3", conv3x3(), Adam.of(1e-3), 64),
                        ofNetwork("mlp", mlp(), Sgd.of(0.05), 500),
                        ofNetwork("lstm", rows(Cells.lstm()), Adam.of(1e-3), 128),
                        others())
                .flatMap(List::stream)
                .forEach(next -> cases.putIfAbsent(next.name, next));
        return List.copyOf(cases.values());
    }

    /** Three convolutions of 3x3 on colour images. */
    static Graph conv3x3() {
        return Graph.sequential(
                Shape.of(3, 32, 32),
                conv2d(32, 3).padding(1),
                relu(),
                maxPool2d(2),
                conv2d(64, 3).padding(1),
                relu(),
                maxPool2d(2),
                conv2d(128, 3).padding(1),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(10));
    }

    /** A perceptron for images of digits. */
    static Graph mlp() {
        return Graph.sequential(Shape.of(784), linear(500), relu(), linear(10));
    }

    /** Images of digits row by row, for 128 units of a recurrent layer. */
    static Graph rows(Cell cell) {
        return Graph.sequential(Shape.of(28, 28), recurrent(cell, 128).last(), linear(10));
    }

    /** Each op of a step of training, and each convolution together with what follows it until its block ends. */
    private static List<KernelCase> ofNetwork(String network, Graph graph, Optimizer optimizer, int batch) {
        Shape sample = graph.input().shape();
        Dataset data = Dataset.ofBytes(
                sample, new byte[Math.toIntExact(2 * batch * sample.elements())], new int[2 * batch], 10);
        Program step = Step.supervised(
                        GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 42),
                        Loss.softmaxCrossEntropy(),
                        optimizer)
                .compile(DataTensors.of("data", data), batch)
                .program();
        List<KernelCase> cases = new ArrayList<>();
        List<Op> block = new ArrayList<>();
        for (Op op : step.ops()) {
            if (op instanceof Op.Conv2d || !block.isEmpty()) {
                block.add(op);
            }
            if (op instanceof Op.MaxPool2d) {
                cases.add(of(network + " " + block.get(0).layer(), block, batch));
                block.clear();
            }
            cases.add(of(network + " " + op.layer(), List.of(op), batch));
        }
        return cases;
    }

    private static KernelCase of(String where, List<Op> ops, int batch) {
        Op first = ops.get(0);
        TensorRef shown = first.inputs().isEmpty()
                ? first.outputs().get(0)
                : first.inputs().get(0);
        String name = where + " " + ops.stream().map(KernelCase::title).collect(Collectors.joining("+")) + " "
                + (first instanceof Op.GatherRows gather ? gather.y() : shown).shape();
        List<TensorRef> written =
                ops.stream().flatMap(op -> op.outputs().stream()).toList();
        List<TensorRef> read =
                ops.stream().flatMap(op -> op.inputs().stream()).distinct().toList();
        return new KernelCase(
                name,
                new Program(
                        name,
                        batch,
                        List.copyOf(ops),
                        transients(read).filter(x -> !written.contains(x)).toList(),
                        transients(written).filter(y -> !read.contains(y)).toList(),
                        List.of()));
    }

    private static Stream<TensorRef> transients(List<TensorRef> tensors) {
        return tensors.stream()
                .filter(tensor -> !tensor.root().role().persistent())
                .distinct();
    }

    private static String title(Op op) {
        if (op instanceof Op.MatMul product) {
            return "mat_mul " + product.attributes();
        }
        if (op instanceof Op.Map map) {
            return "map " + map.function();
        }
        if (op instanceof Op.Reduce reduce) {
            return "reduce " + reduce.attributes();
        }
        boolean optional =
                op instanceof Op.Activation || op instanceof Op.ActivationBackward || op instanceof Op.SgdUpdate;
        return optional && !op.attributes().isEmpty()
                ? op.name() + " " + op.attributes().split(" ")[0]
                : op.name();
    }

    /** The operands of the tensors that are batched have these rows. */
    private static final int ROWS = 128;

    private static List<KernelCase> others() {
        List<Op> ops = new ArrayList<>();
        TensorRef x = real(6, 28, 28);
        TensorRef y = renamed("y", x);
        TensorRef dy = renamed("dy", x);
        TensorRef dx = renamed("dx", x);
        TensorRef mask = TensorRef.batched("mask", DType.U8, x.shape());
        for (Op.Nonlinearity function : Op.Nonlinearity.values()) {
            ops.add(new Op.Activation("", function, x, y));
            ops.add(new Op.ActivationBackward("", function, y, dy, dx));
        }
        Function sixNodes = Function.of(
                "six nodes",
                (a, b) -> a.times(b).plus(1).times(a).minus(b).times(0.5).plus(b));
        for (Function function : List.of(sixNodes, Activations.geluTanh(), Activations.gelu())) {
            TensorRef[] operands = {x, dy};
            ops.add(Op.Map.of("", function, y, Arrays.copyOf(operands, function.operands())));
        }
        TensorRef perChannel = TensorRef.unbatched("slope", DType.REAL, Shape.of(6));
        Function scaled = Function.of("scaled", (a, b) -> a.times(b));
        List<Integer> all = List.of(0, 1, 2, 3);
        ops.add(new Op.Map("", scaled, List.of(x, perChannel), List.of(all, List.of(1)), y));
        for (Op.Reduction reduction : Op.Reduction.values()) {
            ops.add(new Op.Reduce("", reduction, x, 2, 4, TensorRef.batched("y", DType.REAL, Shape.of(ROWS, 6))));
            TensorRef ofBatch = TensorRef.unbatched("y", DType.REAL, Shape.of(6, 28, 28));
            ops.add(new Op.Reduce("", reduction, x, 0, 1, ofBatch));
        }
        ops.add(new Op.OneHot(
                "",
                TensorRef.batched("labels", DType.I32, Shape.of(ROWS)),
                TensorRef.batched("y", DType.REAL, Shape.of(ROWS, 100))));
        TensorRef table = TensorRef.unbatched("table", DType.REAL, Shape.of(10_000, 64));
        TensorRef words = TensorRef.batched("words", DType.I32, Shape.of(ROWS, 50));
        TensorRef vectors = real(50, 64);
        ops.add(new Op.Embedding("", table, words, 0, vectors));
        ops.add(new Op.EmbeddingGradient("", words, vectors, -1, table));
        TensorRef lengths = TensorRef.batched("lengths", DType.I32, Shape.of(ROWS));
        ops.add(new Op.SequenceMask("", lengths, TensorRef.batched("mask", DType.REAL, Shape.of(ROWS, 50))));
        ops.add(new Op.Add("", x, dy, y));
        ops.add(new Op.RandomUniform("", -1, 1, 1, 1, y));
        ops.add(new Op.RandomNormal("", 0, 1, 1, 1, y));
        ops.add(new Op.Bernoulli("", x, 1, 1, y));
        ops.add(new Op.Dropout("", x, 1 << 30, 1, 1, y, mask));
        ops.add(new Op.DropoutBackward("", dy, mask, 1 << 30, dx));
        ops.add(new Op.Fill("", 1, y));
        ops.add(new Op.Reshape("", x, TensorRef.batched("y", DType.REAL, Shape.of(ROWS, 6 * 28 * 28))));
        ops.add(new Op.Concat("", List.of(x, dy), 1, TensorRef.batched("y", DType.REAL, Shape.of(ROWS, 12, 28, 28))));
        ops.add(new Op.Slice("", x, 1, 3, renamed("y", real(3, 28, 28))));
        Window2d quarter = Window2d.square(2, 2, 0);
        TensorRef pooled = renamed("pooled", real(6, 14, 14));
        ops.add(new Op.AvgPool2d("", x, quarter, pooled));
        ops.add(new Op.AvgPool2dBackward("", pooled, quarter, dx));
        TensorRef row = real(100);
        ops.add(new Op.Softmax("", row, renamed("y", row)));
        ops.add(new Op.SoftmaxBackward("", renamed("y", row), renamed("dy", row), renamed("dx", row)));
        TensorRef loss = TensorRef.batched("loss", DType.REAL, Shape.of(ROWS));
        ops.add(new Op.SquaredError("", row, renamed("target", row), loss));
        ops.add(new Op.SquaredErrorBackward("", row, renamed("target", row), loss, renamed("dx", row)));
        ops.add(new Op.CountCorrect(
                "",
                row,
                TensorRef.batched("labels", DType.I32, Shape.of(ROWS)),
                TensorRef.unbatched("correct", DType.REAL, Shape.of(1))));
        TensorRef w = flat("w");
        ops.add(new Op.SgdUpdate("", w, flat("dw"), flat("v"), 0.9, false, 1e-4, 1, 0));
        ops.add(new Op.SgdUpdate("", w, flat("dw"), flat("v"), 0.9, true, 1e-4, 1, 0));
        Code adam = Rules.adam(0.9, 0.999, 1e-8).bind(1, 0).code();
        ops.add(new Op.RuleUpdate("", "adam", adam, w, flat("dw"), List.of(flat("m"), flat("v")), 0));
        ops.add(new Op.AdamUpdate("", w, flat("dw"), flat("m"), flat("v"), 0.9, 0.999, 1e-8, 0, 1, 0));
        ops.add(new Op.StateUpdate(
                "",
                TensorRef.unbatched("next", DType.REAL, w.shape()),
                TensorRef.persistent("state", DType.REAL, w.shape(), Role.STATE)));
        List<KernelCase> cases = new ArrayList<>();
        ops.forEach(op -> cases.add(of("other", List.of(op), ROWS)));
        for (int n : new int[] {64, 128, 512, 1024}) {
            cases.add(of("other", List.of(product(n)), 1));
        }
        return cases;
    }

    private static TensorRef real(int... sample) {
        int[] dimensions =
                IntStream.concat(IntStream.of(ROWS), IntStream.of(sample)).toArray();
        return TensorRef.batched("x", DType.REAL, Shape.of(dimensions));
    }

    private static TensorRef renamed(String name, TensorRef tensor) {
        return TensorRef.batched(name, tensor.type(), tensor.shape());
    }

    /** As many elements as the parameters of LeNet-5 are. */
    private static TensorRef flat(String name) {
        return TensorRef.persistent(name, DType.REAL, Shape.of(61_706), Role.PARAMETER);
    }

    static Op.MatMul product(int n) {
        Shape square = Shape.of(n, n);
        return new Op.MatMul(
                "product",
                TensorRef.unbatched("a", DType.REAL, square),
                TensorRef.unbatched("b", DType.REAL, square),
                false,
                false,
                TensorRef.unbatched("c", DType.REAL, square));
    }
}
