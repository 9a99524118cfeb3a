package dev.weft.cpu;

import dev.weft.op.expr.Code;
import dev.weft.op.expr.Expr.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Code as a list of loops over blocks of elements. Blocks have numbers: first those of the operands, then those of the results,
 * then those that hold one number throughout, then what lies in between. A block in between is used again as soon as nothing
 * reads its values any more. What is the same for all elements is a number of its node.
 */
final class BlockCode {
    /** The functions that there are loops for. */
    private static final Set<Kind> WHOLE = EnumSet.of(Kind.EXP, Kind.LOG, Kind.TANH, Kind.SIGMOID);

    private static final int NONE = -1;

    /**
     * A loop: numbers of the blocks that it reads and writes, and of the nodes {@code s} and {@code t}. What it does not read is
     * the block that it writes, or node 0.
     */
    record Step(BlockOperation operation, int a, int b, int c, int d, int s, int t, int y) {}

    /** A loop with the nodes that it reads. */
    private record Loop(BlockOperation operation, int a, int b, int c, int d, int s, int t) {
        /** The nodes whose elements are read. */
        int[] elements() {
            return Arrays.stream(new int[] {a, b, c, d}).filter(i -> i != NONE).toArray();
        }
    }

    private final List<Code.Node> nodes;
    private final List<Integer> results;
    private final int[] operandOf;
    private final int operands;
    private final boolean[] uniform;
    private final int[] readers;
    private final Loop[] loops;
    private final int[] block;

    private final Map<Integer, Integer> filled = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<Step> uniformSteps = new ArrayList<>();
    private int blocks;

    /**
     * @param operandOf the operand that each operand of the code is: some may be the same
     * @param uniformOperands those that are one number
     * @param overwritten for each result the operand whose memory it takes, or -1
     */
    BlockCode(Code code, int[] operandOf, Set<Integer> uniformOperands, int[] overwritten) {
        Code written = code.writtenOut(WHOLE);
        nodes = written.nodes();
        results = written.results();
        this.operandOf = operandOf;
        operands = Arrays.stream(operandOf).max().orElse(NONE) + 1;
        uniform = new boolean[nodes.size()];
        readers = new int[nodes.size()];
        loops = new Loop[nodes.size()];
        block = new int[nodes.size()];
        for (int i = 0; i < uniform.length; i++) {
            Code.Node node = nodes.get(i);
            uniform[i] = node.kind() != Kind.OPERAND || uniformOperands.contains(operandOf[node.index()]);
            for (int read : node.reads()) {
                uniform[i] &= uniform[read];
                readers[read]++;
            }
            block[i] = node.kind() == Kind.OPERAND ? operandOf[node.index()] : NONE;
            if (uniform[i] && !node.reads().isEmpty()) {
                uniformSteps.add(uniformStep(i));
            }
        }
        results.forEach(i -> readers[i] += 2);
        chooseLoops();
        placeBlocks(overwritten);
    }

    List<Code.Node> nodes() {
        return nodes;
    }

    /** The nodes that are the same for all elements and change from run to run: numbers of the step, and operands. */
    int[] changing() {
        return IntStream.range(0, nodes.size())
                .filter(i -> uniform[i]
                        && (nodes.get(i).kind() == Kind.SCALAR || nodes.get(i).kind() == Kind.OPERAND))
                .toArray();
    }

    /** The operand that a node is. */
    int operand(int node) {
        return operandOf[nodes.get(node).index()];
    }

    /** The loops, in order. */
    List<Step> steps() {
        return steps;
    }

    /** The same for nodes that are the same for all elements: their numbers take the place of blocks. */
    List<Step> uniformSteps() {
        return uniformSteps;
    }

    /** The nodes that are the same for all elements and fill a block, each with its block. */
    Map<Integer, Integer> filled() {
        return filled;
    }

    int operands() {
        return operands;
    }

    int results() {
        return results.size();
    }

    /** How many blocks there are. */
    int blocks() {
        return blocks;
    }

    private Step uniformStep(int i) {
        List<Integer> reads = nodes.get(i).reads();
        int[] read = {i, i, i, i};
        for (int k = 0; k < reads.size(); k++) {
            read[k] = reads.get(k);
        }
        return new Step(operation(i), read[0], read[1], read[2], read[3], 0, 0, i);
    }

    private BlockOperation operation(int i) {
        return BlockOperation.valueOf(nodes.get(i).kind().name());
    }

    // ---------------------------------------------------------------- nodes and pairs of nodes

    /** Loops for the nodes that are read, from the last one on: a pair needs no loop for its first node. */
    private void chooseLoops() {
        boolean[] needed = new boolean[nodes.size()];
        results.forEach(i -> needed[i] = true);
        for (int i = needed.length - 1; i >= 0; i--) {
            if (needed[i] && !uniform[i] && nodes.get(i).kind() != Kind.OPERAND) {
                loops[i] = loop(i);
                for (int read : loops[i].elements()) {
                    needed[read] = true;
                }
            }
        }
    }

    private Loop loop(int i) {
        List<Integer> reads = nodes.get(i).reads();
        int a = reads.get(0);
        if (reads.size() == 1) {
            return ofElements(operation(i), a);
        }
        int b = reads.get(1);
        return switch (nodes.get(i).kind()) {
            case ADD -> sum(a, b);
            case SUBTRACT ->
                scaled(b) && !uniform[a]
                        ? ofNumber(BlockOperation.SUBTRACT_SCALED, element(b), a, number(b))
                        : ofTwo(
                                BlockOperation.SUBTRACT,
                                BlockOperation.SUBTRACT_S,
                                BlockOperation.SUBTRACT_FROM_S,
                                a,
                                b);
            case MULTIPLY -> ofTwo(BlockOperation.MULTIPLY, BlockOperation.MULTIPLY_S, BlockOperation.MULTIPLY_S, a, b);
            case DIVIDE ->
                scaled(a) && !uniform[b]
                        ? ofNumber(BlockOperation.SCALE_DIVIDE, element(a), b, number(a))
                        : ofTwo(BlockOperation.DIVIDE, BlockOperation.DIVIDE_S, BlockOperation.DIVIDE_INTO_S, a, b);
            case MINIMUM -> ofTwo(BlockOperation.MINIMUM, BlockOperation.MINIMUM_S, BlockOperation.MINIMUM_S, a, b);
            case MAXIMUM -> ofTwo(BlockOperation.MAXIMUM, BlockOperation.MAXIMUM_S, BlockOperation.MAXIMUM_S, a, b);
            case SELECT -> select(a, b, reads.get(2), reads.get(3));
            default -> ofElements(operation(i), a, b);
        };
    }

    private static Loop ofElements(BlockOperation operation, int... reads) {
        int[] read = {NONE, NONE, NONE, NONE};
        System.arraycopy(reads, 0, read, 0, reads.length);
        return new Loop(operation, read[0], read[1], read[2], read[3], 0, 0);
    }

    private static Loop ofNumber(BlockOperation operation, int a, int b, int s) {
        return new Loop(operation, a, b, NONE, NONE, s, 0);
    }

    private Loop ofTwo(BlockOperation ofElements, BlockOperation secondIsS, BlockOperation firstIsS, int a, int b) {
        if (uniform[b]) {
            return ofNumber(secondIsS, a, NONE, b);
        }
        return uniform[a] ? ofNumber(firstIsS, b, NONE, a) : ofElements(ofElements, a, b);
    }

    private Loop sum(int a, int b) {
        if (scaled(a) && scaled(b)) {
            return new Loop(BlockOperation.SCALE_BOTH, element(a), element(b), NONE, NONE, number(a), number(b));
        }
        if (!product(a) && product(b) || uniform[a] && root(b)) {
            return sum(b, a);
        }
        if (root(a) && uniform[b]) {
            return rootAndNumber(nodes.get(a).reads().get(0), b);
        }
        if (!product(a)) {
            return ofTwo(BlockOperation.ADD, BlockOperation.ADD_S, BlockOperation.ADD_S, a, b);
        }
        if (scaled(a)) {
            return uniform[b]
                    ? new Loop(BlockOperation.SCALE_ADD_S, element(a), NONE, NONE, NONE, number(a), b)
                    : ofNumber(BlockOperation.SCALE_ADD, element(a), b, number(a));
        }
        int x = nodes.get(a).reads().get(0);
        int y = nodes.get(a).reads().get(1);
        return uniform[b]
                ? ofNumber(BlockOperation.MULTIPLY_ADD_S, x, y, b)
                : ofElements(BlockOperation.MULTIPLY_ADD, x, y, b);
    }

    private Loop rootAndNumber(int square, int s) {
        return scaled(square)
                ? new Loop(BlockOperation.SCALE_SQRT_ADD_S, element(square), NONE, NONE, NONE, number(square), s)
                : ofNumber(BlockOperation.SQRT_ADD_S, square, NONE, s);
    }

    private Loop select(int a, int b, int c, int d) {
        boolean small = nodes.get(a).kind() == Kind.ABSOLUTE
                && nodes.get(a).reads().get(0) == d
                && !uniform[d]
                && uniform[b]
                && uniform[c];
        if (small) {
            return new Loop(BlockOperation.REPLACE_SMALL, d, NONE, NONE, NONE, b, c);
        }
        if (uniform[b]) {
            return new Loop(BlockOperation.SELECT_BELOW, a, NONE, c, d, b, 0);
        }
        return uniform[a]
                ? new Loop(BlockOperation.SELECT_ABOVE, b, NONE, c, d, a, 0)
                : ofElements(BlockOperation.SELECT, a, b, c, d);
    }

    /** Whether a node is a product that one other node reads. */
    private boolean product(int i) {
        return !uniform[i] && nodes.get(i).kind() == Kind.MULTIPLY && readers[i] == 1;
    }

    /** Whether a node is a square root that one other node reads. */
    private boolean root(int i) {
        return !uniform[i] && nodes.get(i).kind() == Kind.SQRT && readers[i] == 1;
    }

    /** Whether a node is a product of an element with a number. */
    private boolean scaled(int i) {
        return product(i) && nodes.get(i).reads().stream().anyMatch(read -> uniform[read]);
    }

    /** The number in a product. */
    private int number(int i) {
        List<Integer> reads = nodes.get(i).reads();
        return uniform[reads.get(0)] ? reads.get(0) : reads.get(1);
    }

    /** The element in a product. */
    private int element(int i) {
        List<Integer> reads = nodes.get(i).reads();
        return uniform[reads.get(0)] ? reads.get(1) : reads.get(0);
    }

    // ---------------------------------------------------------------- blocks

    private void placeBlocks(int[] overwritten) {
        int[] lastRead = new int[nodes.size()];
        int[] lastReadOfOperand = new int[operands];
        blocks = operands + results.size();
        for (int i = 0; i < loops.length; i++) {
            if (loops[i] != null) {
                for (int read : loops[i].elements()) {
                    fillIfUniform(read);
                    lastRead[read] = i;
                    if (nodes.get(read).kind() == Kind.OPERAND && !uniform[read]) {
                        lastReadOfOperand[block[read]] = i;
                    }
                }
            }
        }
        for (int i : results) {
            fillIfUniform(i);
            lastRead[i] = nodes.size();
        }
        int first = blocks;
        BitSet used = new BitSet();
        copyOperandsThatAreResults(used, first);
        boolean[] written = new boolean[results.size()];
        for (int i = 0; i < loops.length; i++) {
            if (loops[i] == null) {
                continue;
            }
            boolean again = loops[i].operation.readsAgain();
            if (!again) {
                release(i, lastRead, used, first);
            }
            int result = results.indexOf(i);
            boolean free = result >= 0
                    && (overwritten[result] < 0
                            || lastReadOfOperand[overwritten[result]] < i
                            || lastReadOfOperand[overwritten[result]] == i && !again);
            int y = free ? operands + result : first + take(used);
            if (free) {
                written[result] = true;
            }
            if (again) {
                release(i, lastRead, used, first);
            }
            block[i] = y;
            steps.add(step(loops[i], y));
        }
        for (int k = 0; k < written.length; k++) {
            if (!written[k]) {
                int y = operands + k;
                steps.add(new Step(BlockOperation.COPY, block[results.get(k)], y, y, y, 0, 0, y));
            }
        }
    }

    /** A result that is an operand itself is put aside, since its memory may be the first to be overwritten. */
    private void copyOperandsThatAreResults(BitSet used, int first) {
        for (int i : results) {
            if (nodes.get(i).kind() == Kind.OPERAND && block[i] < operands) {
                int y = first + take(used);
                steps.add(new Step(BlockOperation.COPY, block[i], y, y, y, 0, 0, y));
                block[i] = y;
            }
        }
    }

    private void fillIfUniform(int node) {
        if (uniform[node] && !filled.containsKey(node)) {
            block[node] = blocks++;
            filled.put(node, block[node]);
        }
    }

    private int take(BitSet used) {
        int slot = used.nextClearBit(0);
        used.set(slot);
        blocks = Math.max(blocks, operands + results.size() + filled.size() + slot + 1);
        return slot;
    }

    /** Frees the blocks of what is read for the last time. */
    private void release(int i, int[] lastRead, BitSet used, int first) {
        for (int read : loops[i].elements()) {
            if (lastRead[read] == i && block[read] >= first) {
                used.clear(block[read] - first);
            }
        }
    }

    private Step step(Loop loop, int y) {
        return new Step(
                loop.operation,
                block(loop.a, y),
                block(loop.b, y),
                block(loop.c, y),
                block(loop.d, y),
                loop.s,
                loop.t,
                y);
    }

    private int block(int node, int otherwise) {
        return node == NONE ? otherwise : block[node];
    }
}
