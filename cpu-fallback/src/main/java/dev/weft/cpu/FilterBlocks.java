package dev.weft.cpu;

/**
 * Cuts filters into blocks whose sums fit into registers. The weights of a block are packed tap by tap; a block that is
 * not full repeats its last filter.
 */
final class FilterBlocks {
    private final int[] first;
    private final int[] width;
    private final int[] before;

    FilterBlocks(int filters, Products products) {
        int count = 0;
        int[] widths = new int[filters];
        for (int done = 0; done < filters; done += widths[count++]) {
            widths[count] = products.blockWidth(filters - done);
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
}
