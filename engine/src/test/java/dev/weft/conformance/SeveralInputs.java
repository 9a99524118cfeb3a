package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.whole;
import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;

import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.op.Op;
import dev.weft.program.Autodiff;
import dev.weft.program.GraphLowering;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A graph with two inputs and two outputs, applied twice in one program; one of its inputs is also the target. */
final class SeveralInputs {
    static final int BATCH = 5;
    static final TensorRef X = batched("x", BATCH, 4);
    static final TensorRef Z = batched("z", BATCH, 3);

    private static final Graph GRAPH = graph();
    static final ParameterLayout LAYOUT = new ParameterLayout(GRAPH.parameters());

    private SeveralInputs() {}

    private static Graph graph() {
        Graph.Builder b = Graph.builder();
        Node left = b.add("left", linear(6), b.input("x", Shape.of(4)));
        Node right = b.add("right", linear(6), b.input("z", Shape.of(3)));
        Node hidden = b.add("hidden", tanh(), b.add("sum", add(), left, right));
        return b.build(b.add("back", linear(4), hidden), b.add("other", linear(4), hidden));
    }

    /** Emits the ops up to the loss of each row: of the first output, or of both and of the graph applied once more. */
    static TensorRef forward(boolean all, List<Op> ops) {
        GraphLowering lowering = new GraphLowering(GRAPH, LAYOUT, 1);
        Map<String, TensorRef> first = lowering.lower("", Map.of("x", X, "z", Z), BATCH, true, ops, List.of());
        TensorRef rows = error("back error", first.get("back"), ops);
        if (!all) {
            return rows;
        }
        TensorRef other = error("other error", first.get("other"), ops);
        Map<String, TensorRef> again =
                lowering.lower("again", Map.of("x", first.get("back"), "z", Z), BATCH, true, ops, List.of());
        TensorRef deep = error("again error", again.get("other"), ops);
        TensorRef both = batched("both", BATCH);
        TensorRef sum = batched("all", BATCH);
        ops.add(new Op.Add("loss", rows, other, both));
        ops.add(new Op.Add("loss", both, deep, sum));
        return sum;
    }

    private static TensorRef error(String name, TensorRef y, List<Op> ops) {
        TensorRef rows = batched(name, BATCH);
        ops.add(new Op.SquaredError("loss", y, X, rows));
        return rows;
    }

    /** Forward and backward, with both outputs. */
    static Program program() {
        List<Op> ops = new ArrayList<>();
        TensorRef rows = forward(true, ops);
        TensorRef loss = whole("loss", 1);
        ops.add(new Op.BatchMean("loss", rows, loss));
        List<Op> forward = List.copyOf(ops);
        TensorRef dloss = whole("d(loss)", 1);
        ops.add(new Op.Fill("loss", 1, dloss));
        Map<TensorRef, TensorRef> destinations = new HashMap<>();
        LAYOUT.views().forEach((name, view) -> destinations.put(view, LAYOUT.gradient(name)));
        ops.addAll(Autodiff.backward(forward, loss, dloss, destinations));
        List<TensorRef> outputs = List.of(batched("back", BATCH, 4), batched("other", BATCH, 4));
        return new Program(
                "several inputs", BATCH, ops, List.of(X, Z), outputs, List.of(new Program.Metric("loss", loss)));
    }
}
