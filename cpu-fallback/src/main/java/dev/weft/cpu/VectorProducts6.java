package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Products of six filters, or of four, with more positions in turn. */
final class VectorProducts6 {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorProducts6() {}

    /** See {@link Products#run}. */
    static void run6(
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
        for (; p <= endPosition - 4; p += 4) {
            product6x4(
                    w,
                    wAt,
                    taps,
                    from,
                    to,
                    x,
                    xAt + xs[p],
                    xAt + xs[p + 1],
                    xAt + xs[p + 2],
                    xAt + xs[p + 3],
                    y,
                    yAt + ys[p],
                    yAt + ys[p + 1],
                    yAt + ys[p + 2],
                    yAt + ys[p + 3],
                    yFilter,
                    last,
                    b,
                    bAt);
        }
        for (; p <= endPosition - 2; p += 2) {
            product6x2(
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
            product6x1(w, wAt, taps, from, to, x, xAt + xs[p], y, yAt + ys[p], yFilter, last, b, bAt);
        }
    }

    static void run4(
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
        for (; p <= endPosition - 6; p += 6) {
            product4x6(
                    w,
                    wAt,
                    taps,
                    from,
                    to,
                    x,
                    xAt + xs[p],
                    xAt + xs[p + 1],
                    xAt + xs[p + 2],
                    xAt + xs[p + 3],
                    xAt + xs[p + 4],
                    xAt + xs[p + 5],
                    y,
                    yAt + ys[p],
                    yAt + ys[p + 1],
                    yAt + ys[p + 2],
                    yAt + ys[p + 3],
                    yAt + ys[p + 4],
                    yAt + ys[p + 5],
                    yFilter,
                    last,
                    b,
                    bAt);
        }
        for (; p <= endPosition - 2; p += 2) {
            product4x2(
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
            product4x1(w, wAt, taps, from, to, x, xAt + xs[p], y, yAt + ys[p], yFilter, last, b, bAt);
        }
    }

    static void product6x4(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int x0,
            int x1,
            int x2,
            int x3,
            float[] y,
            int y0,
            int y1,
            int y2,
            int y3,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s02 = FloatVector.zero(SPECIES);
        FloatVector s03 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s12 = FloatVector.zero(SPECIES);
        FloatVector s13 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s22 = FloatVector.zero(SPECIES);
        FloatVector s23 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        FloatVector s32 = FloatVector.zero(SPECIES);
        FloatVector s33 = FloatVector.zero(SPECIES);
        FloatVector s40 = FloatVector.zero(SPECIES);
        FloatVector s41 = FloatVector.zero(SPECIES);
        FloatVector s42 = FloatVector.zero(SPECIES);
        FloatVector s43 = FloatVector.zero(SPECIES);
        FloatVector s50 = FloatVector.zero(SPECIES);
        FloatVector s51 = FloatVector.zero(SPECIES);
        FloatVector s52 = FloatVector.zero(SPECIES);
        FloatVector s53 = FloatVector.zero(SPECIES);
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 6 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + tap);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + tap);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, x3 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            s02 = w0.fma(v2, s02);
            s03 = w0.fma(v3, s03);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            s12 = w1.fma(v2, s12);
            s13 = w1.fma(v3, s13);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            s22 = w2.fma(v2, s22);
            s23 = w2.fma(v3, s23);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            s32 = w3.fma(v2, s32);
            s33 = w3.fma(v3, s33);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[wi + 4]);
            s40 = w4.fma(v0, s40);
            s41 = w4.fma(v1, s41);
            s42 = w4.fma(v2, s42);
            s43 = w4.fma(v3, s43);
            FloatVector w5 = FloatVector.broadcast(SPECIES, w[wi + 5]);
            s50 = w5.fma(v0, s50);
            s51 = w5.fma(v1, s51);
            s52 = w5.fma(v2, s52);
            s53 = w5.fma(v3, s53);
        }
        int k0 = 0;
        FloatVector b0 = FloatVector.broadcast(SPECIES, b[bAt + k0]);
        s00.add(b0).intoArray(y, y0 + k0 * yFilter);
        s01.add(b0).intoArray(y, y1 + k0 * yFilter);
        s02.add(b0).intoArray(y, y2 + k0 * yFilter);
        s03.add(b0).intoArray(y, y3 + k0 * yFilter);
        int k1 = Math.min(1, last);
        FloatVector b1 = FloatVector.broadcast(SPECIES, b[bAt + k1]);
        s10.add(b1).intoArray(y, y0 + k1 * yFilter);
        s11.add(b1).intoArray(y, y1 + k1 * yFilter);
        s12.add(b1).intoArray(y, y2 + k1 * yFilter);
        s13.add(b1).intoArray(y, y3 + k1 * yFilter);
        int k2 = Math.min(2, last);
        FloatVector b2 = FloatVector.broadcast(SPECIES, b[bAt + k2]);
        s20.add(b2).intoArray(y, y0 + k2 * yFilter);
        s21.add(b2).intoArray(y, y1 + k2 * yFilter);
        s22.add(b2).intoArray(y, y2 + k2 * yFilter);
        s23.add(b2).intoArray(y, y3 + k2 * yFilter);
        int k3 = Math.min(3, last);
        FloatVector b3 = FloatVector.broadcast(SPECIES, b[bAt + k3]);
        s30.add(b3).intoArray(y, y0 + k3 * yFilter);
        s31.add(b3).intoArray(y, y1 + k3 * yFilter);
        s32.add(b3).intoArray(y, y2 + k3 * yFilter);
        s33.add(b3).intoArray(y, y3 + k3 * yFilter);
        int k4 = Math.min(4, last);
        FloatVector b4 = FloatVector.broadcast(SPECIES, b[bAt + k4]);
        s40.add(b4).intoArray(y, y0 + k4 * yFilter);
        s41.add(b4).intoArray(y, y1 + k4 * yFilter);
        s42.add(b4).intoArray(y, y2 + k4 * yFilter);
        s43.add(b4).intoArray(y, y3 + k4 * yFilter);
        int k5 = Math.min(5, last);
        FloatVector b5 = FloatVector.broadcast(SPECIES, b[bAt + k5]);
        s50.add(b5).intoArray(y, y0 + k5 * yFilter);
        s51.add(b5).intoArray(y, y1 + k5 * yFilter);
        s52.add(b5).intoArray(y, y2 + k5 * yFilter);
        s53.add(b5).intoArray(y, y3 + k5 * yFilter);
    }

    static void product6x2(
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
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 6 * t;
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
    }

    static void product6x1(
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
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 6 * t;
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
    }

    static void product4x6(
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int x0,
            int x1,
            int x2,
            int x3,
            int x4,
            int x5,
            float[] y,
            int y0,
            int y1,
            int y2,
            int y3,
            int y4,
            int y5,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s02 = FloatVector.zero(SPECIES);
        FloatVector s03 = FloatVector.zero(SPECIES);
        FloatVector s04 = FloatVector.zero(SPECIES);
        FloatVector s05 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s12 = FloatVector.zero(SPECIES);
        FloatVector s13 = FloatVector.zero(SPECIES);
        FloatVector s14 = FloatVector.zero(SPECIES);
        FloatVector s15 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s22 = FloatVector.zero(SPECIES);
        FloatVector s23 = FloatVector.zero(SPECIES);
        FloatVector s24 = FloatVector.zero(SPECIES);
        FloatVector s25 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        FloatVector s32 = FloatVector.zero(SPECIES);
        FloatVector s33 = FloatVector.zero(SPECIES);
        FloatVector s34 = FloatVector.zero(SPECIES);
        FloatVector s35 = FloatVector.zero(SPECIES);
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 4 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + tap);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + tap);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, x3 + tap);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, x4 + tap);
            FloatVector v5 = FloatVector.fromArray(SPECIES, x, x5 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            s02 = w0.fma(v2, s02);
            s03 = w0.fma(v3, s03);
            s04 = w0.fma(v4, s04);
            s05 = w0.fma(v5, s05);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            s12 = w1.fma(v2, s12);
            s13 = w1.fma(v3, s13);
            s14 = w1.fma(v4, s14);
            s15 = w1.fma(v5, s15);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            s22 = w2.fma(v2, s22);
            s23 = w2.fma(v3, s23);
            s24 = w2.fma(v4, s24);
            s25 = w2.fma(v5, s25);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            s32 = w3.fma(v2, s32);
            s33 = w3.fma(v3, s33);
            s34 = w3.fma(v4, s34);
            s35 = w3.fma(v5, s35);
        }
        int k0 = 0;
        FloatVector b0 = FloatVector.broadcast(SPECIES, b[bAt + k0]);
        s00.add(b0).intoArray(y, y0 + k0 * yFilter);
        s01.add(b0).intoArray(y, y1 + k0 * yFilter);
        s02.add(b0).intoArray(y, y2 + k0 * yFilter);
        s03.add(b0).intoArray(y, y3 + k0 * yFilter);
        s04.add(b0).intoArray(y, y4 + k0 * yFilter);
        s05.add(b0).intoArray(y, y5 + k0 * yFilter);
        int k1 = Math.min(1, last);
        FloatVector b1 = FloatVector.broadcast(SPECIES, b[bAt + k1]);
        s10.add(b1).intoArray(y, y0 + k1 * yFilter);
        s11.add(b1).intoArray(y, y1 + k1 * yFilter);
        s12.add(b1).intoArray(y, y2 + k1 * yFilter);
        s13.add(b1).intoArray(y, y3 + k1 * yFilter);
        s14.add(b1).intoArray(y, y4 + k1 * yFilter);
        s15.add(b1).intoArray(y, y5 + k1 * yFilter);
        int k2 = Math.min(2, last);
        FloatVector b2 = FloatVector.broadcast(SPECIES, b[bAt + k2]);
        s20.add(b2).intoArray(y, y0 + k2 * yFilter);
        s21.add(b2).intoArray(y, y1 + k2 * yFilter);
        s22.add(b2).intoArray(y, y2 + k2 * yFilter);
        s23.add(b2).intoArray(y, y3 + k2 * yFilter);
        s24.add(b2).intoArray(y, y4 + k2 * yFilter);
        s25.add(b2).intoArray(y, y5 + k2 * yFilter);
        int k3 = Math.min(3, last);
        FloatVector b3 = FloatVector.broadcast(SPECIES, b[bAt + k3]);
        s30.add(b3).intoArray(y, y0 + k3 * yFilter);
        s31.add(b3).intoArray(y, y1 + k3 * yFilter);
        s32.add(b3).intoArray(y, y2 + k3 * yFilter);
        s33.add(b3).intoArray(y, y3 + k3 * yFilter);
        s34.add(b3).intoArray(y, y4 + k3 * yFilter);
        s35.add(b3).intoArray(y, y5 + k3 * yFilter);
    }

    static void product4x2(
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
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 4 * t;
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
    }

    static void product4x1(
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
        for (int t = from; t < to; t++) {
            int tap = taps[t];
            int wi = wAt + 4 * t;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[wi]);
            s00 = w0.fma(v0, s00);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            s10 = w1.fma(v0, s10);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            s20 = w2.fma(v0, s20);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            s30 = w3.fma(v0, s30);
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
    }
}
