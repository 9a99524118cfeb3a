package dev.weft.program;

import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An immutable list of ops: one training step, one evaluation or prediction of a batch. This is all that a backend sees
 * of a network.
 *
 * @param name for messages, for example {@code train}
 * @param batch rows of the batch
 * @param inputs transient tensors that the host writes before a run
 * @param outputs transient tensors that the host may read after a run
 * @param metrics what is kept of every step of a run
 * @param sections the parts of the list, one after the other; together they hold all ops
 */
public record Program(
        String name,
        int batch,
        List<Op> ops,
        List<TensorRef> inputs,
        List<TensorRef> outputs,
        List<Metric> metrics,
        List<Section> sections) {

    /**
     * A number that a step gives.
     *
     * @param name unique in its program
     * @param value a tensor of one element
     */
    public record Metric(String name, TensorRef value) {}

    /** What a section of a program is there for. */
    public enum Part {
        /** The batch, the layers and the loss. */
        FORWARD,
        /** The gradients. */
        BACKWARD,
        /** The check for non-finite values and the change of the parameters. */
        UPDATE
    }

    /**
     * Neighbouring ops of one part.
     *
     * @param from number of the first op
     * @param to number of the op after the last
     */
    public record Section(Part part, int from, int to) {}

    /** What a step passes on to the next ones. */
    private static final Set<Role> REMEMBERED = Set.of(Role.PARAMETER, Role.OPTIMIZER, Role.STATE);

    public Program {
        ops = List.copyOf(ops);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        metrics = List.copyOf(metrics);
        sections = List.copyOf(sections);
        check(ops, inputs, outputs, metrics);
        int at = 0;
        for (Section section : sections) {
            if (section.from != at || section.to <= at) {
                throw new IllegalArgumentException(section + " does not follow on op " + at);
            }
            at = section.to;
        }
        if (at != ops.size()) {
            throw new IllegalArgumentException("the sections hold %d of %d ops".formatted(at, ops.size()));
        }
    }

    /** A program of forward ops alone. */
    public Program(
            String name,
            int batch,
            List<Op> ops,
            List<TensorRef> inputs,
            List<TensorRef> outputs,
            List<Metric> metrics) {
        this(
                name,
                batch,
                ops,
                inputs,
                outputs,
                metrics,
                ops.isEmpty() ? List.of() : List.of(new Section(Part.FORWARD, 0, ops.size())));
    }

    /** The same with other outputs. */
    public Program withOutputs(List<TensorRef> others) {
        return new Program(name, batch, ops, inputs, others, metrics, sections);
    }

    /** The part that op number {@code i} belongs to. */
    public Part part(int i) {
        return sections.stream().filter(section -> i < section.to).findFirst().orElseThrow().part;
    }

    /** The tensors of the metrics, in their order. */
    public List<TensorRef> metricValues() {
        return metrics.stream().map(Metric::value).toList();
    }

    /**
     * The place of a metric in {@link #metrics}.
     *
     * @throws WeftException if there is none of that name; the message lists the names
     */
    public int metric(String metric) {
        for (int i = 0; i < metrics.size(); i++) {
            if (metrics.get(i).name.equals(metric)) {
                return i;
            }
        }
        throw new WeftException("%s has no metric '%s'; there are %s"
                .formatted(name, metric, metrics.stream().map(Metric::name).toList()));
    }

    /** Every transient tensor is written once, before it is read; what is remembered is written by updates. */
    private static void check(List<Op> ops, List<TensorRef> inputs, List<TensorRef> outputs, List<Metric> metrics) {
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
                if (REMEMBERED.contains(y.root().role()) && !(op instanceof Op.Update)) {
                    throw new IllegalArgumentException(
                            "%s writes the %s %s, which only an update may (Op.Update): a bad step must leave it as it is"
                                    .formatted(
                                            describe(op), y.root().role().name().toLowerCase(Locale.ROOT), y));
                }
            }
        }
        Stream.concat(outputs.stream(), metrics.stream().map(Metric::value))
                .filter(y -> !written.contains(y.name()))
                .forEach(y -> {
                    throw new IllegalArgumentException("no op writes the result " + y);
                });
    }

    /** Whether an op of this program updates what is remembered from step to step. */
    public boolean updates() {
        for (Op op : ops) {
            if (op instanceof Op.Update) {
                return true;
            }
        }
        return false;
    }

    /** How many optimizers this program has: one more than the largest number that its updates name, and at least 1. */
    public int optimizers() {
        int largest = 0;
        for (Op op : ops) {
            if (op instanceof Op.Update update) {
                largest = Math.max(largest, update.optimizer());
            }
        }
        return largest + 1;
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

    /** An op's name with its geometry and constants: {@code conv2d 5x5 pad 2}. */
    public static String title(Op op) {
        return op.attributes().isEmpty() ? op.name() : op.name() + " " + op.attributes();
    }
}
