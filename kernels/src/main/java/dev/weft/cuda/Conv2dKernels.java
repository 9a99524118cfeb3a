package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Launches of {@code conv2d.cu} and {@code conv2d_general.cu}. */
final class Conv2dKernels {
    private static final String MODULE = "conv2d";
    private static final String GENERAL = "conv2d_general";

    /** Threads of a block of the general kernels, and filters or channels of a thread. */
    private static final int GENERAL_BLOCK = 256;

    private static final int GENERAL_FILTERS = 4;

    /** {@code NONE} of {@code activation.cuh}. */
    private static final int NO_FUNCTION = -1;

    /** Partial sums of the general filter gradient. */
    private static final int GENERAL_SLOTS = 64;

    /** Threads that a multiprocessor certainly holds of the tiled kernels. */
    private static final int RESIDENT_THREADS = 768;

    private Conv2dKernels() {}

    // ---------------------------------------------------------------- forward

    /** What a group of ops computes: {@code y = f(x * w + b)} and the maxima of y; null where it has no such op. */
    private record Forward(Op.Conv2d conv, Op.AddBias bias, Op.Activation activation, Op.MaxPool2d pool) {

        /** The ops from the first on, as many as there are of this kind. */
        static Forward at(List<Op> ops) {
            Op.Conv2d conv = Candidate.at(ops, 0, Op.Conv2d.class);
            Op.AddBias bias = Candidate.at(ops, 1, Op.AddBias.class);
            if (conv == null || bias == null || !bias.x().equals(conv.y())) {
                return new Forward(conv, null, null, null);
            }
            Op.Activation activation = Candidate.at(ops, 2, Op.Activation.class);
            if (activation == null || !activation.x().equals(bias.y())) {
                return new Forward(conv, bias, null, null);
            }
            Op.MaxPool2d pool = Candidate.at(ops, 3, Op.MaxPool2d.class);
            if (pool == null || !pool.x().equals(activation.y()) || !withoutOverlap(pool.window())) {
                return new Forward(conv, bias, activation, null);
            }
            return new Forward(conv, bias, activation, pool);
        }

        private static boolean withoutOverlap(Window2d window) {
            return window.equals(new Window2d(window.height(), window.width(), window.height(), window.width(), 0, 0));
        }

        Conv2dTiles.Correlation correlation() {
            return new Conv2dTiles.Correlation(
                    conv.x().shape().get(0),
                    conv.x().shape().get(1),
                    conv.y().shape().get(1),
                    conv.y().shape().get(2),
                    conv.y().shape().get(3),
                    conv.window().height(),
                    pool == null ? null : pool.window());
        }

        /** The block for these ops, or null if the general kernel has to take them. */
        Conv2dTiles.Tile tile() {
            return Conv2dTiles.supports(conv.window()) ? Conv2dTiles.Tile.of(correlation()) : null;
        }

        /** The launch of these ops, which are all of the group; of the general kernel where the tile is null. */
        Launch launch(List<Op> ops, Binding binding, Conv2dTiles.Tile tile) {
            TensorRef last = activation != null ? activation.y() : bias != null ? bias.y() : conv.y();
            Object y = pool == null ? last : binding.ifReadOutside(last, ops);
            Object b = bias == null ? Binding.NULL : bias.b();
            int function =
                    activation == null ? NO_FUNCTION : activation.function().ordinal();
            if (tile == null) {
                return general(
                        binding,
                        "conv2d_general",
                        conv.y(),
                        geometry(conv.x(), conv.w(), conv.window(), conv.y()),
                        conv.x(),
                        conv.w(),
                        b,
                        function,
                        y);
            }
            int area = conv.window().height() * conv.window().width();
            return correlate(
                    binding,
                    correlation(),
                    tile,
                    new Object[] {
                        conv.x().shape().get(2),
                        conv.x().shape().get(3),
                        conv.window().padHeight(),
                        conv.window().padWidth(),
                        conv.x().shape().get(1) * area,
                        area,
                        0
                    },
                    conv.x(),
                    conv.w(),
                    b,
                    function,
                    y,
                    pool == null ? 1 : pool.window().height(),
                    pool == null ? 1 : pool.window().width(),
                    pool == null ? Binding.NULL : pool.y(),
                    pool == null ? Binding.NULL : binding.ifReadOutside(pool.argmax(), ops));
        }
    }

    /** Takes a convolution with bias, activation and pooling, whose outputs between nobody else reads but y. */
    static List<Op> matchPooled(List<Op> rest, Binding binding) {
        Forward f = Forward.at(rest);
        return f.pool != null && inner(rest.subList(0, 4), binding, f.conv.y(), f.bias.y()) && f.tile() != null
                ? rest.subList(0, 4)
                : List.of();
    }

    static List<Op> matchActivated(List<Op> rest, Binding binding) {
        Forward f = Forward.at(rest);
        return f.activation != null && inner(rest.subList(0, 3), binding, f.conv.y(), f.bias.y())
                ? rest.subList(0, 3)
                : List.of();
    }

    static List<Op> matchBiased(List<Op> rest, Binding binding) {
        Forward f = Forward.at(rest);
        return f.bias != null && inner(rest.subList(0, 2), binding, f.conv.y()) ? rest.subList(0, 2) : List.of();
    }

    /** Whether no op but these reads the tensors, so that they need not be written. */
    private static boolean inner(List<Op> ops, Binding binding, TensorRef... tensors) {
        return Arrays.stream(tensors).noneMatch(tensor -> binding.readOutside(tensor, ops));
    }

    static List<Launch> fused(List<Op> ops, Binding binding) {
        Forward f = Forward.at(ops);
        return List.of(f.launch(ops, binding, f.tile()));
    }

    static boolean tiled(Op.Conv2d op, Binding binding) {
        return Forward.at(List.of(op)).tile() != null;
    }

    static List<Launch> forwardTiled(Op.Conv2d op, Binding binding) {
        return fused(List.of(op), binding);
    }

    static boolean wide(Op.Conv2d op, Binding binding) {
        return Conv2dTiles.supports(op.window())
                && Conv2dTiles.Tile.wide(Forward.at(List.of(op)).correlation()) != null;
    }

    /** The same with as many filters a thread as there are kernels for, whatever the size of the batch. */
    static List<Launch> forwardWide(Op.Conv2d op, Binding binding) {
        return fusedWide(List.of(op), binding);
    }

    static List<Launch> fusedWide(List<Op> ops, Binding binding) {
        Forward f = Forward.at(ops);
        return List.of(f.launch(ops, binding, Conv2dTiles.Tile.wide(f.correlation())));
    }

    static List<Launch> forwardGeneral(Op.Conv2d op, Binding binding) {
        List<Op> ops = List.of(op);
        return List.of(Forward.at(ops).launch(ops, binding, null));
    }

    // ---------------------------------------------------------------- input gradient

    /** dx is the correlation of dy with the turned filters, from K channels to C. */
    private static Conv2dTiles.Correlation correlation(Op.Conv2dInputGradient op) {
        return new Conv2dTiles.Correlation(
                op.dy().shape().get(0),
                op.dy().shape().get(1),
                op.dx().shape().get(1),
                op.dx().shape().get(2),
                op.dx().shape().get(3),
                op.window().height(),
                null);
    }

    static boolean tiled(Op.Conv2dInputGradient op, Binding binding) {
        return Conv2dTiles.supports(op.window()) && Conv2dTiles.Tile.of(correlation(op)) != null;
    }

    static List<Launch> inputGradientTiled(Op.Conv2dInputGradient op, Binding binding) {
        int size = op.window().height();
        return List.of(correlate(
                binding,
                correlation(op),
                Conv2dTiles.Tile.of(correlation(op)),
                new Object[] {
                    op.dy().shape().get(2),
                    op.dy().shape().get(3),
                    size - 1 - op.window().padHeight(),
                    size - 1 - op.window().padWidth(),
                    size * size,
                    op.dx().shape().get(1) * size * size,
                    1
                },
                op.dy(),
                op.w(),
                Binding.NULL,
                NO_FUNCTION,
                op.dx(),
                1,
                1,
                Binding.NULL,
                Binding.NULL));
    }

    /**
     * A launch of {@code correlate}.
     *
     * @param input H and W, padding, strides of w and whether it is turned
     */
    private static Launch correlate(
            Binding binding, Conv2dTiles.Correlation c, Conv2dTiles.Tile tile, Object[] input, Object... operands) {
        int tiles = tile.tiles(c);
        // where the filters are staged once, each block does several tiles
        int resident = binding.device().multiprocessors() * Math.max(1, RESIDENT_THREADS / tile.threads());
        int blocks = tile.channels() < c.channels() ? tiles : Math.min(tiles, resident);
        Object[] sizes = {c.images(), c.channels(), input[0], input[1], c.filters(), c.outHeight(), c.outWidth()};
        Object[] cut = {
            tile.strips(), tile.rows(), tile.groups(), tile.channels(), tile.xPitch(), tile.xFloats(), tile.wPitch()
        };
        return binding.launchShared(
                MODULE,
                "conv2d_%dx%d_%d".formatted(c.size(), c.size(), tile.threadFilters()),
                Grid.of(blocks, ceil(c.filters(), tile.groups() * tile.threadFilters())),
                tile.threads(),
                tile.sharedFloats() * Float.BYTES,
                join(sizes, Arrays.copyOfRange(input, 2, 7), cut, operands));
    }

    // ---------------------------------------------------------------- filter gradient

    private static Conv2dTiles.Gradient gradient(Op.Conv2dFilterGradient op) {
        return new Conv2dTiles.Gradient(
                op.x().shape().get(0),
                op.x().shape().get(1),
                op.dy().shape().get(1),
                op.dy().shape().get(2),
                op.dy().shape().get(3),
                op.window().height());
    }

    static boolean tiled(Op.Conv2dFilterGradient op, Binding binding) {
        return Conv2dTiles.supports(op.window()) && Conv2dTiles.Bands.of(gradient(op)) != null;
    }

    static List<Launch> filterGradientTiled(Op.Conv2dFilterGradient op, Binding binding) {
        return filterGradientTiled(op, null, binding);
    }

    /** The two phases; with {@code db} the bias gradient too. */
    private static List<Launch> filterGradientTiled(Op.Conv2dFilterGradient op, TensorRef db, Binding binding) {
        Conv2dTiles.Gradient g = gradient(op);
        Conv2dTiles.Bands bands = Conv2dTiles.Bands.of(g);
        int biases = db == null ? 0 : g.filters();
        Binding.Scratch partial =
                binding.scratch((long) Float.BYTES * bands.slots() * (op.dw().elements() + biases));
        Launch sums = binding.launchShared(
                MODULE,
                "conv2d_filter_gradient_%dx%d_%d".formatted(g.size(), g.size(), bands.threadFilters()),
                Grid.of(bands.slots(), bands.blocks()),
                bands.threads(),
                bands.sharedFloats() * Float.BYTES,
                g.images(),
                g.channels(),
                op.x().shape().get(2),
                op.x().shape().get(3),
                g.filters(),
                g.outHeight(),
                g.outWidth(),
                op.window().padHeight(),
                op.window().padWidth(),
                bands.kGroups(),
                bands.cGroups(),
                bands.splits(),
                bands.rows(),
                bands.unitsPerSlot(),
                bands.xPitch(),
                bands.xFloats(),
                bands.dyPitch(),
                biases,
                op.x(),
                op.dy(),
                partial);
        Object bias = db == null ? Binding.NULL : db;
        return List.of(sums, reduce(binding, bands.slots(), op.dw().elements(), biases, partial, op.dw(), bias));
    }

    /**
     * Takes the gradients of a convolution with bias: {@code db dw} of the network's first layer, {@code db dx dw} of the
     * others.
     */
    static List<Op> matchGradients(List<Op> rest, Binding binding) {
        Op.BiasGradient db = Candidate.at(rest, 0, Op.BiasGradient.class);
        Op.Conv2dInputGradient dx = Candidate.at(rest, 1, Op.Conv2dInputGradient.class);
        Op.Conv2dFilterGradient dw = Candidate.at(rest, dx == null ? 1 : 2, Op.Conv2dFilterGradient.class);
        boolean matches = db != null
                && dw != null
                && dw.dy().equals(db.dy())
                && (dx == null || tiled(dx, binding))
                && tiled(dw, binding);
        return matches ? rest.subList(0, dx == null ? 2 : 3) : List.of();
    }

    static List<Launch> gradients(List<Op> ops, Binding binding) {
        List<Launch> launches = new ArrayList<>();
        if (ops.get(1) instanceof Op.Conv2dInputGradient dx) {
            launches.addAll(inputGradientTiled(dx, binding));
        }
        TensorRef db = ((Op.BiasGradient) ops.get(0)).db();
        launches.addAll(filterGradientTiled((Op.Conv2dFilterGradient) ops.get(ops.size() - 1), db, binding));
        return launches;
    }

    // ---------------------------------------------------------------- any window and stride

    static List<Launch> inputGradientGeneral(Op.Conv2dInputGradient op, Binding binding) {
        return List.of(general(
                binding,
                "conv2d_input_gradient_general",
                op.dx(),
                geometry(op.dx(), op.w(), op.window(), op.dy()),
                op.dy(),
                op.w(),
                op.dx()));
    }

    /** A launch with a thread for each position of {@code y} and four of its channels. */
    private static Launch general(Binding binding, String kernel, TensorRef y, Object[] geometry, Object... arguments) {
        int positions = y.elements() / y.shape().get(1);
        Grid grid = Grid.of(
                ceil(positions, GENERAL_BLOCK),
                Math.min(Grid.MAX_YZ, ceil(y.shape().get(1), GENERAL_FILTERS)));
        return binding.launch(GENERAL, kernel, grid, GENERAL_BLOCK, join(geometry, arguments));
    }

    static List<Launch> filterGradientGeneral(Op.Conv2dFilterGradient op, Binding binding) {
        int elements = op.dw().elements();
        int images = op.x().shape().get(0);
        int imagesPerSlot = ceil(images, GENERAL_SLOTS);
        int slots = ceil(images, imagesPerSlot);
        Binding.Scratch partial = binding.scratch((long) Float.BYTES * slots * elements);
        return List.of(
                binding.launch(
                        GENERAL,
                        "conv2d_filter_gradient_general",
                        Grid.of(ceil(elements, GENERAL_BLOCK), slots),
                        GENERAL_BLOCK,
                        join(
                                geometry(op.x(), op.dw(), op.window(), op.dy()),
                                new Object[] {imagesPerSlot, op.x(), op.dy(), partial})),
                reduce(binding, slots, elements, 0, partial, op.dw(), Binding.NULL));
    }

    private static Launch reduce(
            Binding binding, int slots, int elements, int filters, Binding.Scratch partial, TensorRef dw, Object db) {
        return binding.launch(
                MODULE,
                "conv2d_filter_gradient_reduce",
                Grid.of(ceil(elements + filters, 32)),
                256,
                slots,
                elements,
                filters,
                partial,
                dw,
                db);
    }

    /** N C H W K R S P Q, strides and paddings, the first parameters of the general kernels. */
    private static Object[] geometry(TensorRef x, TensorRef w, Window2d window, TensorRef y) {
        return new Object[] {
            x.shape().get(0),
            x.shape().get(1),
            x.shape().get(2),
            x.shape().get(3),
            w.shape().get(0),
            window.height(),
            window.width(),
            y.shape().get(2),
            y.shape().get(3),
            window.strideHeight(),
            window.strideWidth(),
            window.padHeight(),
            window.padWidth()
        };
    }

    private static Object[] join(Object[]... parts) {
        return Arrays.stream(parts).flatMap(Arrays::stream).toArray();
    }

    private static int ceil(int a, int b) {
        return Conv2dTiles.ceil(a, b);
    }
}
