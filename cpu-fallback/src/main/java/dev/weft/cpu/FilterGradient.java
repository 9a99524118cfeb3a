package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** The gradient of a convolution's filters; see {@link Conv2dKernels#filterGradient}. */
final class FilterGradient {
    /** Bytes of the sums of a block of filters and some channels. */
    private static final int SUMS_BYTES = 10 << 10;

    /** Tiles whose sums are added up lane by lane; more would lose digits in long running sums. */
    private static final int GROUP = 2;

    private final Conv2dKernels.Geometry g;
    private final Products products;
    private final Operand x;
    private final Operand dy;
    private final Tiling tiling;
    private final int lanes;
    private final Frame frame;
    private final int[] taps;
    private final Block[] blocks;
    private final Slots slots;
    private final ThreadScratch scratch;
    /** Taps of the channels whose sums are held at a time. */
    private final int tapsOfChannels;

    private final int sumsLength;
    /** Elements of the gathered gradients of a tile. */
    private final int gatheredLength;

    /** Where images with their padding begin in the scratch memory, after the sums and the gathered gradients. */
    private final int imagesFrom;

    /**
     * Filters that are summed up together.
     *
     * @param first the first of them
     * @param passes where the window of each pass's first position begins
     */
    private record Block(int first, GradientBlock shape, int[] passes) {
        int filters() {
            return shape.filters();
        }

        /** Vectors of the output's gradient that a pass takes. */
        int vectorsOfPass() {
            return shape.columns() * shape.filters();
        }

        long gathered() {
            return (long) passes.length * vectorsOfPass();
        }
    }

    FilterGradient(Conv2dKernels.Geometry g, Op.Conv2dFilterGradient op, Binding binding) {
        this.g = g;
        this.products = binding.primitives().products();
        this.x = binding.tiles(op.x());
        this.dy = binding.tiles(op.dy());
        this.tiling = binding.tiling();
        this.lanes = tiling.lanes();
        this.frame = Frame.of(g, lanes);
        this.taps = frame.taps(g);
        this.blocks = blocks();
        this.slots = new Slots(op.dw().elements(), binding);
        int bytesOfChannel = blocks[0].shape.sums(g.area()) * lanes * Float.BYTES;
        int channels = Math.max(1, Math.min(g.channels(), SUMS_BYTES / bytesOfChannel));
        this.tapsOfChannels = channels * g.area();
        this.sumsLength = (int) most(block -> block.shape.sums(tapsOfChannels)) * lanes;
        long mostGathered = most(this::gatheredLength);
        int group = Math.min(GROUP, tiling.tiles());
        long gathered = group * mostGathered;
        // what no array holds is refused when the arena is allocated, before anything runs
        this.gatheredLength = (int) Math.min(mostGathered, Integer.MAX_VALUE);
        this.imagesFrom = (int) Math.min(sumsLength + gathered, Integer.MAX_VALUE);
        long frames = frame.isNeeded() ? (long) group * frame.length() : 0;
        this.scratch = binding.threadScratch(sumsLength + gathered + frames);
    }

    Kernel kernel(Reals dw, Binding binding) {
        return Kernel.reduced(
                (task, frameOfTask, thread) -> {
                    int sumsAt = scratch.at(thread);
                    for (int slot = task.firstSlot(); slot < task.endSlot(); slot++) {
                        int slotAt = slots.clear(slot);
                        int end = tiling.firstTile(slot + 1);
                        for (int first = tiling.firstTile(slot); first < end; first += GROUP) {
                            int tile = first - task.first();
                            int dyAt = dy.at(task, frameOfTask) + tile * dy.tile;
                            int xAt = x.at(task, frameOfTask) + tile * x.tile;
                            add(Math.min(GROUP, end - first), xAt, dyAt, sumsAt, slotAt);
                        }
                    }
                },
                slots.combine(dw));
    }

    private Block[] blocks() {
        int row = g.window().width();
        int columns = g.window().strideWidth() == 1 ? g.outWidth() : 1;
        Map<Integer, int[]> passes = new HashMap<>();
        List<Block> all = new ArrayList<>();
        for (int k = 0; k < g.filters(); k += all.get(all.size() - 1).filters()) {
            GradientBlock shape = products.gradientBlock(g.filters() - k, row, columns);
            int[] begins = passes.computeIfAbsent(shape.columns(), count -> frame.passes(g, count));
            all.add(new Block(k, shape, begins));
        }
        return all.toArray(Block[]::new);
    }

    private long most(ToLongFunction<Block> size) {
        return Arrays.stream(blocks).mapToLong(size).max().orElseThrow();
    }

    /** Adds what some tiles contribute. */
    private void add(int tiles, int xAt, int dyAt, int sumsAt, int slotAt) {
        float[] images = x.reals;
        int imagesAt = xAt;
        int imageStep = x.tile;
        if (frame.isNeeded()) {
            images = scratch.a;
            imagesAt = sumsAt + imagesFrom;
            imageStep = frame.length();
            for (int t = 0; t < tiles; t++) {
                frame.fill(g, x.reals, xAt + t * x.tile, scratch.a, imagesAt + t * imageStep);
            }
        }
        for (Block block : blocks) {
            int pieces = pieces(block);
            int together = Math.max(1, (int) ((long) Products.TERMS * pieces / (tiles * positions())));
            for (int piece = 0; piece < pieces; piece += together) {
                int endPiece = Math.min(pieces, piece + together);
                for (int tap = 0; tap < taps.length; tap += tapsOfChannels) {
                    int end = Math.min(taps.length, tap + tapsOfChannels);
                    Arrays.fill(scratch.a, sumsAt, sumsAt + block.shape.sums(end - tap) * lanes, 0);
                    for (int t = 0; t < tiles; t++) {
                        int image = imagesAt + t * imageStep;
                        int gatheredAt = sumsAt + sumsLength + t * gatheredLength;
                        addTile(
                                block,
                                piece,
                                endPiece,
                                tap,
                                end,
                                images,
                                image,
                                dyAt + t * dy.tile,
                                gatheredAt,
                                sumsAt);
                    }
                    addLanes(block, tap, end, sumsAt, slotAt);
                }
            }
        }
    }

    private long positions() {
        return (long) g.outHeight() * g.outWidth();
    }

    /**
     * Adds what a tile contributes to some taps of a block of filters, some pieces of the passes one after the other. A piece
     * is gathered for the first taps, and kept where there are more.
     */
    private void addTile(
            Block block,
            int firstPiece,
            int endPiece,
            int firstTap,
            int endTap,
            float[] images,
            int imageAt,
            int dyAt,
            int gatheredAt,
            int sumsAt) {
        int step = block.shape.taps();
        int pass = block.vectorsOfPass() * lanes;
        for (int piece = firstPiece; piece < endPiece; piece++) {
            int from = firstPass(block, piece);
            int to = firstPass(block, piece + 1);
            int pieceAt = keepsGathered() ? gatheredAt + from * pass : gatheredAt;
            if (firstTap == 0) {
                gather(block, dyAt, from, to, pieceAt);
            }
            int sums = sumsAt;
            for (int tap = firstTap; tap < endTap; tap += step) {
                products.gradient(
                        block.shape,
                        scratch.a,
                        pieceAt,
                        images,
                        imageAt,
                        block.passes,
                        from,
                        to,
                        taps,
                        tap,
                        Math.min(tap + step, endTap) - 1,
                        scratch.a,
                        sums);
                sums += block.filters() * step * lanes;
            }
        }
    }

    private boolean keepsGathered() {
        return tapsOfChannels < taps.length;
    }

    private int pieces(Block block) {
        long bytes = block.gathered() * lanes * Float.BYTES;
        int pieceBytes = products.gradientPieceBytes();
        return (int) Math.min(block.passes.length, (bytes + pieceBytes - 1) / pieceBytes);
    }

    private int firstPass(Block block, int piece) {
        return (int) ((long) piece * block.passes.length / pieces(block));
    }

    /** Elements for the gradients that are gathered at a time. */
    private long gatheredLength(Block block) {
        long passes = (block.passes.length + pieces(block) - 1) / pieces(block);
        return (keepsGathered() ? block.gathered() : passes * block.vectorsOfPass()) * lanes;
    }

    /**
     * Puts the gradients of a block of filters side by side, in the order that the loops want; a block that is not full
     * repeats its last. The last pass of a row begins earlier where the row has no whole number of passes, and has zeros for
     * the positions that the pass before it has.
     */
    private void gather(Block block, int dyAt, int from, int end, int to) {
        int columns = block.shape.columns();
        int filterStep = products.gradientFilterStep(block.shape, end - from);
        int positionStep = products.gradientPositionStep(block.shape);
        int wholeOfRow = g.outWidth() / columns;
        int rest = g.outWidth() % columns;
        int passesOfRow = rest == 0 ? wholeOfRow : wholeOfRow + 1;
        int plane = g.outHeight() * g.outWidth() * lanes;
        for (int j = 0; j < block.filters(); j++) {
            int image = dyAt + Math.min(block.first + j, g.filters() - 1) * plane;
            int at = to + j * filterStep;
            int pass = from;
            while (pass < end) {
                int first = pass % passesOfRow;
                int row = image + pass / passesOfRow * g.outWidth() * lanes;
                int whole = Math.min(end - pass, wholeOfRow - first);
                if (whole > 0) {
                    int count = whole * columns;
                    products.spread(dy.reals, row + first * columns * lanes, scratch.a, at, positionStep, count);
                    at += count * positionStep;
                    pass += whole;
                } else {
                    for (int q = rest; q < columns; q++) {
                        Arrays.fill(scratch.a, at, at + lanes, 0);
                        at += positionStep;
                    }
                    int last = row + (g.outWidth() - rest) * lanes;
                    products.spread(dy.reals, last, scratch.a, at, positionStep, rest);
                    at += rest * positionStep;
                    pass++;
                }
            }
        }
    }

    /** Adds the lanes of the sums up, each into its element of the slot. */
    private void addLanes(Block block, int firstTap, int endTap, int sumsAt, int slotAt) {
        int step = block.shape.taps();
        products.sumLanes(scratch.a, sumsAt, block.shape.sums(endTap - firstTap));
        int filters = Math.min(block.filters(), g.filters() - block.first);
        for (int tap = firstTap; tap < endTap; tap += step) {
            for (int j = 0; j < filters; j++) {
                int from = sumsAt + (tap - firstTap) * block.filters() + j * step;
                int to = slotAt + (block.first + j) * taps.length + tap;
                for (int i = 0; i < Math.min(step, endTap - tap); i++) {
                    slots.array()[to + i] += scratch.a[from + i];
                }
            }
        }
    }

    /** A tile's images with their padding. */
    private record Frame(int height, int width, int channels, int lanes, boolean isNeeded) {
        static Frame of(Conv2dKernels.Geometry g, int lanes) {
            Window2d w = g.window();
            boolean padded = w.padHeight() > 0 || w.padWidth() > 0;
            return new Frame(g.height() + 2 * w.padHeight(), g.width() + 2 * w.padWidth(), g.channels(), lanes, padded);
        }

        int length() {
            return (int) Math.min(Integer.MAX_VALUE, (long) channels * height * width * lanes);
        }

        /** Where the taps (c,r,s) of a filter lie, relative to the position of an output. */
        int[] taps(Conv2dKernels.Geometry g) {
            int[] taps = new int[channels * g.area()];
            int tap = 0;
            for (int c = 0; c < channels; c++) {
                for (int r = 0; r < g.window().height(); r++) {
                    for (int s = 0; s < g.window().width(); s++) {
                        taps[tap++] = ((c * height + r) * width + s) * lanes;
                    }
                }
            }
            return taps;
        }

        /** Where the window of the first of each so many outputs of a row begins. */
        int[] passes(Conv2dKernels.Geometry g, int columns) {
            int count = (g.outWidth() + columns - 1) / columns;
            int[] passes = new int[g.outHeight() * count];
            for (int i = 0; i < passes.length; i++) {
                int row = i / count * g.window().strideHeight();
                int column = Math.min(i % count * columns, g.outWidth() - columns)
                        * g.window().strideWidth();
                passes[i] = (row * width + column) * lanes;
            }
            return passes;
        }

        void fill(Conv2dKernels.Geometry g, float[] x, int xAt, float[] frame, int frameAt) {
            int left = g.window().padWidth() * lanes;
            int top = g.window().padHeight();
            int row = g.width() * lanes;
            int frameRow = width * lanes;
            for (int c = 0; c < channels; c++) {
                int to = frameAt + c * height * frameRow;
                Arrays.fill(frame, to, to + top * frameRow, 0);
                for (int h = 0; h < g.height(); h++) {
                    int line = to + (top + h) * frameRow;
                    Arrays.fill(frame, line, line + left, 0);
                    System.arraycopy(x, xAt + (c * g.height() + h) * row, frame, line + left, row);
                    Arrays.fill(frame, line + left + row, line + frameRow, 0);
                }
                Arrays.fill(frame, to + (top + g.height()) * frameRow, to + height * frameRow, 0);
            }
        }
    }
}
