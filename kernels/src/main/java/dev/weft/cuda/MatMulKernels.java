package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Launches of {@code matmul.cu}: products, linear layers with their activation, and their backward pass.
 *
 * @param tiles those to choose from
 */
record MatMulKernels(List<Tile> tiles) {
    private static final int NO_FUNCTION = -1;

    MatMulKernels(Tile... tiles) {
        this(List.of(tiles));
    }

    /** The tiles of the kernels; a tile of the result is the work of one block. */
    enum Tile {
        SMALL(16, 128, 16, 3, 0.4),
        MEDIUM(64, 16, 4, 2, 0.75),
        LARGE(128, 8, 1, 2, 0.9);

        /** Rows and columns of the tile. */
        private final int side;

        /** Length of a panel: how much of K is in shared memory at once. */
        private final int depth;

        /** Running sums for each element of the tile. */
        private final int groups;

        /** How many blocks a multiprocessor holds. */
        private final int resident;

        /** Estimate of the share of a multiprocessor's arithmetic that the kernel reaches. */
        private final double efficiency;

        Tile(int side, int depth, int groups, int resident, double efficiency) {
            this.side = side;
            this.depth = depth;
            this.groups = groups;
            this.resident = resident;
            this.efficiency = efficiency;
        }

        long count(int rows, int columns) {
            return (long) ceilDiv(rows, side) * ceilDiv(columns, side);
        }
    }

    /**
     * How a product is executed.
     *
     * @param slots parts of K that are summed by blocks of their own, and then added in order
     * @param slotDepth length of such a part; the last may be shorter
     * @param cycles estimated time
     */
    record Plan(Tile tile, int slots, int slotDepth, double cycles) {
        /**
         * Those of an H200. The device's own number must not decide, since tile and slots are the order of a sum: the same
         * shapes give the same bits on every GPU.
         */
        private static final int MULTIPROCESSORS = 132;

        /** Multiply-adds that a multiprocessor can start in a cycle. */
        private static final double MULTIPLY_ADDS = 128;

        /** Cycles until a block's first loads have arrived and its last results have left. */
        private static final double LATENCY = 1000;

        /** Cycles for the second launch, which adds the slots. */
        private static final double COMBINE = 4000;

        /** Bytes that each multiprocessor moves in a cycle. */
        private static final double BANDWIDTH = 16;

        /** The most terms of a running sum: its error grows with their number. */
        private static final int LONGEST_SUM = 4096;

        private static final int MAX_SLOTS = 64;

        /**
         * The rule: the plan for which an estimate of the time is the least. The multiprocessors take their blocks in
         * rounds: the arithmetic of a round takes as long as that of one block, its latency is that of as many blocks as
         * a multiprocessor holds.
         */
        static Plan of(List<Tile> tiles, int m, int p, int k) {
            return tiles.stream()
                    .flatMap(tile -> Stream.iterate(1, slots -> slots <= MAX_SLOTS, slots -> 2 * slots)
                            .map(slots -> of(tile, slots, m, p, k)))
                    .min(Comparator.comparingDouble(Plan::cycles)
                            .thenComparing(Plan::tile)
                            .thenComparing(Plan::slots))
                    .orElseThrow();
        }

        private static Plan of(Tile tile, int atLeast, int m, int p, int k) {
            int longest = Math.min(ceilDiv(k, atLeast), LONGEST_SUM * tile.groups);
            int slotDepth = ceilDiv(longest, tile.depth) * tile.depth;
            int slots = ceilDiv(k, slotDepth);
            double blocks = (double) tile.count(m, p) * slots;
            double arithmetic = (double) tile.side * tile.side * slotDepth / (MULTIPLY_ADDS * tile.efficiency);
            double cycles = Math.ceil(blocks / (MULTIPROCESSORS * tile.resident)) * LATENCY
                    + Math.ceil(blocks / MULTIPROCESSORS) * arithmetic;
            if (slots > 1) {
                double bytes = 4.0 * m * p * (2 * slots + 1);
                cycles += COMBINE + bytes / (BANDWIDTH * MULTIPROCESSORS);
            }
            return new Plan(tile, slots, slotDepth, cycles);
        }
    }

    private Plan plan(Op.MatMul op) {
        return Plan.of(tiles, op.rows(), op.columns(), op.inner());
    }

    List<Launch> product(Op.MatMul op, Binding binding) {
        return product(op, op.c(), Binding.NULL, Binding.NULL, NO_FUNCTION, Binding.NULL, binding);
    }

    // ---------------------------------------------------------------- y = f(x w' + b)

    /** A product, the bias that is added to it, and the activation of that if there is one. */
    static List<Op> linearForwardOps(List<Op> rest, Binding binding) {
        Op.MatMul product = Candidate.at(rest, 0, Op.MatMul.class);
        Op.AddBias bias = Candidate.at(rest, 1, Op.AddBias.class);
        if (product == null
                || bias == null
                || !bias.x().equals(product.c())
                || product.c().shape().rank() > 2) {
            return List.of();
        }
        Op.Activation activation = Candidate.at(rest, 2, Op.Activation.class);
        return rest.subList(0, activation != null && activation.x().equals(bias.y()) ? 3 : 2);
    }

    List<Launch> linearForward(List<Op> ops, Binding binding) {
        Op.MatMul product = (Op.MatMul) ops.get(0);
        Op.AddBias bias = (Op.AddBias) ops.get(1);
        Op.Activation activation = Candidate.at(ops, 2, Op.Activation.class);
        return product(
                product,
                binding.ifReadOutside(product.c(), ops),
                bias.b(),
                binding.ifReadOutside(bias.y(), ops),
                activation == null ? NO_FUNCTION : activation.function().ordinal(),
                activation == null ? Binding.NULL : activation.y(),
                binding);
    }

    private List<Launch> product(
            Op.MatMul op, Object c, Object bias, Object biased, int function, Object y, Binding binding) {
        Plan plan = plan(op);
        int m = op.rows();
        int p = op.columns();
        String kernel = "matmul_%s_%s%s"
                .formatted(
                        plan.tile.name().toLowerCase(Locale.ROOT),
                        op.transposeA() ? "t" : "n",
                        op.transposeB() ? "t" : "n");
        Grid grid = Grid.of(Math.toIntExact(plan.tile.count(m, p)), plan.slots);
        int vector = (vector(op.a()) ? 1 : 0) | (vector(op.b()) ? 2 : 0);
        if (plan.slots == 1) {
            return List.of(binding.launch(
                    "matmul",
                    kernel,
                    grid,
                    256,
                    m,
                    p,
                    op.inner(),
                    plan.slotDepth,
                    op.a(),
                    op.b(),
                    vector,
                    c,
                    bias,
                    biased,
                    function,
                    y));
        }
        int elements = op.c().elements();
        Object partial = binding.scratch(4L * elements * plan.slots);
        return List.of(
                binding.launch(
                        "matmul",
                        kernel,
                        grid,
                        256,
                        m,
                        p,
                        op.inner(),
                        plan.slotDepth,
                        op.a(),
                        op.b(),
                        vector,
                        partial,
                        Binding.NULL,
                        Binding.NULL,
                        NO_FUNCTION,
                        Binding.NULL),
                binding.elementWise(
                        "matmul",
                        "matmul_combine",
                        elements,
                        elements,
                        p,
                        plan.slots,
                        partial,
                        c,
                        bias,
                        biased,
                        function,
                        y));
    }

    // ---------------------------------------------------------------- dw, db, dx of y = x w' + b

    /** The ops of a linear layer's backward pass, in the order of {@code Autodiff}; those that are missing are null. */
    private record Backward(Op.BiasGradient db, Op.MatMul dx, Op.MatMul dw, Op.ActivationBackward dz) {
        static Backward of(List<Op> rest) {
            int next = 0;
            Op.BiasGradient db = Candidate.at(rest, next, Op.BiasGradient.class);
            next += db == null ? 0 : 1;
            Op.MatMul dx = Candidate.at(rest, next, Op.MatMul.class);
            dx = dx != null && !dx.transposeA() && !dx.transposeB() ? dx : null;
            next += dx == null ? 0 : 1;
            Op.MatMul dw = Candidate.at(rest, next, Op.MatMul.class);
            Op.ActivationBackward dz = Candidate.at(rest, next + 1, Op.ActivationBackward.class);
            dz = dz != null && dx != null && dz.dy().equals(dx.c()) && dz.y().equals(dw == null ? null : dw.b())
                    ? dz
                    : null;
            return new Backward(db, dx, dw, dz);
        }

        /** Whether these ops are such a backward pass, of more than one op. */
        boolean matches() {
            return dw != null
                    && dw.transposeA()
                    && !dw.transposeB()
                    && (db != null || dx != null)
                    && (db == null || db.dy().equals(dw.a()) && db.dy().shape().rank() == 2)
                    && (dx == null || dx.a().equals(dw.a()) && !dx.c().equals(dw.b()));
        }

        int count() {
            return 1 + (db == null ? 0 : 1) + (dx == null ? 0 : 1) + (dz == null ? 0 : 1);
        }
    }

    private Plan planOfDw(Backward ops) {
        Op.MatMul dw = ops.dw;
        int columns = dw.columns() + (ops.db == null ? 0 : 1);
        return Plan.of(tiles, dw.rows(), columns, dw.inner());
    }

    /** Both products by small tiles, dx without slots. */
    List<Op> linearBackwardOps(List<Op> rest, Binding binding) {
        Backward ops = Backward.of(rest);
        if (!ops.matches() || planOfDw(ops).tile != Tile.SMALL) {
            return List.of();
        }
        Plan dx = ops.dx == null ? null : plan(ops.dx);
        return dx == null || dx.tile == Tile.SMALL && dx.slots == 1 ? rest.subList(0, ops.count()) : List.of();
    }

    List<Launch> linearBackward(List<Op> group, Binding binding) {
        Backward ops = Backward.of(group);
        TensorRef dy = ops.dw.a();
        TensorRef x = ops.dw.b();
        TensorRef dw = ops.dw.c();
        Object db = ops.db == null ? Binding.NULL : ops.db.db();
        Object w = ops.dx == null ? Binding.NULL : ops.dx.b();
        Object dx = ops.dx == null ? Binding.NULL : binding.ifReadOutside(ops.dx.c(), group);
        Object dz = ops.dz == null ? Binding.NULL : ops.dz.dx();
        int d = x.shape().last();
        int n = x.elements() / d;
        int k = dy.shape().last();
        int hasBias = ops.db == null ? 0 : 1;

        Plan plan = planOfDw(ops);
        boolean several = plan.slots > 1;
        long elements = (long) k * (d + hasBias);
        Object partial = several ? binding.scratch(4 * elements * plan.slots) : dw;
        int vector = (vector(dy) ? 1 : 0) | (vector(x) ? 2 : 0) | (ops.dx != null && vector(ops.dx.b()) ? 4 : 0);
        long blocks = Tile.SMALL.count(k, d + hasBias) * plan.slots + (ops.dx == null ? 0 : Tile.SMALL.count(n, d));
        Launch backward = binding.launch(
                "matmul",
                "linear_backward",
                Grid.of(Math.toIntExact(blocks)),
                256,
                n,
                d,
                k,
                plan.slots,
                plan.slotDepth,
                dy,
                x,
                w,
                vector,
                partial,
                several ? Binding.NULL : db,
                hasBias,
                dx,
                ops.dz == null ? NO_FUNCTION : ops.dz.function().ordinal(),
                dz);
        if (!several) {
            return List.of(backward);
        }
        int sums = Math.toIntExact(elements);
        return List.of(
                backward,
                binding.elementWise(
                        "matmul", "linear_backward_combine", sums, sums, plan.slots, partial, dw.elements(), dw, db));
    }

    /** Whether each row of a matrix begins at a multiple of 16 bytes. */
    private static boolean vector(TensorRef matrix) {
        return Binding.aligned16(matrix) && matrix.shape().last() % 4 == 0;
    }

    private static int ceilDiv(int a, int b) {
        return (int) (((long) a + b - 1) / b);
    }
}
