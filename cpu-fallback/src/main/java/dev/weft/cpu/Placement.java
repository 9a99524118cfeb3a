package dev.weft.cpu;

import dev.weft.op.BatchRule;
import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import java.util.Set;

/**
 * Which ops of a program take the batch in tiles; the others see it whole, row by row.
 *
 * <p>In tiles a task reads all weights of a linear layer, for a few samples. That is good while they stay in the cache.
 * Larger weights are read less often by a product of the whole batch; and where a program with such weights has no images,
 * all of its matrices stay row by row, since turning them would take longer than most of their ops. A sequence reads the weights
 * once for all of its steps, so it is in tiles whatever their size.
 */
final class Placement {
    /** Weights of a linear layer that leave room in a second-level cache. */
    private static final int CACHED_WEIGHTS = 1 << 17;

    /** What each row's results depend on that row alone, and yet has no kernel for tiles. */
    private static final Set<Class<? extends Op>> IN_ROWS =
            Set.of(Op.Reduce.class, Op.OneHot.class, Op.Embedding.class, Op.SequenceMask.class);

    private final boolean rowsOnly;

    Placement(Program program) {
        rowsOnly = program.ops().stream().anyMatch(Placement::hasLargeWeights)
                && program.ops().stream().noneMatch(Placement::ofImages);
    }

    private static boolean ofImages(Op op) {
        return op instanceof Op.Conv2d
                || op instanceof Op.Conv2dInputGradient
                || op instanceof Op.Conv2dFilterGradient
                || op instanceof Op.MaxPool2d
                || op instanceof Op.MaxPool2dBackward
                || op instanceof Op.AvgPool2d
                || op instanceof Op.AvgPool2dBackward;
    }

    private static boolean hasLargeWeights(Op op) {
        return op instanceof Op.MatMul product
                && mapped(op)
                && product.a().shape().rank() == 2
                && product.b().elements() > CACHED_WEIGHTS;
    }

    boolean tiled(Op op) {
        if (ofImages(op)) {
            return true;
        }
        if (op instanceof Op.BiasGradient gradient) {
            // a matrix is added up row by row, which fills the vectors as well
            return gradient.dy().batched() && gradient.dy().shape().rank() > 2;
        }
        return mapped(op) && !hasLargeWeights(op) && !(rowsOnly && worksOnRows(op));
    }

    /** Whether each row of the op's results depends on the same row of its operands, and there is a kernel for tiles. */
    private static boolean mapped(Op op) {
        return op.batchRule() == BatchRule.MAPPED
                && !IN_ROWS.contains(op.getClass())
                && op.outputs().stream().noneMatch(y -> y.root().role().persistent());
    }

    /** Whether an op that could be tiled is as fast row by row. */
    private static boolean worksOnRows(Op op) {
        return op instanceof Op.MatMul
                || op instanceof Op.AddBias
                || op instanceof Op.Activation
                || op instanceof Op.ActivationBackward
                || op instanceof Op.Add
                || op instanceof Op.Map
                || op instanceof Op.Dropout
                || op instanceof Op.DropoutBackward
                || op instanceof Op.Reshape
                || op instanceof Op.GatherRows gather && gather.y().type() == DType.REAL;
    }
}
