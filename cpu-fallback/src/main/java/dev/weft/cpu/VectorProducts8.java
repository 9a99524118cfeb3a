package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Products of eight filters with up to three positions: 24 sums, three inputs and a weight fill the 32 registers of AVX-512. */
final class VectorProducts8 {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorProducts8() {}

    /** See {@link Products#run}. */
    static void run8(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int xAt,
            int[] xs,
            float[] y,
            int yAt,
            int[] ys,
            int firstPosition,
            int endPosition,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        int p = firstPosition;
        for (; p <= endPosition - 3; p += 3) {
            product8x3(
                    w,
                    wAt,
                    taps,
                    from,
                    to,
                    x,
                    xAt + xs[p],
                    xAt + xs[p + 1],
                    xAt + xs[p + 2],
                    y,
                    yAt + ys[p],
                    yAt + ys[p + 1],
                    yAt + ys[p + 2],
                    yFilter,
                    last,
                    b,
                    bAt);
        }
        for (; p <= endPosition - 2; p += 2) {
            product8x2(
                    w,
                    wAt,
                    taps,
                    from,
                    to,
                    x,
                    xAt + xs[p],
                    xAt + xs[p + 1],
                    y,
                    yAt + ys[p],
                    yAt + ys[p + 1],
                    yFilter,
                    last,
                    b,
                    bAt);
        }
        for (; p <= endPosition - 1; p += 1) {
            product8x1(w, wAt, taps, from, to, x, xAt + xs[p], y, yAt + ys[p], yFilter, last, b, bAt);
        }
    }

    static void product8x3(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int x0,
            int x1,
            int x2,
            float[] y,
            int y0,
            int y1,
            int y2,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s02 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s12 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s22 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        FloatVector s32 = FloatVector.zero(SPECIES);
        FloatVector s40 = FloatVector.zero(SPECIES);
        FloatVector s41 = FloatVector.zero(SPECIES);
        FloatVector s42 = FloatVector.zero(SPECIES);
        FloatVector s50 = FloatVector.zero(SPECIES);
        FloatVector s51 = FloatVector.zero(SPECIES);
        FloatVector s52 = FloatVector.zero(SPECIES);
        FloatVector s60 = FloatVector.zero(SPECIES);
        FloatVector s61 = FloatVector.zero(SPECIES);
        FloatVector s62 = FloatVector.zero(SPECIES);
        FloatVector s70 = FloatVector.zero(SPECIES);
        FloatVector s71 = FloatVector.zero(SPECIES);
        FloatVector s72 = FloatVector.zero(SPECIES);
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 8 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + tap);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            s02 = w0.fma(v2, s02);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            s12 = w1.fma(v2, s12);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            s22 = w2.fma(v2, s22);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            s32 = w3.fma(v2, s32);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[wi + 4]);
            s40 = w4.fma(v0, s40);
            s41 = w4.fma(v1, s41);
            s42 = w4.fma(v2, s42);
            FloatVector w5 = FloatVector.broadcast(SPECIES, w[wi + 5]);
            s50 = w5.fma(v0, s50);
            s51 = w5.fma(v1, s51);
            s52 = w5.fma(v2, s52);
            FloatVector w6 = FloatVector.broadcast(SPECIES, w[wi + 6]);
            s60 = w6.fma(v0, s60);
            s61 = w6.fma(v1, s61);
            s62 = w6.fma(v2, s62);
            FloatVector w7 = FloatVector.broadcast(SPECIES, w[wi + 7]);
            s70 = w7.fma(v0, s70);
            s71 = w7.fma(v1, s71);
            s72 = w7.fma(v2, s72);
        }
        int k0 = 0;
        FloatVector b0 = FloatVector.broadcast(SPECIES, b[bAt + k0]);
        s00.add(b0).intoArray(y, y0 + k0 * yFilter);
        s01.add(b0).intoArray(y, y1 + k0 * yFilter);
        s02.add(b0).intoArray(y, y2 + k0 * yFilter);
        int k1 = Math.min(1, last);
        FloatVector b1 = FloatVector.broadcast(SPECIES, b[bAt + k1]);
        s10.add(b1).intoArray(y, y0 + k1 * yFilter);
        s11.add(b1).intoArray(y, y1 + k1 * yFilter);
        s12.add(b1).intoArray(y, y2 + k1 * yFilter);
        int k2 = Math.min(2, last);
        FloatVector b2 = FloatVector.broadcast(SPECIES, b[bAt + k2]);
        s20.add(b2).intoArray(y, y0 + k2 * yFilter);
        s21.add(b2).intoArray(y, y1 + k2 * yFilter);
        s22.add(b2).intoArray(y, y2 + k2 * yFilter);
        int k3 = Math.min(3, last);
        FloatVector b3 = FloatVector.broadcast(SPECIES, b[bAt + k3]);
        s30.add(b3).intoArray(y, y0 + k3 * yFilter);
        s31.add(b3).intoArray(y, y1 + k3 * yFilter);
        s32.add(b3).intoArray(y, y2 + k3 * yFilter);
        int k4 = Math.min(4, last);
        FloatVector b4 = FloatVector.broadcast(SPECIES, b[bAt + k4]);
        s40.add(b4).intoArray(y, y0 + k4 * yFilter);
        s41.add(b4).intoArray(y, y1 + k4 * yFilter);
        s42.add(b4).intoArray(y, y2 + k4 * yFilter);
        int k5 = Math.min(5, last);
        FloatVector b5 = FloatVector.broadcast(SPECIES, b[bAt + k5]);
        s50.add(b5).intoArray(y, y0 + k5 * yFilter);
        s51.add(b5).intoArray(y, y1 + k5 * yFilter);
        s52.add(b5).intoArray(y, y2 + k5 * yFilter);
        int k6 = Math.min(6, last);
        FloatVector b6 = FloatVector.broadcast(SPECIES, b[bAt + k6]);
        s60.add(b6).intoArray(y, y0 + k6 * yFilter);
        s61.add(b6).intoArray(y, y1 + k6 * yFilter);
        s62.add(b6).intoArray(y, y2 + k6 * yFilter);
        int k7 = Math.min(7, last);
        FloatVector b7 = FloatVector.broadcast(SPECIES, b[bAt + k7]);
        s70.add(b7).intoArray(y, y0 + k7 * yFilter);
        s71.add(b7).intoArray(y, y1 + k7 * yFilter);
        s72.add(b7).intoArray(y, y2 + k7 * yFilter);
    }

    static void product8x2(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int x0,
            int x1,
            float[] y,
            int y0,
            int y1,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        FloatVector s40 = FloatVector.zero(SPECIES);
        FloatVector s41 = FloatVector.zero(SPECIES);
        FloatVector s50 = FloatVector.zero(SPECIES);
        FloatVector s51 = FloatVector.zero(SPECIES);
        FloatVector s60 = FloatVector.zero(SPECIES);
        FloatVector s61 = FloatVector.zero(SPECIES);
        FloatVector s70 = FloatVector.zero(SPECIES);
        FloatVector s71 = FloatVector.zero(SPECIES);
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 8 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[wi + 4]);
            s40 = w4.fma(v0, s40);
            s41 = w4.fma(v1, s41);
            FloatVector w5 = FloatVector.broadcast(SPECIES, w[wi + 5]);
            s50 = w5.fma(v0, s50);
            s51 = w5.fma(v1, s51);
            FloatVector w6 = FloatVector.broadcast(SPECIES, w[wi + 6]);
            s60 = w6.fma(v0, s60);
            s61 = w6.fma(v1, s61);
            FloatVector w7 = FloatVector.broadcast(SPECIES, w[wi + 7]);
            s70 = w7.fma(v0, s70);
            s71 = w7.fma(v1, s71);
        }
        int k0 = 0;
        FloatVector b0 = FloatVector.broadcast(SPECIES, b[bAt + k0]);
        s00.add(b0).intoArray(y, y0 + k0 * yFilter);
        s01.add(b0).intoArray(y, y1 + k0 * yFilter);
        int k1 = Math.min(1, last);
        FloatVector b1 = FloatVector.broadcast(SPECIES, b[bAt + k1]);
        s10.add(b1).intoArray(y, y0 + k1 * yFilter);
        s11.add(b1).intoArray(y, y1 + k1 * yFilter);
        int k2 = Math.min(2, last);
        FloatVector b2 = FloatVector.broadcast(SPECIES, b[bAt + k2]);
        s20.add(b2).intoArray(y, y0 + k2 * yFilter);
        s21.add(b2).intoArray(y, y1 + k2 * yFilter);
        int k3 = Math.min(3, last);
        FloatVector b3 = FloatVector.broadcast(SPECIES, b[bAt + k3]);
        s30.add(b3).intoArray(y, y0 + k3 * yFilter);
        s31.add(b3).intoArray(y, y1 + k3 * yFilter);
        int k4 = Math.min(4, last);
        FloatVector b4 = FloatVector.broadcast(SPECIES, b[bAt + k4]);
        s40.add(b4).intoArray(y, y0 + k4 * yFilter);
        s41.add(b4).intoArray(y, y1 + k4 * yFilter);
        int k5 = Math.min(5, last);
        FloatVector b5 = FloatVector.broadcast(SPECIES, b[bAt + k5]);
        s50.add(b5).intoArray(y, y0 + k5 * yFilter);
        s51.add(b5).intoArray(y, y1 + k5 * yFilter);
        int k6 = Math.min(6, last);
        FloatVector b6 = FloatVector.broadcast(SPECIES, b[bAt + k6]);
        s60.add(b6).intoArray(y, y0 + k6 * yFilter);
        s61.add(b6).intoArray(y, y1 + k6 * yFilter);
        int k7 = Math.min(7, last);
        FloatVector b7 = FloatVector.broadcast(SPECIES, b[bAt + k7]);
        s70.add(b7).intoArray(y, y0 + k7 * yFilter);
        s71.add(b7).intoArray(y, y1 + k7 * yFilter);
    }

    static void product8x1(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int x0,
            float[] y,
            int y0,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s40 = FloatVector.zero(SPECIES);
        FloatVector s50 = FloatVector.zero(SPECIES);
        FloatVector s60 = FloatVector.zero(SPECIES);
        FloatVector s70 = FloatVector.zero(SPECIES);
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 8 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[wi + 4]);
            s40 = w4.fma(v0, s40);
            FloatVector w5 = FloatVector.broadcast(SPECIES, w[wi + 5]);
            s50 = w5.fma(v0, s50);
            FloatVector w6 = FloatVector.broadcast(SPECIES, w[wi + 6]);
            s60 = w6.fma(v0, s60);
            FloatVector w7 = FloatVector.broadcast(SPECIES, w[wi + 7]);
            s70 = w7.fma(v0, s70);
        }
        int k0 = 0;
        FloatVector b0 = FloatVector.broadcast(SPECIES, b[bAt + k0]);
        s00.add(b0).intoArray(y, y0 + k0 * yFilter);
        int k1 = Math.min(1, last);
        FloatVector b1 = FloatVector.broadcast(SPECIES, b[bAt + k1]);
        s10.add(b1).intoArray(y, y0 + k1 * yFilter);
        int k2 = Math.min(2, last);
        FloatVector b2 = FloatVector.broadcast(SPECIES, b[bAt + k2]);
        s20.add(b2).intoArray(y, y0 + k2 * yFilter);
        int k3 = Math.min(3, last);
        FloatVector b3 = FloatVector.broadcast(SPECIES, b[bAt + k3]);
        s30.add(b3).intoArray(y, y0 + k3 * yFilter);
        int k4 = Math.min(4, last);
        FloatVector b4 = FloatVector.broadcast(SPECIES, b[bAt + k4]);
        s40.add(b4).intoArray(y, y0 + k4 * yFilter);
        int k5 = Math.min(5, last);
        FloatVector b5 = FloatVector.broadcast(SPECIES, b[bAt + k5]);
        s50.add(b5).intoArray(y, y0 + k5 * yFilter);
        int k6 = Math.min(6, last);
        FloatVector b6 = FloatVector.broadcast(SPECIES, b[bAt + k6]);
        s60.add(b6).intoArray(y, y0 + k6 * yFilter);
        int k7 = Math.min(7, last);
        FloatVector b7 = FloatVector.broadcast(SPECIES, b[bAt + k7]);
        s70.add(b7).intoArray(y, y0 + k7 * yFilter);
    }
}
