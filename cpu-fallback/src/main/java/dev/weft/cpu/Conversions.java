package dev.weft.cpu;

import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;

/** From rows to tiles and back: sample n is row n, or lane {@code n % lanes} of tile {@code n / lanes}. */
final class Conversions {
    private Conversions() {}

    static Kernel toTiles(TensorRef tensor, Binding binding) {
        Operand rows = binding.rows(tensor);
        Operand tiles = binding.tiles(tensor);
        Tiling tiling = binding.tiling();
        int sample = (int) binding.layouts().sample(tensor);
        return Kernel.tiled((task, frame, thread) -> {
            int rowsAt = rows.at(Task.WHOLE, 0);
            for (int t = 0; t < task.count(); t++) {
                int first = (task.first() + t) * tiling.lanes();
                int to = tiles.at(task, frame) + t * tiles.tile;
                int count = Math.min(tiling.lanes(), tiling.rows() - first);
                if (tensor.type() == DType.REAL && count == tiling.lanes()) {
                    int from = rowsAt + first * sample;
                    Primitives.rowsToColumns(rows.reals, from, count, sample, sample, tiles.reals, to, count);
                } else {
                    turn(rows, rowsAt + first * sample, tiles, to, sample, tiling.lanes(), count);
                }
            }
        });
    }

    /** Turns the rows of a tile; lanes without a row get zeros. */
    private static void turn(Operand rows, int rowsAt, Operand tile, int tileAt, int sample, int lanes, int count) {
        for (int n = 0; n < lanes; n++) {
            for (int i = 0; i < sample; i++) {
                int from = rowsAt + n * sample + i;
                int to = tileAt + i * lanes + n;
                if (rows.reals != null) {
                    tile.reals[to] = n < count ? rows.reals[from] : 0;
                } else if (rows.ints != null) {
                    tile.ints[to] = n < count ? rows.ints[from] : 0;
                } else {
                    tile.bytes[to] = n < count ? rows.bytes[from] : 0;
                }
            }
        }
    }

    static Kernel toRows(TensorRef tensor, Binding binding) {
        Operand rows = binding.rows(tensor);
        Operand tiles = binding.tiles(tensor);
        Tiling tiling = binding.tiling();
        Primitives primitives = binding.primitives();
        int lanes = tiling.lanes();
        int sample = (int) binding.layouts().sample(tensor);
        return Kernel.tiled((task, frame, thread) -> {
            int rowsAt = rows.at(Task.WHOLE, 0);
            for (int t = 0; t < task.count(); t++) {
                int first = (task.first() + t) * lanes;
                int from = tiles.at(task, frame) + t * tiles.tile;
                int to = rowsAt + first * sample;
                int count = Math.min(lanes, tiling.rows() - first);
                if (tensor.type() == DType.REAL) {
                    primitives.lanesToRows(tiles.reals, from, sample, rows.reals, to, count);
                } else {
                    turnBack(tiles, from, rows, to, sample, lanes, count);
                }
            }
        });
    }

    private static void turnBack(Operand tile, int tileAt, Operand rows, int rowsAt, int sample, int lanes, int count) {
        for (int n = 0; n < count; n++) {
            for (int i = 0; i < sample; i++) {
                int from = tileAt + i * lanes + n;
                int to = rowsAt + n * sample + i;
                if (rows.ints != null) {
                    rows.ints[to] = tile.ints[from];
                } else {
                    rows.bytes[to] = tile.bytes[from];
                }
            }
        }
    }

    /** The host's values into tiles, with zeros in lanes without a row. */
    static void write(TensorRef tensor, HostTensor values, Operand tiles, Task[] tasks, Tiling tiling) {
        int sample = tiles.tile / tiling.lanes();
        forEachElement(tiles, tasks, tiling, (n, i, at) -> {
            int from = n * sample + i;
            boolean valid = n < tiling.rows();
            if (tensor.type() == DType.REAL) {
                tiles.reals[at] = valid ? (float) values.get(from) : 0;
            } else if (tensor.type() == DType.I32) {
                tiles.ints[at] = valid ? ((int[]) values.array())[from] : 0;
            } else {
                tiles.bytes[at] = valid ? ((byte[]) values.array())[from] : 0;
            }
        });
    }

    static HostTensor read(TensorRef tensor, Operand tiles, Task[] tasks, Tiling tiling) {
        int sample = tiles.tile / tiling.lanes();
        float[] reals = tensor.type() == DType.REAL ? new float[tensor.elements()] : null;
        int[] ints = tensor.type() == DType.I32 ? new int[tensor.elements()] : null;
        byte[] bytes = tensor.type() == DType.U8 ? new byte[tensor.elements()] : null;
        forEachElement(tiles, tasks, tiling, (n, i, at) -> {
            int to = n * sample + i;
            if (n >= tiling.rows()) {
                return;
            }
            if (reals != null) {
                reals[to] = tiles.reals[at];
            } else if (ints != null) {
                ints[to] = tiles.ints[at];
            } else {
                bytes[to] = tiles.bytes[at];
            }
        });
        if (reals != null) {
            return HostTensor.of(tensor.shape(), reals);
        }
        return ints != null ? HostTensor.of(tensor.shape(), ints) : HostTensor.of(tensor.shape(), bytes);
    }

    @FunctionalInterface
    private interface Element {
        /**
         * @param n the sample, which may be past the last
         * @param i the element of the sample
         * @param at its index in the array
         */
        void visit(int n, int i, int at);
    }

    private static void forEachElement(Operand tiles, Task[] tasks, Tiling tiling, Element element) {
        int lanes = tiling.lanes();
        for (int task = 0; task < tasks.length; task++) {
            int at = tiles.at(tasks[task], task);
            for (int t = 0; t < tasks[task].count(); t++) {
                for (int e = 0; e < tiles.tile; e++) {
                    int n = (tasks[task].first() + t) * lanes + e % lanes;
                    element.visit(n, e / lanes, at + t * tiles.tile + e);
                }
            }
        }
    }
}
