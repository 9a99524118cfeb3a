package dev.weft.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The form that convolution and its input gradient have in common: each position of the output is a sum over the channels
 * and the taps of a filter, and each tap meets one position of the input.
 *
 * <p>For each row of the output the input rows that it needs are copied to a frame, with zeros at both ends. It has a plane
 * for each row and channel; how they lie is up to the {@link Products}. With vectors pixel by pixel, each with all planes:
 * the taps of a position are one run of vectors, and the run of the next position begins a little further on. Copying costs
 * a few percent, since each pixel is multiplied many times. Rows outside the image are left out, for which the weights are
 * packed once more, and so are columns where a group has none inside.
 */
final class Correlation {
    private final int channels;
    private final int filters;
    private final int lanes;
    private final Axis rows;
    private final Axis columns;
    private final FilterBlocks blocks;
    private final Products products;
    private final Rows[] kindOfRow;
    private final List<Pack> packs = new ArrayList<>();
    private final int packedTaps;
    /** Input column of the frame's first pixel, and how many pixels it has. */
    private final int frameFirst;

    private final int frameWidth;
    /** Neighbouring outputs that are computed together, by the block's width. */
    private final Map<Integer, Group[]> groups = new HashMap<>();

    /**
     * Input rows of an output row, counted from its base, and where their weights are, by the pattern of columns.
     */
    private record Rows(int pattern, int from, int to, int[] packAt) {
        int count() {
            return to - from;
        }
    }

    /** Weights of one pattern of rows and one of columns; parts of them for output rows that have not all input rows. */
    private record Pack(int rowPattern, int columnPattern, List<Rows> parts) {}

    /**
     * Outputs {@code first}, {@code first + step}, ...: their inputs, counted from the base, from {@code from} to
     * {@code to - 1}; the base of the first is a pixel of the frame, and the next are {@code pixelStep} further on each.
     */
    private record Group(int first, int step, int count, int from, int to, int pixel, int pixelStep, int pattern) {
        boolean isContinuedBy(Group next) {
            return next.first == first + count * step
                    && next.pattern == pattern
                    && next.from == from
                    && next.to == to
                    && (next.count == 1 || next.step == step);
        }

        Group and(int more) {
            return new Group(first, step, count + more, from, to, pixel, pixelStep, pattern);
        }
    }

    Correlation(int channels, int filters, Axis rows, Axis columns, Products products) {
        this.channels = channels;
        this.filters = filters;
        this.lanes = products.lanes();
        this.rows = rows;
        this.columns = columns;
        this.products = products;
        this.blocks = new FilterBlocks(filters, products);
        int first = 0;
        int end = 0;
        for (int o = 0; o < columns.length(); o++) {
            first = Math.min(first, columns.base()[o]);
            end = Math.max(end, columns.base()[o] + columns.count(o));
        }
        this.frameFirst = first;
        this.frameWidth = Math.max(end, columns.input()) - first;
        for (int block = 0; block < blocks.count(); block++) {
            groups.computeIfAbsent(blocks.width(block), width -> groups(products.positions(width)));
        }
        this.kindOfRow = new Rows[rows.length()];
        this.packedTaps = planPacks();
    }

    private Group[] groups(int most) {
        List<Group> all = new ArrayList<>();
        for (int pattern = 0; pattern < columns.taps().length; pattern++) {
            List<Integer> outputs = new ArrayList<>();
            for (int o = 0; o < columns.length(); o++) {
                if (columns.pattern()[o] == pattern) {
                    outputs.add(o);
                }
            }
            for (int i = 0; i < outputs.size(); i += most) {
                List<Integer> part = outputs.subList(i, Math.min(i + most, outputs.size()));
                int first = part.get(0);
                int next = part.size() > 1 ? part.get(1) : first;
                int from = part.stream().mapToInt(columns::from).min().orElseThrow();
                int to = part.stream().mapToInt(columns::to).max().orElseThrow();
                Group group = new Group(
                        first,
                        next - first,
                        part.size(),
                        from,
                        Math.max(from, to),
                        columns.base()[first] - frameFirst,
                        columns.base()[next] - columns.base()[first],
                        pattern);
                Group before = all.isEmpty() ? null : all.get(all.size() - 1);
                if (before != null && before.isContinuedBy(group)) {
                    all.set(all.size() - 1, before.and(group.count));
                } else {
                    all.add(group);
                }
            }
        }
        return all.toArray(Group[]::new);
    }

    /** Plans which weights are packed where; returns how many taps there are in all. */
    private int planPacks() {
        int taps = 0;
        Map<List<Integer>, Rows> kinds = new HashMap<>();
        for (int pattern = 0; pattern < rows.taps().length; pattern++) {
            List<Rows> parts = new ArrayList<>();
            taps = addKind(kinds, parts, pattern, 0, rows.taps()[pattern].length, taps);
            for (int o = 0; o < rows.length(); o++) {
                if (rows.pattern()[o] == pattern) {
                    taps = addKind(kinds, parts, pattern, rows.from(o), rows.to(o), taps);
                    kindOfRow[o] = kinds.get(List.of(pattern, rows.from(o), rows.to(o)));
                }
            }
            for (int columnPattern = 0; columnPattern < columns.taps().length; columnPattern++) {
                packs.add(new Pack(pattern, columnPattern, parts));
            }
        }
        return taps;
    }

    private int addKind(Map<List<Integer>, Rows> kinds, List<Rows> parts, int pattern, int from, int to, int taps) {
        if (kinds.containsKey(List.of(pattern, from, to))) {
            return taps;
        }
        Rows kind = new Rows(pattern, from, to, new int[columns.taps().length]);
        for (int i = 0; i < kind.packAt.length; i++) {
            kind.packAt[i] = taps;
            taps += columns.taps()[i].length * kind.count() * channels;
        }
        kinds.put(List.of(pattern, from, to), kind);
        parts.add(kind);
        return taps;
    }

    FilterBlocks blocks() {
        return blocks;
    }

    /** Elements of all packed weights. */
    long packedLength() {
        return blocks.length(packedTaps);
    }

    /** Elements of a frame. */
    long frameLength() {
        int mostRows =
                Arrays.stream(rows.taps()).mapToInt(taps -> taps.length).max().orElse(0);
        return (long) frameWidth * mostRows * channels * lanes;
    }

    /**
     * Packs the weights of one block of filters: column by column, row by row, channel by channel.
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
            float[] packed,
            int packedAt) {
        int width = blocks.width(block);
        int blockAt = packedAt + blocks.at(block, packedTaps);
        for (Pack pack : packs) {
            int[] rowTaps = rows.taps()[pack.rowPattern];
            int[] columnTaps = columns.taps()[pack.columnPattern];
            int whole = blockAt + pack.parts.get(0).packAt[pack.columnPattern] * width;
            int to = whole;
            for (int s : columnTaps) {
                for (int r : rowTaps) {
                    for (int c = 0; c < channels; c++) {
                        int tap = wAt + r * windowWidth + s + c * channelStep;
                        for (int k = 0; k < width; k++) {
                            int filter = Math.min(blocks.first(block) + k, filters - 1);
                            packed[to++] = w[tap + filter * filterStep];
                        }
                    }
                }
            }
            int row = channels * width;
            for (Rows part : pack.parts.subList(1, pack.parts.size())) {
                to = blockAt + part.packAt[pack.columnPattern] * width;
                for (int s = 0; s < columnTaps.length; s++) {
                    int from = whole + (s * rowTaps.length + part.from) * row;
                    System.arraycopy(packed, from, packed, to, part.count() * row);
                    to += part.count() * row;
                }
            }
        }
    }

    /**
     * Computes rows {@code first} to {@code end - 1} of the output of one tile, which are stored one after the other.
     *
     * @param start is added to each filter's results: one vector for each, {@code startFilter} apart
     * @param yFilter distance of two filters in y
     * @param frame memory for {@link #frameLength}
     */
    void run(
            int first,
            int end,
            float[] packed,
            int packedAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startFilter,
            float[] y,
            int yAt,
            int yFilter,
            float[] frame,
            int frameAt) {
        int rowsBefore = -1;
        for (int o = first; o < end; o++) {
            Rows kind = kindOfRow[o];
            int planes = kind.count() * channels;
            if (kind.count() != rowsBefore) {
                clearEnds(frame, frameAt, planes);
                rowsBefore = kind.count();
            }
            fill(kind.count(), x, xAt + (rows.base()[o] + kind.from) * columns.input() * lanes, frame, frameAt);
            int pixelStep = products.pixelStep(planes);
            int row = yAt + (o - first) * columns.length() * lanes;
            for (int block = 0; block < blocks.count(); block++) {
                int width = blocks.width(block);
                int filter = blocks.first(block);
                int blockAt = packedAt + blocks.at(block, packedTaps);
                int last = Math.min(width, filters - filter) - 1;
                for (Group group : groups.get(width)) {
                    products.runFrame(
                            width,
                            group.count,
                            group.to - group.from,
                            planes,
                            packed,
                            blockAt + (kind.packAt[group.pattern] + group.from * planes) * width,
                            frame,
                            frameAt + (group.pixel + group.from) * pixelStep,
                            group.pixelStep,
                            frameWidth,
                            start,
                            startAt + filter * startFilter,
                            startFilter,
                            0,
                            y,
                            row + filter * yFilter + group.first * lanes,
                            yFilter,
                            group.step * lanes,
                            last);
                }
            }
        }
    }

    private void clearEnds(float[] frame, int frameAt, int planes) {
        int pixelStep = products.pixelStep(planes);
        int planeStep = products.planeStep(frameWidth);
        // where the planes of a pixel lie side by side, its zeros are one run
        int runs = planeStep == lanes ? 1 : planes;
        for (int i = 0; i < runs; i++) {
            int at = frameAt + i * planeStep;
            int image = at - frameFirst * pixelStep;
            Arrays.fill(frame, at, image, 0);
            Arrays.fill(frame, image + columns.input() * pixelStep, at + frameWidth * pixelStep, 0);
        }
    }

    private void fill(int count, float[] x, int xAt, float[] frame, int frameAt) {
        int pixelStep = products.pixelStep(count * channels);
        int planeStep = products.planeStep(frameWidth);
        int to = frameAt - frameFirst * pixelStep;
        for (int r = 0; r < count; r++) {
            for (int c = 0; c < channels; c++) {
                int from = xAt + (c * rows.input() + r) * columns.input() * lanes;
                products.spread(x, from, frame, to + (r * channels + c) * planeStep, pixelStep, columns.input());
            }
        }
    }
}
