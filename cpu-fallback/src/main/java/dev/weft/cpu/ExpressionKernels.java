package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Functions of elements and optimizers' rules, both of them expressions. */
final class ExpressionKernels {
    private ExpressionKernels() {}

    /** An operand's tensor and its axes: where both are equal it is the same operand. */
    private record Source(TensorRef x, List<Integer> axes) {}

    static Kernel map(Op.Map op, Binding binding) {
        List<Source> sources = new ArrayList<>();
        int[] operandOf = new int[op.x().size()];
        for (int k = 0; k < operandOf.length; k++) {
            Source source = new Source(op.x().get(k), op.axes().get(k));
            if (!sources.contains(source)) {
                sources.add(source);
            }
            operandOf[k] = sources.indexOf(source);
        }
        List<BlockOperand> operands =
                sources.stream().map(source -> operand(op, source, binding)).toList();
        Set<Integer> uniform = new TreeSet<>();
        for (int k = 0; k < operands.size(); k++) {
            if (operands.get(k).uniform()) {
                uniform.add(k);
            }
        }
        BlockCode code = new BlockCode(op.function().code(), operandOf, uniform, new int[] {-1});
        Operand y = binding.operand(op, op.y());
        Blocks blocks = new Blocks(code, operands, List.of(y), null, binding);
        if (!binding.tiled()) {
            return Kernel.whole(Binding.elementWise(
                    op.y().elements(), (from, n, thread) -> blocks.run(Task.WHOLE, 0, from, n, thread)));
        }
        Tiling tiling = binding.tiling();
        return Kernel.tiled((task, frame, thread) -> {
            blocks.run(task, frame, 0, task.count() * y.tile, thread);
            clearPadding(y, task, frame, tiling);
        });
    }

    /** A tile is a tensor without the first axis, and with one more innermost, the lanes. */
    private static BlockOperand operand(Op.Map op, Source source, Binding binding) {
        Operand x = binding.operand(op, source.x);
        boolean tiled = binding.tiled();
        int lanes = tiled ? binding.tiling().lanes() : 1;
        boolean inLanes = tiled && source.x.batched();
        Shape shape = op.y().shape();
        int rank = shape.rank();
        Integer[] dimensions = new Integer[rank + 1];
        Integer[] strides = new Integer[rank + 1];
        dimensions[rank] = lanes;
        strides[rank] = inLanes ? 1 : 0;
        int stride = inLanes ? lanes : 1;
        for (int axis = rank - 1; axis >= 0; axis--) {
            boolean first = tiled && axis == 0;
            dimensions[axis] = first ? binding.tiling().tiles() : shape.get(axis);
            boolean own = source.axes.contains(axis);
            strides[axis] = own ? stride : 0;
            stride *= own ? dimensions[axis] : 1;
        }
        return BlockOperand.of(x, List.of(dimensions), List.of(strides));
    }

    /**
     * Zeros in the lanes past the last row: a function may have made infinities of what was there, which would spoil the sums over
     * the batch.
     */
    private static void clearPadding(Operand y, Task task, int frame, Tiling tiling) {
        int lanes = tiling.lanes();
        int present = tiling.rows() - (tiling.tiles() - 1) * lanes;
        if (present == lanes || task.first() + task.count() < tiling.tiles()) {
            return;
        }
        int end = y.at(task, frame) + task.count() * y.tile;
        for (int at = end - y.tile; at < end; at += lanes) {
            Arrays.fill(y.reals, at + present, at + lanes, 0);
        }
    }

    static Kernel rule(Op.RuleUpdate op, Binding binding) {
        Step step = binding.step();
        int n = op.w().elements();
        Operand w = binding.rows(op.w());
        List<Operand> states = op.state().stream().map(binding::rows).toList();
        List<BlockOperand> operands = new ArrayList<>();
        operands.add(BlockOperand.whole(w, n));
        operands.add(BlockOperand.whole(binding.rows(op.dw()), n));
        states.forEach(state -> operands.add(BlockOperand.whole(state, n)));
        List<Operand> results = new ArrayList<>(List.of(w));
        results.addAll(states);
        int[] operandOf = IntStream.range(0, operands.size()).toArray();
        int[] overwritten =
                IntStream.range(0, results.size()).map(k -> k == 0 ? 0 : k + 1).toArray();
        BlockCode code = new BlockCode(op.code(), operandOf, Collections.emptySet(), overwritten);
        Blocks.Scalars scalars =
                index -> index == 0 ? step.learningRate(op.optimizer()) : step.correction(op.optimizer(), index - 1);
        Blocks blocks = new Blocks(code, operands, results, scalars, binding);
        return Kernel.whole(Binding.elementWise(n, (from, count, thread) -> {
            if (step.nonFiniteStep < 0) {
                blocks.run(Task.WHOLE, 0, from, count, thread);
            }
        }));
    }
}
