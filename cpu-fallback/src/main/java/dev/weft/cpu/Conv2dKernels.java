package dev.weft.cpu;

import dev.weft.op.Op;

/** Convolution and its gradients as matrix products, image by image. */
final class Conv2dKernels {
    /** Partial sums of the filter gradient; fixed, so that the sum's order does not depend on the threads. */
    private static final int SLOTS = 16;

    private Conv2dKernels() {}

    /** {@code y[n] = w im2col(x[n])}. */
    static Phase[] forward(Op.Conv2d op, Binding binding) {
        Primitives primitives = binding.primitives();
        Im2col im2col = new Im2col(op.x(), op.window(), op.y());
        Reals x = binding.reals(op.x());
        Reals w = binding.reals(op.w());
        Reals y = binding.reals(op.y());
        int taps = im2col.taps();
        int positions = im2col.positions();
        int filters = im2col.filters;
        int packedLength = Gemm.packedLength(primitives, taps, positions);
        int tileLength = filters * primitives.panelWidth();
        Reals rows = binding.scratch(positions * binding.threads());
        Reals packed = binding.scratch(packedLength * binding.threads());
        Reals tiles = binding.scratch(tileLength * binding.threads());
        return new Phase[] {
            new Phase(im2col.images, (n, thread) -> {
                int rowAt = rows.at + thread * positions;
                int packedAt = packed.at + thread * packedLength;
                for (int tap = 0; tap < taps; tap++) {
                    im2col.gatherRow(x.a, x.at + n * im2col.imageLength(), tap, rows.a, rowAt);
                    packRow(primitives, rows.a, rowAt, tap, taps, positions, packed.a, packedAt);
                }
                Gemm.multiply(
                        primitives,
                        w.a,
                        w.at,
                        taps,
                        1,
                        filters,
                        packed.a,
                        packedAt,
                        taps,
                        positions,
                        y.a,
                        y.at + n * filters * positions,
                        positions,
                        false,
                        tiles.a,
                        tiles.at + thread * tileLength);
            })
        };
    }

    /** Puts row {@code k} of a matrix into its packed form. */
    private static void packRow(
            Primitives primitives, float[] row, int rowAt, int k, int inner, int columns, float[] packed, int at) {
        int width = primitives.panelWidth();
        for (int j = 0; j < columns; j += width) {
            int to = at + j * inner + k * width;
            int present = Math.min(width, columns - j);
            System.arraycopy(row, rowAt + j, packed, to, present);
            java.util.Arrays.fill(packed, to + present, to + width, 0);
        }
    }

    /** {@code dx[n] = col2im(w' dy[n])}. */
    static Phase[] inputGradient(Op.Conv2dInputGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Im2col im2col = new Im2col(op.dx(), op.window(), op.dy());
        Reals dy = binding.reals(op.dy());
        Reals w = binding.reals(op.w());
        Reals dx = binding.reals(op.dx());
        int taps = im2col.taps();
        int positions = im2col.positions();
        int filters = im2col.filters;
        int panels = Gemm.panels(primitives, positions);
        int packedLength = Gemm.packedLength(primitives, filters, positions);
        int tileLength = taps * primitives.panelWidth();
        Reals packed = binding.scratch(packedLength * binding.threads());
        Reals columns = binding.scratch(taps * positions * binding.threads());
        Reals tiles = binding.scratch(tileLength * binding.threads());
        return new Phase[] {
            new Phase(im2col.images, (n, thread) -> {
                int packedAt = packed.at + thread * packedLength;
                int columnsAt = columns.at + thread * taps * positions;
                for (int panel = 0; panel < panels; panel++) {
                    Gemm.packPanel(
                            primitives,
                            panel,
                            dy.a,
                            dy.at + n * filters * positions,
                            positions,
                            1,
                            filters,
                            positions,
                            packed.a,
                            packedAt);
                }
                Gemm.multiply(
                        primitives,
                        w.a,
                        w.at,
                        1,
                        taps,
                        taps,
                        packed.a,
                        packedAt,
                        filters,
                        positions,
                        columns.a,
                        columnsAt,
                        positions,
                        false,
                        tiles.a,
                        tiles.at + thread * tileLength);
                int imageAt = dx.at + n * im2col.imageLength();
                java.util.Arrays.fill(dx.a, imageAt, imageAt + im2col.imageLength(), 0);
                for (int tap = 0; tap < taps; tap++) {
                    im2col.scatterRow(columns.a, columnsAt + tap * positions, tap, dx.a, imageAt);
                }
            })
        };
    }

    /**
     * {@code dw = sum over n of dy[n] im2col(x[n])'}. Each slot adds up a fixed run of images in order; then the slots
     * are added up in a fixed tree.
     */
    static Phase[] filterGradient(Op.Conv2dFilterGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Im2col im2col = new Im2col(op.x(), op.window(), op.dy());
        Reals x = binding.reals(op.x());
        Reals dy = binding.reals(op.dy());
        Reals dw = binding.reals(op.dw());
        int taps = im2col.taps();
        int positions = im2col.positions();
        int filters = im2col.filters;
        int width = primitives.panelWidth();
        int packedLength = Gemm.packedLength(primitives, positions, taps);
        int tileLength = filters * width;
        Reals rows = binding.scratch(positions * binding.threads());
        Reals packed = binding.scratch(packedLength * binding.threads());
        Reals tiles = binding.scratch(tileLength * binding.threads());
        Reals slots = binding.scratch(SLOTS * dw.length);

        Phase sumImages = new Phase(SLOTS, (slot, thread) -> {
            int rowAt = rows.at + thread * positions;
            int packedAt = packed.at + thread * packedLength;
            int slotAt = slots.at + slot * dw.length;
            java.util.Arrays.fill(slots.a, slotAt, slotAt + dw.length, 0);
            java.util.Arrays.fill(packed.a, packedAt, packedAt + packedLength, 0);
            int end = (slot + 1) * im2col.images / SLOTS;
            for (int n = slot * im2col.images / SLOTS; n < end; n++) {
                for (int tap = 0; tap < taps; tap++) {
                    im2col.gatherRow(x.a, x.at + n * im2col.imageLength(), tap, rows.a, rowAt);
                    int to = packedAt + tap / width * width * positions + tap % width;
                    for (int position = 0; position < positions; position++) {
                        packed.a[to + position * width] = rows.a[rowAt + position];
                    }
                }
                Gemm.multiply(
                        primitives,
                        dy.a,
                        dy.at + n * filters * positions,
                        positions,
                        1,
                        filters,
                        packed.a,
                        packedAt,
                        positions,
                        taps,
                        slots.a,
                        slotAt,
                        taps,
                        true,
                        tiles.a,
                        tiles.at + thread * tileLength);
            }
        });
        Phase combine = Phase.single(() -> {
            for (int distance = 1; distance < SLOTS; distance *= 2) {
                for (int slot = 0; slot < SLOTS; slot += 2 * distance) {
                    int at = slots.at + slot * dw.length;
                    primitives.add(slots.a, at, slots.a, at + distance * dw.length, slots.a, at, dw.length);
                }
            }
            System.arraycopy(slots.a, slots.at, dw.a, dw.at, dw.length);
        });
        return new Phase[] {sumImages, combine};
    }
}
