package dev.weft.cpu;

import java.util.Arrays;

/** The products of tiles in plain loops that HotSpot's compiler turns into vector code, see {@link LoopMemory}. */
final class ScalarProducts implements Products {
    private static final int LANES = LoopMemory.LANES;
    private static final int SLOT = LoopMemory.SLOT;

    /** The most filters of a block. */
    static final int WIDTH = 16;

    /** The most positions that are computed together. */
    private static final int POSITIONS = LoopMemory.VECTORS;

    /** Taps that a loop adds to a sum; with one more, JDK 17 makes no vectors. */
    private static final int TAPS = 5;

    /** Products that a loop adds to a gradient's sum; with one more, neither JDK 17 nor 25 makes vectors. */
    private static final int PRODUCTS = 3;

    /** The most filters of a gradient's block: with more, their sums do not stay in the cache. */
    private static final int GRADIENT_FILTERS = 4;

    /** The most positions of a gradient's sum that are computed side by side. */
    private static final int GRADIENT_POSITIONS = LoopMemory.VECTORS;

    /** Where the sums of a filter's gradient begin, after the output's gradients. They are zero between two calls. */
    private static final int SUMS = PRODUCTS * SLOT;

    /** Bytes of the output's gradient that a piece takes; larger pieces add up sums less often. */
    private static final int PIECE_BYTES = 1 << 20;

    private final LoopMemory memory;

    ScalarProducts(LoopMemory memory) {
        this.memory = memory;
    }

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int blockWidth(int remaining) {
        return evenly(remaining, WIDTH);
    }

    @Override
    public int positions(int width) {
        return POSITIONS;
    }

    @Override
    public void run(
            int width,
            int count,
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        run(
                count,
                1,
                taps,
                LANES,
                w,
                wAt,
                1,
                width,
                x,
                xAt,
                xStep,
                start,
                startAt,
                startFilter,
                startStep,
                y,
                yAt,
                yFilter,
                yStep,
                last);
    }

    @Override
    public int blockRows(boolean packed) {
        return WIDTH;
    }

    @Override
    public int group() {
        return 4;
    }

    @Override
    public void runPacked(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        run(
                vectors,
                1,
                terms,
                vectors * LANES,
                w,
                wAt,
                1,
                WIDTH,
                x,
                xAt,
                LANES,
                start,
                startAt,
                startRow,
                LANES,
                y,
                yAt,
                yRow,
                LANES,
                last);
    }

    @Override
    public void runRows(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        run(
                vectors,
                1,
                terms,
                vectors * LANES,
                w,
                wAt,
                wRow,
                1,
                x,
                xAt,
                LANES,
                start,
                startAt,
                startRow,
                LANES,
                y,
                yAt,
                yRow,
                LANES,
                last);
    }

    /** A row of pixels lies side by side: all positions and taps that meet it have one copy. */
    @Override
    public int pixelStep(int planes) {
        return LANES;
    }

    @Override
    public int planeStep(int columns) {
        return columns * LANES;
    }

    @Override
    public void runFrame(
            int width,
            int count,
            int columns,
            int planes,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int step,
            int frameColumns,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        run(
                count,
                columns,
                planes,
                planeStep(frameColumns),
                w,
                wAt,
                1,
                width,
                x,
                xAt,
                step * LANES,
                start,
                startAt,
                startFilter,
                startStep,
                y,
                yAt,
                yFilter,
                yStep,
                last);
    }

    /** Sums over columns and planes; a column is a vector after the one before it. */
    private void run(
            int count,
            int columns,
            int planes,
            int planeStep,
            float[] w,
            int wAt,
            int wFilter,
            int wTap,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        LoopMemory.Slice own = memory.ofThread();
        boolean rows = (columns == 3 || columns == TAPS) && xStep == LANES;
        int terms = rows ? planes : columns * planes;
        int piece = rows ? TERMS / columns : TERMS;
        int parts = (count + POSITIONS - 1) / POSITIONS;
        for (int part = 0; part < parts; part++) {
            int first = part * count / parts;
            int positions = (part + 1) * count / parts - first;
            int at = xAt + first * xStep;
            for (int from = 0; from == 0 || from < terms; from += piece) {
                int to = Math.min(terms, from + piece);
                for (int k = 0; k <= last; k++) {
                    Arrays.fill(own.filters()[k], own.at(), own.at() + positions * LANES, 0);
                }
                if (rows) {
                    addRows(own, positions, columns, planes, from, to, planeStep, w, wAt, wFilter, wTap, x, at, last);
                } else {
                    addTaps(own, positions, planes, from, to, planeStep, w, wAt, wFilter, wTap, x, at, xStep, last);
                }
                for (int k = 0; k <= last; k++) {
                    int result = yAt + k * yFilter + first * yStep;
                    if (from > 0) {
                        copy(positions, y, result, yStep, own.x(), own.at(), LANES);
                        add(own.x(), own.filters()[k], own.at(), own.at() + positions * LANES);
                    }
                    if (to == terms) {
                        int startOf = startAt + k * startFilter + first * startStep;
                        copy(positions, start, startOf, startStep, own.x(), own.at(), LANES);
                        add(own.x(), own.filters()[k], own.at(), own.at() + positions * LANES);
                    }
                    copy(positions, own.filters()[k], own.at(), LANES, y, result, yStep);
                }
            }
        }
    }

    private static float multiplyAdd(float a, float b, float c) {
        return HotSpot.FMA ? Math.fma(a, b, c) : a * b + c;
    }

    /**
     * Adds the products of some planes' rows of three or five taps to the sums of all filters, where neighbouring positions meet
     * neighbouring pixels.
     */
    private static void addRows(
            LoopMemory.Slice own,
            int positions,
            int columns,
            int planes,
            int from,
            int to,
            int planeStep,
            float[] w,
            int wAt,
            int wFilter,
            int wTap,
            float[] x,
            int xAt,
            int last) {
        int at = own.at();
        int end = at + positions * LANES;
        int column = planes * wTap;
        for (int plane = from; plane < to; plane++) {
            System.arraycopy(x, xAt + plane * planeStep, own.x(), at, (positions + columns - 1) * LANES);
            for (int k = 0; k <= last; k++) {
                int wi = wAt + k * wFilter + plane * wTap;
                float w0 = w[wi];
                float w1 = w[wi + column];
                float w2 = w[wi + 2 * column];
                if (columns == 3) {
                    addRow(own.x(), w0, w1, w2, own.filters()[k], at, end);
                } else {
                    addRow(own.x(), w0, w1, w2, w[wi + 3 * column], w[wi + 4 * column], own.filters()[k], at, end);
                }
            }
        }
    }

    private static void addRow(float[] x, float w0, float w1, float w2, float[] y, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(w0, x[i], y[i]);
            sum = multiplyAdd(w1, x[i + LANES], sum);
            y[i] = multiplyAdd(w2, x[i + 2 * LANES], sum);
        }
    }

    private static void addRow(
            float[] x, float w0, float w1, float w2, float w3, float w4, float[] y, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(w0, x[i], y[i]);
            sum = multiplyAdd(w1, x[i + LANES], sum);
            sum = multiplyAdd(w2, x[i + 2 * LANES], sum);
            sum = multiplyAdd(w3, x[i + 3 * LANES], sum);
            y[i] = multiplyAdd(w4, x[i + 4 * LANES], sum);
        }
    }

    /** Adds the products of some taps to the sums of all filters. */
    private static void addTaps(
            LoopMemory.Slice own,
            int positions,
            int planes,
            int from,
            int to,
            int planeStep,
            float[] w,
            int wAt,
            int wFilter,
            int wTap,
            float[] x,
            int xAt,
            int xStep,
            int last) {
        int at = own.at();
        int end = at + positions * LANES;
        int t = from;
        for (; t <= to - TAPS; t += TAPS) {
            for (int i = 0; i < TAPS; i++) {
                int xi = xAt + (t + i) / planes * LANES + (t + i) % planes * planeStep;
                copy(positions, x, xi, xStep, own.x(), at + i * SLOT, LANES);
            }
            for (int k = 0; k <= last; k++) {
                int wi = wAt + k * wFilter + t * wTap;
                float w0 = w[wi];
                float w1 = w[wi + wTap];
                float w2 = w[wi + 2 * wTap];
                float w3 = w[wi + 3 * wTap];
                float w4 = w[wi + 4 * wTap];
                addFive(own.x(), w0, w1, w2, w3, w4, own.filters()[k], at, end);
            }
        }
        for (; t < to; t++) {
            int xi = xAt + t / planes * LANES + t % planes * planeStep;
            copy(positions, x, xi, xStep, own.x(), at, LANES);
            for (int k = 0; k <= last; k++) {
                addOne(own.x(), w[wAt + k * wFilter + t * wTap], own.filters()[k], at, end);
            }
        }
    }

    private static void addFive(
            float[] x, float w0, float w1, float w2, float w3, float w4, float[] y, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(w0, x[i], y[i]);
            sum = multiplyAdd(w1, x[i + SLOT], sum);
            sum = multiplyAdd(w2, x[i + 2 * SLOT], sum);
            sum = multiplyAdd(w3, x[i + 3 * SLOT], sum);
            y[i] = multiplyAdd(w4, x[i + 4 * SLOT], sum);
        }
    }

    private static void addOne(float[] x, float w, float[] y, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            y[i] = multiplyAdd(w, x[i], y[i]);
        }
    }

    private static void add(float[] x, float[] y, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            y[i] = y[i] + x[i];
        }
    }

    /** Copies vectors. */
    private static void copy(int count, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
        if (xStep == LANES && yStep == LANES) {
            System.arraycopy(x, xAt, y, yAt, count * LANES);
            return;
        }
        for (int i = 0; i < count; i++) {
            System.arraycopy(x, xAt + i * xStep, y, yAt + i * yStep, LANES);
        }
    }

    @Override
    public void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count) {
        copy(count, x, xAt, LANES, y, yAt, yStep);
    }

    /** Neighbouring positions of a row, and a row of taps where it has no more than a loop takes. */
    @Override
    public GradientBlock gradientBlock(int remaining, int row, int columns) {
        int taps = row > 1 && row < TAPS ? row : TAPS;
        return new GradientBlock(evenly(remaining, GRADIENT_FILTERS), taps, evenly(columns, GRADIENT_POSITIONS));
    }

    /** The size of the first of as few parts as possible. */
    private static int evenly(int count, int most) {
        int parts = (count + most - 1) / most;
        return (count + parts - 1) / parts;
    }

    /** The vectors of a filter lie side by side. */
    @Override
    public int gradientFilterStep(GradientBlock block, int passes) {
        return passes * block.columns() * LANES;
    }

    @Override
    public int gradientPositionStep(GradientBlock block) {
        return LANES;
    }

    @Override
    public int gradientPieceBytes() {
        return PIECE_BYTES;
    }

    @Override
    public void gradient(
            GradientBlock block,
            float[] dy,
            int dyAt,
            float[] x,
            int xAt,
            int[] xs,
            int from,
            int to,
            int[] taps,
            int firstTap,
            int lastTap,
            float[] lanes,
            int lanesAt) {
        LoopMemory.Slice own = memory.ofThread();
        int columns = block.columns();
        int present = lastTap - firstTap + 1;
        int filterStep = gradientFilterStep(block, to - from);
        // taps of a row meet the same pixels; others have a row of pixels each
        boolean row = taps[lastTap] - taps[firstTap] == (present - 1) * LANES;
        int passes = row ? 1 : GRADIENT_POSITIONS / columns;
        int end = own.at() + passes * columns * LANES;
        for (int k = 0; k < block.filters(); k++) {
            for (int t = 0; t < present; t++) {
                int result = lanesAt + (k * block.taps() + t) * LANES;
                System.arraycopy(lanes, result, own.filters()[k], own.at() + SUMS + t * SLOT, LANES);
            }
        }
        for (int first = from; first < to; first += PRODUCTS * passes) {
            for (int k = 0; k < block.filters(); k++) {
                copyGradients(
                        dy,
                        dyAt + k * filterStep,
                        first - from,
                        to - from,
                        passes,
                        columns,
                        own.filters()[k],
                        own.at());
            }
            if (row) {
                copyPixels(x, xAt + taps[firstTap], xs, first, to, 1, columns + present - 1, own.x(), own.at());
                for (int k = 0; k < block.filters(); k++) {
                    for (int t = 0; t < present; t++) {
                        addProducts(t, own.x(), own.filters()[k], own.at(), end);
                    }
                }
            } else {
                for (int t = 0; t < present; t++) {
                    copyPixels(
                            x, xAt + taps[firstTap + t], xs, first, to, passes, columns, own.x(), own.at() + t * LANES);
                    for (int k = 0; k < block.filters(); k++) {
                        addProducts(t, own.x(), own.filters()[k], own.at(), end);
                    }
                }
            }
        }
        for (int k = 0; k < block.filters(); k++) {
            for (int t = 0; t < present; t++) {
                float[] sums = own.filters()[k];
                int at = own.at() + SUMS + t * SLOT;
                LoopMemory.addUp(sums, at);
                System.arraycopy(sums, at, lanes, lanesAt + (k * block.taps() + t) * LANES, LANES);
                Arrays.fill(sums, at, at + GRADIENT_POSITIONS * LANES, 0);
            }
        }
    }

    /** One filter's gradients of the next passes, zeros after the last. */
    private static void copyGradients(
            float[] dy, int dyAt, int first, int end, int passes, int columns, float[] to, int at) {
        int length = passes * columns * LANES;
        for (int i = 0; i < PRODUCTS; i++) {
            int pass = Math.min(end, first + i * passes);
            int present = (Math.min(end, pass + passes) - pass) * columns * LANES;
            int slot = at + i * SLOT;
            System.arraycopy(dy, dyAt + pass * columns * LANES, to, slot, present);
            Arrays.fill(to, slot + present, slot + length, 0);
        }
    }

    /** The pixels that the next passes meet; the last ones again, times zero, after the last. */
    private static void copyPixels(
            float[] x, int xAt, int[] xs, int first, int end, int passes, int columns, float[] to, int at) {
        for (int i = 0; i < PRODUCTS; i++) {
            for (int j = 0; j < passes; j++) {
                int pass = Math.min(end - 1, first + i * passes + j);
                System.arraycopy(x, xAt + xs[pass], to, at + i * SLOT + j * columns * LANES, columns * LANES);
            }
        }
    }

    /** A loop for each tap, since what it reads has to lie a constant distance from its index. */
    private static void addProducts(int tap, float[] x, float[] f, int at, int end) {
        switch (tap) {
            case 0 -> addProducts0(x, f, at, end);
            case 1 -> addProducts1(x, f, at, end);
            case 2 -> addProducts2(x, f, at, end);
            case 3 -> addProducts3(x, f, at, end);
            default -> addProducts4(x, f, at, end);
        }
    }

    private static void addProducts0(float[] x, float[] f, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(f[i], x[i], f[i + SUMS]);
            sum = multiplyAdd(f[i + SLOT], x[i + SLOT], sum);
            f[i + SUMS] = multiplyAdd(f[i + 2 * SLOT], x[i + 2 * SLOT], sum);
        }
    }

    private static void addProducts1(float[] x, float[] f, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(f[i], x[i + LANES], f[i + SUMS + SLOT]);
            sum = multiplyAdd(f[i + SLOT], x[i + SLOT + LANES], sum);
            f[i + SUMS + SLOT] = multiplyAdd(f[i + 2 * SLOT], x[i + 2 * SLOT + LANES], sum);
        }
    }

    private static void addProducts2(float[] x, float[] f, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(f[i], x[i + 2 * LANES], f[i + SUMS + 2 * SLOT]);
            sum = multiplyAdd(f[i + SLOT], x[i + SLOT + 2 * LANES], sum);
            f[i + SUMS + 2 * SLOT] = multiplyAdd(f[i + 2 * SLOT], x[i + 2 * SLOT + 2 * LANES], sum);
        }
    }

    private static void addProducts3(float[] x, float[] f, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(f[i], x[i + 3 * LANES], f[i + SUMS + 3 * SLOT]);
            sum = multiplyAdd(f[i + SLOT], x[i + SLOT + 3 * LANES], sum);
            f[i + SUMS + 3 * SLOT] = multiplyAdd(f[i + 2 * SLOT], x[i + 2 * SLOT + 3 * LANES], sum);
        }
    }

    private static void addProducts4(float[] x, float[] f, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            float sum = multiplyAdd(f[i], x[i + 4 * LANES], f[i + SUMS + 4 * SLOT]);
            sum = multiplyAdd(f[i + SLOT], x[i + SLOT + 4 * LANES], sum);
            f[i + SUMS + 4 * SLOT] = multiplyAdd(f[i + 2 * SLOT], x[i + 2 * SLOT + 4 * LANES], sum);
        }
    }

    /** None: loops for vectors made by the compiler have one result, and {@link Correlation} feeds them. */
    @Override
    public int scatterPixels(int row) {
        return 0;
    }

    @Override
    public void scatter(
            float[] w, int wAt, float[] x, int xAt, int[] xs, int from, int to, float[] y, int yAt, int yChannel) {
        throw new UnsupportedOperationException("scatterPixels is 0");
    }

    @Override
    public void sumLanes(float[] x, int xAt, int count) {
        for (int i = 0; i < count; i++) {
            int from = xAt + i * LANES;
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            for (int lane = from; lane < from + LANES; lane += 4) {
                s0 += x[lane];
                s1 += x[lane + 1];
                s2 += x[lane + 2];
                s3 += x[lane + 3];
            }
            x[xAt + i] = (s0 + s1) + (s2 + s3);
        }
    }
}
