package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks what layers and losses lower themselves to, so that a fault is told of the one that has it and not of the next. */
final class LoweringCheck {
    private final int batch;
    private final Set<String> written = new HashSet<>();

    /** For one program of this many rows. */
    LoweringCheck(int batch) {
        this.batch = batch;
    }

    /** A tensor that is there without any layer. */
    LoweringCheck given(TensorRef x) {
        written.add(x.name());
        return this;
    }

    /**
     * Checks one layer; layers come in the order of the program.
     *
     * @param who the layer, for messages
     * @param ops what it has emitted
     * @param y what it has returned
     * @param needed the shape that {@code y} must have
     * @param why who says so
     */
    void check(String who, List<Op> ops, TensorRef y, Shape needed, String why) {
        for (Op op : ops) {
            checkRead(who, op);
            for (TensorRef out : op.outputs()) {
                require(
                        !out.root().role().persistent(),
                        "%s: %s writes %s, which outlives the step; a layer writes tensors of its own",
                        who,
                        Program.describe(op),
                        out);
                require(
                        written.add(out.name()),
                        "%s: %s writes %s, and there is a tensor of that name already; each is written once",
                        who,
                        Program.describe(op),
                        out);
                require(
                        !out.batched() || out.shape().get(0) == batch,
                        "%s: %s writes %s, which is no batch of %s rows",
                        who,
                        Program.describe(op),
                        out,
                        batch);
            }
        }
        require(y != null, "%s: lower returns null, not the output tensor", who);
        require(
                y.root().role().persistent() || written.contains(y.name()),
                "%s: lower returns %s, which no op writes",
                who,
                y);
        if (!y.shape().equals(needed)) {
            throw new ShapeException(who, "lower returns %s, but %s".formatted(y, why));
        }
        require(
                y.batched() && y.type() == DType.REAL,
                "%s: lower returns %s of type %s, %s; it must be a batch of type REAL",
                who,
                y,
                y.type(),
                y.batched() ? "a batch" : "no batch");
    }

    /** Checks that what an op reads is there. */
    void checkRead(String who, Op op) {
        for (TensorRef x : op.inputs()) {
            require(
                    x.root().role().persistent() || written.contains(x.name()),
                    "%s: %s reads %s before any op writes it",
                    who,
                    Program.describe(op),
                    x);
        }
    }

    private static void require(boolean condition, String problem, Object... values) {
        if (!condition) {
            throw new WeftException(problem.formatted(values));
        }
    }
}
