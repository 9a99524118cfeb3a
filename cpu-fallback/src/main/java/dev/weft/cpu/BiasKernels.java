package dev.weft.cpu;

import dev.weft.op.Op;

/** A bias for each channel, and its gradient. */
final class BiasKernels {
    private BiasKernels() {}

    static Kernel add(Op.AddBias op, Binding binding) {
        Primitives primitives = binding.primitives();
        Operand x = binding.operand(op, op.x());
        Reals b = binding.reals(op.b());
        Operand y = binding.operand(op, op.y());
        int channels = b.length;
        int plane = op.x().shape().elements(2, op.x().shape().rank());
        if (!binding.tiled()) {
            int rows = op.x().shape().get(0);
            if (plane == 1) {
                return Kernel.whole(new Phase(rows, (n, thread) -> {
                    int xAt = x.at(Task.WHOLE, 0) + n * channels;
                    int yAt = y.at(Task.WHOLE, 0) + n * channels;
                    primitives.add(x.reals, xAt, b.a, b.at, y.reals, yAt, channels);
                }));
            }
            return Kernel.whole(new Phase(rows, (n, thread) -> {
                for (int c = 0; c < channels; c++) {
                    int at = (n * channels + c) * plane;
                    primitives.addScalar(
                            x.reals, x.at(Task.WHOLE, 0) + at, b.a[b.at + c], y.reals, y.at(Task.WHOLE, 0) + at, plane);
                }
            }));
        }
        int length = plane * binding.tiling().lanes();
        return Kernel.tiled((task, frame, thread) -> {
            for (int i = 0; i < task.count() * channels; i++) {
                int xAt = x.at(task, frame) + i * length;
                int yAt = y.at(task, frame) + i * length;
                primitives.addScalar(x.reals, xAt, b.a[b.at + i % channels], y.reals, yAt, length);
            }
        });
    }

    /** In tiles, each slot adds up its tiles in order, lane by lane; row by row, rows are added up in order. */
    static Kernel gradient(Op.BiasGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals db = binding.reals(op.db());
        int channels = db.length;
        int plane = op.dy().shape().elements(2, op.dy().shape().rank());
        if (!binding.tiled()) {
            Reals dy = binding.reals(op.dy());
            int rows = op.dy().shape().get(0);
            if (plane == 1) {
                double[] sums = new double[channels];
                return Kernel.whole(Phase.single(() -> sumRows(primitives, dy, rows, db, sums)));
            }
            return Kernel.whole(new Phase(channels, (c, thread) -> {
                double sum = 0;
                for (int n = 0; n < rows; n++) {
                    sum += primitives.sum(dy.a, dy.at + (n * channels + c) * plane, plane);
                }
                db.a[db.at + c] = (float) sum;
            }));
        }
        Operand dy = binding.tiles(op.dy());
        Tiling tiling = binding.tiling();
        int lanes = tiling.lanes();
        Slots slots = new Slots(channels * lanes, binding);
        Reals sums = binding.scratch((long) channels * lanes);
        return Kernel.reduced(
                (task, frame, thread) -> {
                    for (int slot = task.firstSlot(); slot < task.endSlot(); slot++) {
                        int to = slots.clear(slot);
                        for (int tile = tiling.firstTile(slot); tile < tiling.firstTile(slot + 1); tile++) {
                            int at = dy.at(task, frame) + (tile - task.first()) * dy.tile;
                            for (int c = 0; c < channels; c++) {
                                primitives.addUpLanes(
                                        dy.reals, at + c * plane * lanes, plane, slots.array(), to + c * lanes);
                            }
                        }
                    }
                },
                slots.combine(sums),
                Phase.single(() -> foldLanes(sums, lanes, db)));
    }

    /** Adds up the lanes of each channel, in a tree. */
    private static void foldLanes(Reals sums, int lanes, Reals db) {
        for (int c = 0; c < db.length; c++) {
            int at = sums.at + c * lanes;
            for (int half = lanes / 2; half > 0; half /= 2) {
                for (int lane = 0; lane < half; lane++) {
                    sums.a[at + lane] += sums.a[at + half + lane];
                }
            }
            db.a[db.at + c] = sums.a[at];
        }
    }

    /** Rows of a matrix that are added up before their sum is added to the others': long running sums lose digits. */
    private static final int ROWS = 256;

    private static void sumRows(Primitives primitives, Reals dy, int rows, Reals db, double[] sums) {
        int channels = db.length;
        java.util.Arrays.fill(sums, 0);
        for (int first = 0; first < rows; first += ROWS) {
            System.arraycopy(dy.a, dy.at + first * channels, db.a, db.at, channels);
            for (int n = first + 1; n < Math.min(rows, first + ROWS); n++) {
                primitives.add(db.a, db.at, dy.a, dy.at + n * channels, db.a, db.at, channels);
            }
            for (int c = 0; c < channels; c++) {
                sums[c] += db.a[db.at + c];
            }
        }
        for (int c = 0; c < channels; c++) {
            db.a[db.at + c] = (float) sums[c];
        }
    }
}
