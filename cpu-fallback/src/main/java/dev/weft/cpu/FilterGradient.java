package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import java.util.Arrays;

/** The gradient of a convolution's filters; see {@link Conv2dKernels#filterGradient}. */
final class FilterGradient {
    /** Bytes of the sums of a block of filters and some channels. */
    private static final int SUMS_BYTES = 10 << 10;

    /** Positions that are gathered at a time, so that what is written in turns stays in the first-level cache. */
    private static final int GATHERED = 32;

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
    private final int[] positions;
    private final Slots slots;
    private final ThreadScratch scratch;
    /** Taps of the channels whose sums are held at a time. */
    private final int tapsOfChannels;

    private final int sumsLength;
    /** Filters of the widest block. */
    private final int mostWidth;

    /** Where images with their padding begin in the scratch memory, after the sums and the gathered gradients. */
    private final int imagesFrom;

    FilterGradient(Conv2dKernels.Geometry g, Op.Conv2dFilterGradient op, Binding binding) {
        this.g = g;
        this.products = binding.primitives().products();
        this.x = binding.tiles(op.x());
        this.dy = binding.tiles(op.dy());
        this.tiling = binding.tiling();
        this.lanes = tiling.lanes();
        this.frame = Frame.of(g, lanes);
        this.taps = frame.taps(g);
        this.positions = frame.positions(g);
        this.slots = new Slots(op.dw().elements(), binding);
        int bytesOfChannel = sums(0, g.area()) * lanes * Float.BYTES;
        int channels = Math.max(1, Math.min(g.channels(), SUMS_BYTES / bytesOfChannel));
        this.tapsOfChannels = channels * g.area();
        int mostSums = 0;
        int most = 0;
        for (int k = 0; k < g.filters(); k += width(k)) {
            mostSums = Math.max(mostSums, sums(k, tapsOfChannels));
            most = Math.max(most, width(k));
        }
        this.mostWidth = most;
        this.sumsLength = mostSums * lanes;
        int group = Math.min(GROUP, tiling.tiles());
        long gathered = (long) group * mostWidth * positions.length * lanes;
        // what no array holds is refused when the arena is allocated, before anything runs
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

    /** Filters of the block that begins with filter k. */
    private int width(int k) {
        return products.gradientWidth(g.filters() - k, g.window().width());
    }

    private int tapsOfBlock(int k) {
        return products.gradientTaps(width(k), g.window().width());
    }

    /** Vectors for the sums of so many taps. */
    private int sums(int k, int count) {
        int blocks = (count + tapsOfBlock(k) - 1) / tapsOfBlock(k);
        return blocks * tapsOfBlock(k) * width(k);
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
        int plane = positions.length * lanes;
        for (int k = 0; k < g.filters(); k += width(k)) {
            for (int t = 0; t < tiles; t++) {
                gather(k, dyAt + t * dy.tile + k * plane, sumsAt + sumsLength + t * mostWidth * plane);
            }
            for (int tap = 0; tap < taps.length; tap += tapsOfChannels) {
                int end = Math.min(taps.length, tap + tapsOfChannels);
                Arrays.fill(scratch.a, sumsAt, sumsAt + sums(k, end - tap) * lanes, 0);
                for (int t = 0; t < tiles; t++) {
                    int gatheredAt = sumsAt + sumsLength + t * mostWidth * plane;
                    addTile(k, tap, end, images, imagesAt + t * imageStep, gatheredAt, sumsAt);
                }
                addLanes(k, tap, end, sumsAt, slotAt);
            }
        }
    }

    /** Puts the gradients of a block of filters side by side, position by position; a block that is not full repeats its last. */
    private void gather(int k, int dyAt, int to) {
        int width = width(k);
        int plane = positions.length * lanes;
        for (int p = 0; p < positions.length; p += GATHERED) {
            int count = Math.min(GATHERED, positions.length - p);
            for (int j = 0; j < width; j++) {
                int from = dyAt + Math.min(j, g.filters() - k - 1) * plane + p * lanes;
                products.spread(dy.reals, from, scratch.a, to + (p * width + j) * lanes, width * lanes, count);
            }
        }
    }

    /** Adds what a tile contributes to some taps of a block of filters, one piece of the positions after the other. */
    private void addTile(int k, int firstTap, int endTap, float[] images, int imageAt, int gatheredAt, int sumsAt) {
        int width = width(k);
        int step = tapsOfBlock(k);
        int pieceBytes = products.gradientPieceBytes();
        int pieces = (width * positions.length * lanes * Float.BYTES + pieceBytes - 1) / pieceBytes;
        for (int piece = 0; piece < pieces; piece++) {
            int from = (int) ((long) piece * positions.length / pieces);
            int to = (int) ((piece + 1L) * positions.length / pieces);
            int sums = sumsAt;
            for (int tap = firstTap; tap < endTap; tap += step) {
                products.gradient(
                        width,
                        g.window().width(),
                        scratch.a,
                        gatheredAt + from * width * lanes,
                        images,
                        imageAt,
                        positions,
                        from,
                        to,
                        taps,
                        tap,
                        Math.min(tap + step, endTap) - 1,
                        scratch.a,
                        sums);
                sums += width * step * lanes;
            }
        }
    }

    /** Adds the lanes of the sums up, each into its element of the slot. */
    private void addLanes(int k, int firstTap, int endTap, int sumsAt, int slotAt) {
        int width = width(k);
        int step = tapsOfBlock(k);
        products.sumLanes(scratch.a, sumsAt, sums(k, endTap - firstTap));
        int filters = Math.min(width, g.filters() - k);
        for (int tap = firstTap; tap < endTap; tap += step) {
            for (int j = 0; j < filters; j++) {
                int from = sumsAt + (tap - firstTap) * width + j * step;
                int to = slotAt + (k + j) * taps.length + tap;
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

        /** Where the window of each output begins. */
        int[] positions(Conv2dKernels.Geometry g) {
            int[] positions = new int[g.outHeight() * g.outWidth()];
            for (int p = 0; p < positions.length; p++) {
                int row = p / g.outWidth() * g.window().strideHeight();
                int column = p % g.outWidth() * g.window().strideWidth();
                positions[p] = (row * width + column) * lanes;
            }
            return positions;
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
