package dev.weft.cpu;

import dev.weft.op.Op;

/** A bias for each channel, and its gradient. */
final class BiasKernels {
    private BiasKernels() {}

    static Phase[] add(Op.AddBias op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals x = binding.reals(op.x());
        Reals b = binding.reals(op.b());
        Reals y = binding.reals(op.y());
        int rows = op.x().shape().get(0);
        int channels = b.length;
        int plane = op.x().shape().elements(2, op.x().shape().rank());
        return new Phase[] {
            new Phase(rows, (n, thread) -> {
                int row = n * channels * plane;
                if (plane == 1) {
                    primitives.add(x.a, x.at + row, b.a, b.at, y.a, y.at + row, channels);
                } else {
                    for (int c = 0; c < channels; c++) {
                        int at = row + c * plane;
                        primitives.addScalar(x.a, x.at + at, b.a[b.at + c], y.a, y.at + at, plane);
                    }
                }
            })
        };
    }

    /** Rows are added up in order, in double. */
    static Phase[] gradient(Op.BiasGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals dy = binding.reals(op.dy());
        Reals db = binding.reals(op.db());
        int rows = op.dy().shape().get(0);
        int channels = db.length;
        int plane = op.dy().shape().elements(2, op.dy().shape().rank());
        return new Phase[] {
            new Phase(channels, (c, thread) -> {
                double sum = 0;
                for (int n = 0; n < rows; n++) {
                    int at = dy.at + (n * channels + c) * plane;
                    sum += plane == 1 ? dy.a[at] : primitives.sum(dy.a, at, plane);
                }
                db.a[db.at + c] = (float) sum;
            })
        };
    }
}
