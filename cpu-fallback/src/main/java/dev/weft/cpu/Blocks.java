package dev.weft.cpu;

import dev.weft.op.expr.Expr.Kind;
import java.util.Arrays;
import java.util.List;

/**
 * Computes expressions block by block: all loops go over a block, which stays in the first-level cache, before the next one
 * begins. Operands are read and results written where they lie. What is less than a vector, and what the loops or the operand's
 * form do not allow, is copied to blocks of its own.
 */
final class Blocks {
    /** Elements of a block. */
    static final int LENGTH = 1024;

    /** From a block to the next one: a cache line more, since memory a power of two apart wants the same lines of a cache. */
    private static final int STRIDE = LENGTH + 16;

    /** The numbers of the step that expressions read. */
    @FunctionalInterface
    interface Scalars {
        float scalar(int index);
    }

    private final BlockLoops loops;
    private final BlockCode code;
    private final List<BlockOperand> operands;
    private final List<Operand> results;
    private final Scalars scalars;
    private final BlockLoop[] stepLoops;
    private final BlockCode.Step[] steps;
    private final BlockLoop[] uniformLoops;
    private final BlockCode.Step[] uniformSteps;
    private final int[] changing;
    private final int[] filledNodes;
    private final int[] filledBlocks;
    private final ThreadScratch scratch;
    private final float[][][] blockArrays;
    private final OfThread[] threads;

    /** What a thread works with: where each block is now, and the value of each node that is the same for all elements. */
    private static final class OfThread {
        private final BlockOperands blocks;
        private final BlockOperands numbers;

        OfThread(BlockCode code) {
            blocks = new BlockOperands(code.blocks());
            numbers = new BlockOperands(code.nodes().size());
            Arrays.setAll(numbers.arrays, i ->
                    new float[] {(float) code.nodes().get(i).value()});
        }

        float number(int node) {
            return numbers.arrays[node][0];
        }
    }

    /**
     * @param operands where the code's operands are
     * @param results where its results go, each with one element for each of the operands
     * @param scalars null where the code reads none
     */
    Blocks(BlockCode code, List<BlockOperand> operands, List<Operand> results, Scalars scalars, Binding binding) {
        this.code = code;
        this.operands = operands;
        this.results = results;
        this.scalars = scalars;
        loops = binding.primitives().blockLoops();
        steps = code.steps().toArray(BlockCode.Step[]::new);
        stepLoops = loops(steps, loops);
        uniformSteps = code.uniformSteps().toArray(BlockCode.Step[]::new);
        uniformLoops = loops(uniformSteps, new ScalarBlockLoops());
        changing = code.changing();
        filledNodes =
                code.filled().keySet().stream().mapToInt(Integer::intValue).toArray();
        filledBlocks =
                code.filled().values().stream().mapToInt(Integer::intValue).toArray();
        scratch = loops.anywhere() ? binding.threadScratch((long) code.blocks() * STRIDE) : null;
        blockArrays = loops.anywhere() ? null : binding.blockArrays(code.blocks());
        threads = new OfThread[binding.threads()];
        Arrays.setAll(threads, i -> new OfThread(code));
    }

    /** For operands and results whose places are told in each run. */
    Blocks(BlockCode code, Binding binding) {
        this(code, List.of(), List.of(), null, binding);
    }

    private static BlockLoop[] loops(BlockCode.Step[] steps, BlockLoops loops) {
        return Arrays.stream(steps).map(step -> loops.of(step.operation())).toArray(BlockLoop[]::new);
    }

    /**
     * Computes elements {@code from} to {@code from + n - 1}.
     *
     * @param task whose tiles they are counted in, or {@link Task#WHOLE}
     */
    void run(Task task, int frame, int from, int n, int thread) {
        OfThread own = threads[thread];
        begin(own, task, frame, n, thread);
        int direct = loops.anywhere() ? whole(n) : 0;
        for (int i = 0; i < direct; i += LENGTH) {
            computeWhereItLies(own, task, frame, from + i, Math.min(LENGTH, direct - i), thread);
        }
        for (int i = direct; i < n; i += LENGTH) {
            computeCopied(own, task, frame, from + i, Math.min(LENGTH, n - i), thread);
        }
    }

    /**
     * Computes n elements, a multiple of a vector's.
     *
     * @param arrays of the operands, then of the results; each of them has its elements from {@code at} on
     */
    void run(float[][] arrays, int[] at, int n, int thread) {
        OfThread own = threads[thread];
        begin(own, null, 0, n, thread);
        for (int i = 0; i < n; i += LENGTH) {
            int count = Math.min(LENGTH, n - i);
            for (int k = 0; k < arrays.length; k++) {
                if (loops.anywhere()) {
                    own.blocks.arrays[k] = arrays[k];
                    own.blocks.at[k] = at[k] + i;
                } else {
                    useOwn(own, k, thread);
                    if (k < code.operands()) {
                        System.arraycopy(arrays[k], at[k] + i, own.blocks.arrays[k], own.blocks.at[k], count);
                    }
                }
            }
            compute(steps, stepLoops, own, own.blocks, count);
            for (int k = code.operands(); k < arrays.length && !loops.anywhere(); k++) {
                System.arraycopy(own.blocks.arrays[k], own.blocks.at[k], arrays[k], at[k] + i, count);
            }
        }
    }

    private void begin(OfThread own, Task task, int frame, int n, int thread) {
        for (int i = code.operands() + code.results(); i < code.blocks(); i++) {
            useOwn(own, i, thread);
        }
        computeNumbers(own, task, frame);
        int length = Math.min(LENGTH, whole(n + loops.multiple() - 1));
        for (int i = 0; i < filledNodes.length; i++) {
            int block = filledBlocks[i];
            Arrays.fill(
                    own.blocks.arrays[block],
                    own.blocks.at[block],
                    own.blocks.at[block] + length,
                    own.number(filledNodes[i]));
        }
    }

    /** So many elements, without what is less than a vector. */
    private int whole(int n) {
        return n - n % loops.multiple();
    }

    private void useOwn(OfThread own, int block, int thread) {
        own.blocks.arrays[block] = scratch != null ? scratch.a : blockArrays[thread][block];
        own.blocks.at[block] = scratch != null ? scratch.at(thread) + block * STRIDE : 0;
    }

    private void computeNumbers(OfThread own, Task task, int frame) {
        for (int node : changing) {
            if (code.nodes().get(node).kind() == Kind.SCALAR) {
                own.numbers.arrays[node][0] =
                        scalars.scalar(code.nodes().get(node).index());
            } else {
                BlockOperand x = operands.get(code.operand(node));
                own.numbers.arrays[node][0] = x.at(x.x().at(task, frame));
            }
        }
        compute(uniformSteps, uniformLoops, own, own.numbers, 1);
    }

    private void computeWhereItLies(OfThread own, Task task, int frame, int from, int n, int thread) {
        for (int k = 0; k < operands.size(); k++) {
            BlockOperand x = operands.get(k);
            if (x.contiguous() && x.x().reals != null) {
                own.blocks.arrays[k] = x.x().reals;
                own.blocks.at[k] = x.x().at(task, frame) + from;
            } else if (!x.uniform()) {
                useOwn(own, k, thread);
                x.read(task, frame, from, n, own.blocks.arrays[k], own.blocks.at[k]);
            }
        }
        for (int k = 0; k < results.size(); k++) {
            Operand y = results.get(k);
            own.blocks.arrays[operands.size() + k] = y.reals;
            own.blocks.at[operands.size() + k] = y.at(task, frame) + from;
        }
        compute(steps, stepLoops, own, own.blocks, n);
    }

    private void computeCopied(OfThread own, Task task, int frame, int from, int n, int thread) {
        int length = whole(n + loops.multiple() - 1);
        for (int k = 0; k < operands.size(); k++) {
            if (!operands.get(k).uniform()) {
                useOwn(own, k, thread);
                operands.get(k).read(task, frame, from, n, own.blocks.arrays[k], own.blocks.at[k]);
                Arrays.fill(own.blocks.arrays[k], own.blocks.at[k] + n, own.blocks.at[k] + length, 0);
            }
        }
        for (int k = 0; k < results.size(); k++) {
            useOwn(own, operands.size() + k, thread);
        }
        compute(steps, stepLoops, own, own.blocks, length);
        for (int k = 0; k < results.size(); k++) {
            int block = operands.size() + k;
            Operand y = results.get(k);
            System.arraycopy(own.blocks.arrays[block], own.blocks.at[block], y.reals, y.at(task, frame) + from, n);
        }
    }

    private static void compute(
            BlockCode.Step[] steps, BlockLoop[] loops, OfThread own, BlockOperands operands, int n) {
        for (int i = 0; i < steps.length; i++) {
            BlockCode.Step step = steps[i];
            operands.set(step.a(), step.b(), step.c(), step.d(), step.y());
            operands.s = own.number(step.s());
            operands.t = own.number(step.t());
            loops[i].run(operands, n);
        }
    }
}
