package dev.weft.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The form that convolution and its input gradient have in common: each position of the output is a sum over channels and
 * some taps of a filter, and each tap meets one position of the input. At the border taps fall away; positions that have
 * the same taps are computed together, so no tap is computed in vain and no image is copied into a frame of zeros.
 *
 * <p>For each kind of column the weights are packed once more, so that the taps of a position are one run.
 */
final class Correlation {
    private final int channels;
    private final int lanes;
    private final Axis rows;
    private final Axis columns;
    private final int inputArea;
    private final FilterBlocks blocks;
    private final Products products;
    private final List<Pack> packs = new ArrayList<>();
    private final Map<List<Integer>, Pack> packsByKind = new HashMap<>();
    private int packedTaps;

    /**
     * One dimension of the image. Output o meets, at {@code base[o] + shifts[p][i]}, the taps {@code taps[p][i]} with i from
     * {@code from[o]} to {@code to[o] - 1}, where p is {@code pattern[o]}.
     *
     * @param input the length of the input
     */
    record Axis(int input, int[] base, int[] pattern, int[] from, int[] to, int[][] taps, int[][] shifts) {

        /** The axis of a convolution: output o begins at input {@code o stride - pad}. */
        static Axis forward(int input, int output, int window, int stride, int pad) {
            Axis axis = empty(input, output, 1);
            axis.taps[0] = new int[window];
            axis.shifts[0] = new int[window];
            for (int r = 0; r < window; r++) {
                axis.taps[0][r] = r;
                axis.shifts[0][r] = r;
            }
            for (int o = 0; o < output; o++) {
                axis.base[o] = o * stride - pad;
            }
            return axis.limited();
        }

        /**
         * The axis of its input gradient: {@code base stride + phase = o + pad}, and the taps are those whose remainder is
         * the phase.
         */
        static Axis backward(int input, int output, int window, int stride, int pad) {
            Axis axis = empty(input, output, stride);
            for (int phase = 0; phase < stride; phase++) {
                int count = (window - phase + stride - 1) / stride;
                axis.taps[phase] = new int[Math.max(0, count)];
                axis.shifts[phase] = new int[Math.max(0, count)];
                for (int i = 0; i < count; i++) {
                    axis.taps[phase][i] = phase + i * stride;
                    axis.shifts[phase][i] = -i;
                }
            }
            for (int o = 0; o < output; o++) {
                axis.base[o] = (o + pad) / stride;
                axis.pattern[o] = (o + pad) % stride;
            }
            return axis.limited();
        }

        private static Axis empty(int input, int output, int patterns) {
            return new Axis(
                    input,
                    new int[output],
                    new int[output],
                    new int[output],
                    new int[output],
                    new int[patterns][],
                    new int[patterns][]);
        }

        /** Leaves out the taps that fall outside the input. */
        private Axis limited() {
            for (int o = 0; o < base.length; o++) {
                int[] shift = shifts[pattern[o]];
                int first = 0;
                while (first < shift.length && !inside(base[o] + shift[first])) {
                    first++;
                }
                int end = first;
                while (end < shift.length && inside(base[o] + shift[end])) {
                    end++;
                }
                from[o] = first;
                to[o] = end;
            }
            return this;
        }

        private boolean inside(int position) {
            return position >= 0 && position < input;
        }

        int length() {
            return base.length;
        }

        /** Outputs with the same taps have the same kind. */
        List<Integer> kind(int o) {
            return from[o] == to[o] ? List.of(0, 0, 0) : List.of(pattern[o], from[o], to[o]);
        }
    }

    /** Taps of a pattern of rows and a kind of columns, row by row, each with all channels; and where their weights are. */
    private record Pack(int rowPattern, List<Integer> columnKind, int at, int[] offsets, int rowLength) {}

    /**
     * Positions with the same taps.
     *
     * @param x where each begins in the input
     * @param y and in the output, from the first row of the {@link #runs} on
     */
    record Run(int packAt, int[] offsets, int from, int to, int[] x, int[] y) {}

    Correlation(int channels, int filters, Axis rows, Axis columns, Products products) {
        this.channels = channels;
        this.lanes = products.lanes();
        this.rows = rows;
        this.columns = columns;
        this.inputArea = rows.input * columns.input;
        this.products = products;
        this.blocks = new FilterBlocks(filters, products);
    }

    FilterBlocks blocks() {
        return blocks;
    }

    /** The runs of output rows {@code first} to {@code end - 1}, which are stored one after the other. */
    Run[] runs(int first, int end) {
        Map<List<List<Integer>>, List<int[]>> positions = new LinkedHashMap<>();
        for (int i = first; i < end; i++) {
            for (int j = 0; j < columns.length(); j++) {
                int x = (rows.base[i] * columns.input + columns.base[j]) * lanes;
                int y = ((i - first) * columns.length() + j) * lanes;
                positions
                        .computeIfAbsent(List.of(rows.kind(i), columns.kind(j)), key -> new ArrayList<>())
                        .add(new int[] {x, y});
            }
        }
        List<Run> runs = new ArrayList<>();
        positions.forEach((kinds, at) -> {
            List<Integer> row = kinds.get(0);
            Pack pack = packsByKind.computeIfAbsent(
                    List.of(
                            row.get(0),
                            kinds.get(1).get(0),
                            kinds.get(1).get(1),
                            kinds.get(1).get(2)),
                    key -> newPack(row.get(0), kinds.get(1)));
            runs.add(new Run(
                    pack.at,
                    pack.offsets,
                    row.get(1) * pack.rowLength,
                    row.get(2) * pack.rowLength,
                    at.stream().mapToInt(p -> p[0]).toArray(),
                    at.stream().mapToInt(p -> p[1]).toArray()));
        });
        return runs.toArray(Run[]::new);
    }

    private Pack newPack(int rowPattern, List<Integer> columnKind) {
        int[] rowShifts = rows.shifts[rowPattern];
        int[] columnShifts =
                Arrays.copyOfRange(columns.shifts[columnKind.get(0)], columnKind.get(1), columnKind.get(2));
        int rowLength = columnShifts.length * channels;
        int[] offsets = new int[rowShifts.length * rowLength];
        int t = 0;
        for (int rowShift : rowShifts) {
            for (int columnShift : columnShifts) {
                for (int c = 0; c < channels; c++) {
                    offsets[t++] = (c * inputArea + rowShift * columns.input + columnShift) * lanes;
                }
            }
        }
        Pack pack = new Pack(rowPattern, columnKind, packedTaps, offsets, rowLength);
        packs.add(pack);
        packedTaps += offsets.length;
        return pack;
    }

    /** Elements of all packed weights; to be asked when all runs are made. */
    long packedLength() {
        return blocks.length(packedTaps);
    }

    /**
     * Packs the weights of one block of filters.
     *
     * @param filterStep distance of two filters in w
     * @param channelStep distance of two channels in w
     * @param windowWidth columns of the filter's window
     */
    void pack(
            int block,
            float[] w,
            int wAt,
            int filterStep,
            int channelStep,
            int windowWidth,
            int lastFilter,
            float[] packed,
            int packedAt) {
        int width = blocks.width(block);
        for (Pack pack : packs) {
            int to = packedAt + blocks.at(block, packedTaps) + pack.at * width;
            int[] rowTaps = rows.taps[pack.rowPattern];
            int[] columnTaps = columns.taps[pack.columnKind.get(0)];
            int firstColumn = pack.columnKind.get(1);
            int endColumn = pack.columnKind.get(2);
            for (int r : rowTaps) {
                for (int s = firstColumn; s < endColumn; s++) {
                    int tap = wAt + r * windowWidth + columnTaps[s];
                    for (int c = 0; c < channels; c++) {
                        for (int k = 0; k < width; k++) {
                            int filter = Math.min(blocks.first(block) + k, lastFilter);
                            packed[to++] = w[tap + filter * filterStep + c * channelStep];
                        }
                    }
                }
            }
        }
    }

    /** Computes the runs for one tile: all filters at all their positions. */
    void run(
            Run[] runs,
            float[] packed,
            int packedAt,
            float[] x,
            int xAt,
            float[] y,
            int yAt,
            int yFilter,
            int filters,
            float[] b,
            int bAt) {
        for (Run run : runs) {
            for (int block = 0; block < blocks.count(); block++) {
                int first = blocks.first(block);
                int width = blocks.width(block);
                products.run(
                        width,
                        packed,
                        packedAt + blocks.at(block, packedTaps) + run.packAt * width,
                        run.offsets,
                        run.from,
                        run.to,
                        x,
                        xAt,
                        run.x,
                        y,
                        yAt + first * yFilter,
                        run.y,
                        0,
                        run.x.length,
                        yFilter,
                        Math.min(width, filters - first) - 1,
                        b,
                        b == null ? 0 : bAt + first);
            }
        }
    }
}
