package dev.weft.cpu;

import java.util.function.IntUnaryOperator;

/**
 * Cuts filters into blocks whose sums fit into registers. The weights of a block are packed tap by tap; a block that is
 * not full repeats its last filter.
 */
final class FilterBlocks {
    private final int filters;
    private final int[] first;
    private final int[] width;
    private final int[] before;

    FilterBlocks(int filters, Products products) {
        this(filters, products::blockWidth);
    }

    /**
     * @param widthOf the width of the next block where so many filters remain
     */
    FilterBlocks(int filters, IntUnaryOperator widthOf) {
        this.filters = filters;
        int count = 0;
        int[] widths = new int[filters];
        for (int done = 0; done < filters; done += widths[count++]) {
            widths[count] = widthOf.applyAsInt(filters - done);
        }
        width = java.util.Arrays.copyOf(widths, count);
        first = new int[count];
        before = new int[count + 1];
        for (int i = 0; i < count; i++) {
            before[i + 1] = before[i] + width[i];
            first[i] = before[i];
        }
    }

    int count() {
        return width.length;
    }

    /** The first filter of a block. */
    int first(int block) {
        return first[block];
    }

    /** The filters of a block, with repeated ones. */
    int width(int block) {
        return width[block];
    }

    /** Where a block begins in packed weights. */
    int at(int block, int taps) {
        return before[block] * taps;
    }

    /** Elements of packed weights. */
    long length(long taps) {
        return before[count()] * taps;
    }

    /**
     * Packs the weights of a block tap by tap: the weight of filter k and tap t is {@code w[wAt + k filterStep + t tapStep]}.
     * One of the steps is 1.
     */
    void pack(int block, float[] w, int wAt, int filterStep, int tapStep, int taps, float[] packed, int packedAt) {
        pack(block, w, wAt, filterStep, tapStep, taps, 0, taps, packed, packedAt);
    }

    /** Packs the taps from one on up to another one. */
    void pack(
            int block,
            float[] w,
            int wAt,
            int filterStep,
            int tapStep,
            int taps,
            int firstTap,
            int endTap,
            float[] packed,
            int packedAt) {
        int from = wAt + first[block] * filterStep + firstTap * tapStep;
        int to = packedAt + at(block, taps) + firstTap * width[block];
        int count = endTap - firstTap;
        int present = Math.min(width[block], filters - first[block]);
        boolean six = width[block] == 6 && present == 6;
        if (six && tapStep == 1) {
            packSixRows(w, from, filterStep, count, packed, to);
        } else if (six && filterStep == 1) {
            packSixColumns(w, from, tapStep, count, packed, to);
        } else if (tapStep == 1) {
            Primitives.rowsToColumns(w, from, present, filterStep, count, packed, to, width[block]);
        } else {
            for (int t = 0; t < count; t++) {
                System.arraycopy(w, from + t * tapStep, packed, to + t * width[block], present);
            }
        }
        for (int k = present; k < width[block]; k++) {
            for (int t = 0; t < count; t++) {
                packed[to + t * width[block] + k] = packed[to + t * width[block] + present - 1];
            }
        }
    }

    /** A loop over the filters, as {@link Primitives#rowsToColumns} has it, takes a third longer. */
    private static void packSixRows(float[] w, int w0, int row, int taps, float[] packed, int to) {
        int w1 = w0 + row;
        int w2 = w1 + row;
        int w3 = w2 + row;
        int w4 = w3 + row;
        int w5 = w4 + row;
        int at = to;
        int t = 0;
        for (; t < taps - 1; t += 2) {
            float a0 = w[w0 + t];
            float a1 = w[w1 + t];
            float a2 = w[w2 + t];
            float a3 = w[w3 + t];
            float a4 = w[w4 + t];
            float a5 = w[w5 + t];
            float b0 = w[w0 + t + 1];
            float b1 = w[w1 + t + 1];
            float b2 = w[w2 + t + 1];
            float b3 = w[w3 + t + 1];
            float b4 = w[w4 + t + 1];
            float b5 = w[w5 + t + 1];
            packed[at] = a0;
            packed[at + 1] = a1;
            packed[at + 2] = a2;
            packed[at + 3] = a3;
            packed[at + 4] = a4;
            packed[at + 5] = a5;
            packed[at + 6] = b0;
            packed[at + 7] = b1;
            packed[at + 8] = b2;
            packed[at + 9] = b3;
            packed[at + 10] = b4;
            packed[at + 11] = b5;
            at += 12;
        }
        if (t < taps) {
            packed[at] = w[w0 + t];
            packed[at + 1] = w[w1 + t];
            packed[at + 2] = w[w2 + t];
            packed[at + 3] = w[w3 + t];
            packed[at + 4] = w[w4 + t];
            packed[at + 5] = w[w5 + t];
        }
    }

    /** Six columns of taps that lie side by side: a loop over them, or a copy of each six, takes twice as long. */
    private static void packSixColumns(float[] w, int from, int tapStep, int taps, float[] packed, int to) {
        for (int t = 0; t < taps; t++) {
            int wi = from + t * tapStep;
            float a0 = w[wi];
            float a1 = w[wi + 1];
            float a2 = w[wi + 2];
            float a3 = w[wi + 3];
            float a4 = w[wi + 4];
            float a5 = w[wi + 5];
            int at = to + 6 * t;
            packed[at] = a0;
            packed[at + 1] = a1;
            packed[at + 2] = a2;
            packed[at + 3] = a3;
            packed[at + 4] = a4;
            packed[at + 5] = a5;
        }
    }
}
