package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.random.Philox;

/** Tensors of random numbers. */
final class RandomNumbers {
    private RandomNumbers() {}

    static void uniform(Op.RandomUniform op, Tensors t) {
        Cells y = t.cells(op.y());
        for (int i = 0; i < y.length(); i++) {
            double u = (word(op.seed(), op.stream(), t, i) >>> 8) * 0x1p-24;
            double part = (op.high() - op.low()) * u;
            y.set(i, op.low() + part, Math.abs(op.low()) + part);
        }
    }

    static void normal(Op.RandomNormal op, Tensors t) {
        Cells y = t.cells(op.y());
        for (int i = 0; i < y.length(); i++) {
            double u = (word(op.seed(), op.stream(), t, 2L * i) + 0.5) * 0x1p-32;
            double v = (word(op.seed(), op.stream(), t, 2L * i + 1) + 0.5) * 0x1p-32;
            // cos(2 pi v), with an argument that is exact where the cosine is zero
            double cosine = StrictMath.sin(2 * Math.PI * (Math.abs(v - 0.5) - 0.25));
            double part = op.deviation() * StrictMath.sqrt(-2 * StrictMath.log(u)) * cosine;
            y.set(i, op.mean() + part, Math.abs(op.mean()) + Math.abs(part));
        }
    }

    static void bernoulli(Op.Bernoulli op, Tensors t) {
        Cells p = t.cells(op.p());
        Cells y = t.cells(op.y());
        for (int i = 0; i < y.length(); i++) {
            boolean one = word(op.seed(), op.stream(), t, i) < p.get(i) * 0x1p32;
            y.set(i, Double.isNaN(p.get(i)) ? Double.NaN : one ? 1 : 0, 1);
        }
    }

    /** The random bits of an element at this step, as an unsigned number. */
    private static long word(long seed, int stream, Tensors t, long element) {
        int[] words = new int[4];
        Philox.words(seed, stream, t.stepNumber(), (int) (element / 4), words);
        return Integer.toUnsignedLong(words[(int) (element % 4)]);
    }
}
