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
     */
    void pack(int block, float[] w, int wAt, int filterStep, int tapStep, int taps, float[] packed, int packedAt) {
        int to = packedAt + at(block, taps);
        int from = wAt + first[block] * filterStep;
        int present = Math.min(width[block], filters - first[block]);
        if (width[block] == 8 && present == 8 && tapStep == 1) {
            packEightRows(w, from, filterStep, taps, packed, to);
            return;
        }
        if (width[block] == present && filterStep == 1) {
            for (int t = 0; t < taps; t++) {
                System.arraycopy(w, from + t * tapStep, packed, to + t * present, present);
            }
            return;
        }
        for (int k = 0; k < width[block]; k++) {
            int filter = from + Math.min(k, present - 1) * filterStep;
            for (int t = 0; t < taps; t++) {
                packed[to + t * width[block] + k] = w[filter + t * tapStep];
            }
        }
    }

    /** One load and one store for each weight: with a loop over the filters it would be several times slower. */
    private static void packEightRows(float[] w, int wAt, int row, int taps, float[] packed, int to) {
        int w1 = wAt + row;
        int w2 = w1 + row;
        int w3 = w2 + row;
        int w4 = w3 + row;
        int w5 = w4 + row;
        int w6 = w5 + row;
        int w7 = w6 + row;
        for (int t = 0; t < taps; t++) {
            int at = to + 8 * t;
            packed[at] = w[wAt + t];
            packed[at + 1] = w[w1 + t];
            packed[at + 2] = w[w2 + t];
            packed[at + 3] = w[w3 + t];
            packed[at + 4] = w[w4 + t];
            packed[at + 5] = w[w5 + t];
            packed[at + 6] = w[w6 + t];
            packed[at + 7] = w[w7 + t];
        }
    }
}
