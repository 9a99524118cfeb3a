package dev.weft.program;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An immutable list of ops: one training step, one evaluation or prediction of a batch. This is all that a backend sees
 * of a network.
 *
 * @param name for messages, for example {@code train}
 * @param batch rows of the batch
 * @param inputs transient tensors that the host writes before a run
 * @param outputs transient tensors that the host may read after a run
 * @param metrics outputs of one element each, kept for every step of a run
 */
public record Program(
        String name,
        int batch,
        List<Op> ops,
        List<TensorRef> inputs,
        List<TensorRef> outputs,
        List<TensorRef> metrics) {

    public Program {
        ops = List.copyOf(ops);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        metrics = List.copyOf(metrics);
        check(ops, inputs, outputs, metrics);
    }

    /** Every transient tensor is written once, before it is read. */
    private static void check(List<Op> ops, List<TensorRef> inputs, List<TensorRef> outputs, List<TensorRef> metrics) {
        Set<String> written = new HashSet<>();
        inputs.forEach(input -> written.add(input.name()));
        for (Op op : ops) {
            for (TensorRef x : op.inputs()) {
                if (!x.root().role().persistent() && !written.contains(x.name())) {
                    throw new IllegalArgumentException(describe(op) + " reads " + x + " before it is written");
                }
            }
            for (TensorRef y : op.outputs()) {
                if (!y.root().role().persistent() && !written.add(y.name())) {
                    throw new IllegalArgumentException(describe(op) + " writes " + y + " a second time");
                }
            }
        }
        for (List<TensorRef> results : List.of(outputs, metrics)) {
            for (TensorRef y : results) {
                if (!written.contains(y.name())) {
                    throw new IllegalArgumentException("no op writes the result " + y);
                }
            }
        }
    }

    /** An op with its layer and operands, as messages show it: {@code conv1 conv2d (x[2,1,8,8], ...) -> conv1[...]}. */
    public static String describe(Op op) {
        return "%s %s %s -> %s".formatted(op.layer(), op.name(), names(op.inputs()), names(op.outputs()));
    }

    private static String names(List<TensorRef> tensors) {
        return tensors.stream().map(TensorRef::toString).collect(Collectors.joining(", "));
    }

    /** The program as a table: number, layer, op, what it writes, what it reads. */
    public String listing() {
        StringBuilder text = new StringBuilder();
        text.append("%s: %d ops, batch %d%n".formatted(name, ops.size(), batch));
        int layerWidth = ops.stream().mapToInt(op -> op.layer().length()).max().orElse(0);
        int opWidth = ops.stream().mapToInt(op -> title(op).length()).max().orElse(0);
        for (int i = 0; i < ops.size(); i++) {
            Op op = ops.get(i);
            text.append(String.format(
                    Locale.ROOT,
                    "%3d  %-" + Math.max(1, layerWidth) + "s  %-" + Math.max(1, opWidth) + "s  %s <- %s%n",
                    i,
                    op.layer(),
                    title(op),
                    op.outputs().isEmpty() ? "latch" : names(op.outputs()),
                    names(op.inputs())));
        }
        return text.toString();
    }

    private static String title(Op op) {
        return op.attributes().isEmpty() ? op.name() : op.name() + " " + op.attributes();
    }
}
