package dev.weft.cuda;

import dev.weft.op.Window2d;

/** How the kernels of {@code conv2d.cu} cut their work into blocks. Depends on shapes alone, so sums have one order. */
final class Conv2dTiles {
    /** Floats of shared memory that a block may take without asking. */
    private static final int SHARED_FLOATS = 48 * 1024 / Float.BYTES;

    /** More terms than this are too many for one running sum, which a block makes of all channels and taps. */
    private static final int MOST_TERMS = 8192;

    private Conv2dTiles() {}

    /** Whether there are kernels for a window. */
    static boolean supports(Window2d window) {
        int size = window.height();
        return size == window.width()
                && size <= 7
                && size % 2 == 1
                && window.strideHeight() == 1
                && window.strideWidth() == 1;
    }

    /** A correlation of C channels to K filters, with an output of P x Q that max-pooling windows may tile. */
    record Correlation(int images, int channels, int filters, int outHeight, int outWidth, int size, Window2d pool) {}

    /**
     * A block of {@code correlate}: {@code rows} x 4 {@code strips} positions, {@code groups} of {@code threadFilters}
     * filters, {@code channels} at a time.
     */
    record Tile(
            int threadFilters,
            int strips,
            int rows,
            int groups,
            int channels,
            int xPitch,
            int xFloats,
            int wPitch,
            int sharedFloats) {
        private static final int THREADS = 256;

        /** Strips of a row that no bank conflict meets whatever the pitch is: eight threads load 16 bytes at once. */
        private static final int WIDEST = 8;

        /** Warps that an H200 runs at the same time: four on each of 132 multiprocessors. */
        private static final int RUNNING_WARPS = 528;

        /** The filters of a thread for which there are kernels, by the size of the window. */
        private static int[] threadFilters(int size) {
            return switch (size) {
                case 1 -> new int[] {8};
                case 3 -> new int[] {4, 8};
                case 5 -> new int[] {4, 6};
                default -> new int[] {4};
            };
        }

        /** The block for a correlation, or null if none fits. */
        static Tile of(Correlation c) {
            int best = 0;
            long least = Long.MAX_VALUE;
            for (int filters : threadFilters(c.size)) {
                long threads = (long) c.images * c.outHeight * ceil(c.outWidth, 4) * ceil(c.filters, filters);
                long time = ceil(threads, 32 * RUNNING_WARPS) * filters;
                if (time <= least) {
                    least = time;
                    best = filters;
                }
            }
            return of(c, best);
        }

        /** The block with the most filters a thread, or null if none fits. */
        static Tile wide(Correlation c) {
            int[] choices = threadFilters(c.size);
            return of(c, choices[choices.length - 1]);
        }

        private static Tile of(Correlation c, int threadFilters) {
            if ((long) c.channels * c.size * c.size > MOST_TERMS) {
                return null;
            }
            int poolHeight = c.pool == null ? 1 : c.pool.height();
            int poolWidth = c.pool == null ? 1 : c.pool.width();

            int allStrips = ceil(c.outWidth, 4);
            int strips = ceil(allStrips, ceil(allStrips, WIDEST));
            while (strips < allStrips && 4 * strips % poolWidth != 0) {
                strips++;
            }
            int allGroups = ceil(c.filters, threadFilters);
            int mostRows = THREADS / Math.min(4, allGroups) / strips;
            int rows = c.outHeight;
            if (rows > mostRows) {
                rows = mostRows < 1 ? 0 : ceil(rows, ceil(rows, mostRows));
                rows = Math.min(ceil(rows, poolHeight) * poolHeight, mostRows / poolHeight * poolHeight);
            }
            if (strips > WIDEST || rows < 1) {
                return null;
            }
            int groups = Math.min(allGroups, THREADS / (rows * strips));
            groups = ceil(allGroups, ceil(allGroups, groups));
            if (ceil(allGroups, groups) > Grid.MAX_YZ) {
                return null;
            }

            int columns = 4 * strips + ceil(c.size - 1, 4) * 4;
            // rows of less than eight strips: the next row goes on at the bank where the last one ended
            int xPitch = strips == WIDEST || c.size == 1 ? columns : 4 * strips + 32;
            int wPitch = ceil(groups * threadFilters, 4) * 4;
            wPitch += wPitch % 8 == 0 ? 4 : 0;
            int results = groups * threadFilters * rows * 4 * strips;
            int xFloats = (rows + c.size - 1) * xPitch;
            int wFloats = c.size * c.size * wPitch;
            int channels = c.channels;
            for (int chunks = 1; Math.max(results, channels * xFloats) + channels * wFloats > SHARED_FLOATS; chunks++) {
                if (channels == 1) {
                    return null;
                }
                channels = ceil(c.channels, chunks + 1);
            }
            xFloats = Math.max(results, channels * xFloats);
            return new Tile(
                    threadFilters,
                    strips,
                    rows,
                    groups,
                    channels,
                    xPitch,
                    xFloats,
                    wPitch,
                    xFloats + channels * wFloats);
        }

        /** Threads of a block, whole warps. */
        int threads() {
            return ceil(rows * strips * groups, 32) * 32;
        }

        /** Tiles of all images. */
        int tiles(Correlation c) {
            return c.images * ceil(c.outHeight, rows) * ceil(c.outWidth, 4 * strips);
        }
    }

    /** Sizes of a filter gradient: x[N,C,H,W], dw[K,C,R,R], dy[N,K,P,Q]. */
    record Gradient(int images, int channels, int filters, int outHeight, int outWidth, int size) {}

    /**
     * A block of {@code filter_gradient}: {@code kGroups} of {@code threadFilters} filters and {@code cGroups} of
     * channels, bands of {@code rows} rows that {@code splits} threads share.
     */
    record Bands(
            int threadFilters,
            int kGroups,
            int cGroups,
            int splits,
            int rows,
            int xPitch,
            int xFloats,
            int dyPitch,
            int sharedFloats,
            int threads,
            int blocks,
            int unitsPerSlot,
            int slots) {
        private static final int THREADS = 320;

        /** Blocks of a launch, where the batch is large enough for so many: four on each multiprocessor of an H200. */
        private static final int BLOCKS = 512;

        /** Terms of a sum in one register. */
        private static final int LONGEST_SUM = 8192;

        /** The block for a filter gradient, or null if none fits. */
        static Bands of(Gradient g) {
            int size = g.size;
            // as the kernels are instantiated
            int threadFilters = size != 5 ? 4 : ceil(g.filters, 8) * 8 <= ceil(g.filters, 6) * 6 ? 8 : 6;
            int threadChannels = size == 1 ? 4 : 1;
            int windowGroups = size <= 3 ? 1 : size;

            int vectors = ceil(g.outWidth, 4);
            // neighbouring rows begin in different banks
            int xPitch = 4 * vectors + ceil(size - 1, 4) * 4;
            xPitch += xPitch % 8 == 0 ? 4 : 0;
            int dyPitch = 4 * vectors + (vectors % 2 == 0 ? 4 : 0);

            int kGroups = Math.min(8, ceil(g.filters, threadFilters));
            int cGroups = Math.min(8, ceil(g.channels, threadChannels));
            int parts;
            int filters;
            int channels;
            int elements;
            int room;
            while (true) {
                parts = kGroups * cGroups * windowGroups;
                filters = kGroups * threadFilters;
                channels = cGroups * threadChannels;
                elements = filters * channels * size * size;
                room = (SHARED_FLOATS - channels * (size - 1) * xPitch) / (channels * xPitch + filters * dyPitch);
                if (parts <= THREADS / 2 && 2 * elements <= SHARED_FLOATS && room >= Math.min(4, g.outHeight)) {
                    break;
                }
                if (kGroups == 1 && cGroups == 1) {
                    return null;
                }
                if (cGroups >= kGroups) {
                    cGroups = ceil(cGroups, 2);
                } else {
                    kGroups = ceil(kGroups, 2);
                }
            }

            int splits = Math.min(THREADS / parts, SHARED_FLOATS / elements);
            int rows = g.outHeight;
            if (rows > room) {
                rows = ceil(rows, ceil(rows, room));
                rows = Math.min(ceil(rows, splits) * splits, Math.max(rows, room / splits * splits));
            }
            // each thread the same number of rows, or one less
            splits = ceil(rows, ceil(rows, Math.min(splits, rows)));

            long blocks = (long) ceil(g.filters, filters) * ceil(g.channels, channels);
            if (blocks > Grid.MAX_YZ) {
                return null;
            }
            long units = (long) g.images * ceil(g.outHeight, rows);
            long terms = (long) ceil(rows, splits) * g.outWidth;
            long mostUnits = Math.max(1, LONGEST_SUM / terms);
            int unitsPerSlot = (int) Math.min(mostUnits, Math.max(1, ceil(units * blocks, BLOCKS)));
            int xFloats = channels * (rows + g.size - 1) * xPitch;
            int threads = ceil(Math.max(parts * splits, filters), 32) * 32;
            return new Bands(
                    threadFilters,
                    kGroups,
                    cGroups,
                    splits,
                    rows,
                    xPitch,
                    xFloats,
                    dyPitch,
                    Math.max(xFloats + filters * rows * dyPitch, Math.max(splits * elements, threads)),
                    threads,
                    (int) blocks,
                    unitsPerSlot,
                    (int) ceil(units, unitsPerSlot));
        }
    }

    static int ceil(int a, int b) {
        return (a + b - 1) / b;
    }

    private static long ceil(long a, long b) {
        return (a + b - 1) / b;
    }
}
