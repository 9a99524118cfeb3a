package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Products of six filters with up to four positions. */
final class VectorProducts6 {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorProducts6() {}

    /** See {@link Products#run}. */
    static void run(
            int count,
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        int p = 0;
        for (; !VectorProducts.FEW_REGISTERS && p <= count - 4; p += 4) {
            int xp = xAt + p * xStep;
            product6x4(
                    taps,
                    w,
                    wAt,
                    x,
                    xp,
                    xp + xStep,
                    xp + 2 * xStep,
                    xp + 3 * xStep,
                    start,
                    startAt + p * startStep,
                    startFilter,
                    startStep,
                    y,
                    yAt + p * yStep,
                    yFilter,
                    yStep,
                    last);
        }
        for (; p <= count - 2; p += 2) {
            int xp = xAt + p * xStep;
            product6x2(
                    taps,
                    w,
                    wAt,
                    x,
                    xp,
                    xp + xStep,
                    start,
                    startAt + p * startStep,
                    startFilter,
                    startStep,
                    y,
                    yAt + p * yStep,
                    yFilter,
                    yStep,
                    last);
        }
        for (; p <= count - 1; p += 1) {
            int xp = xAt + p * xStep;
            product6x1(
                    taps,
                    w,
                    wAt,
                    x,
                    xp,
                    start,
                    startAt + p * startStep,
                    startFilter,
                    startStep,
                    y,
                    yAt + p * yStep,
                    yFilter,
                    yStep,
                    last);
        }
    }

    static void product6x4(
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int x0,
            int x1,
            int x2,
            int x3,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
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
        int d1 = x1 - x0;
        int d2 = x2 - x0;
        int d3 = x3 - x0;
        int wi = wAt;
        for (int xi = x0; xi < x0 + taps * LANES; xi += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + d1);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, xi + d2);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, xi + d3);
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
            wi += 6;
        }
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        // all is read before anything is written, since start may be y and filters may be repeated
        s00 = FloatVector.fromArray(SPECIES, start, startAt).add(s00);
        s01 = FloatVector.fromArray(SPECIES, start, startAt + startStep).add(s01);
        s02 = FloatVector.fromArray(SPECIES, start, startAt + 2 * startStep).add(s02);
        s03 = FloatVector.fromArray(SPECIES, start, startAt + 3 * startStep).add(s03);
        s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter).add(s10);
        s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter + startStep)
                .add(s11);
        s12 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter + 2 * startStep)
                .add(s12);
        s13 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter + 3 * startStep)
                .add(s13);
        s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter).add(s20);
        s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter + startStep)
                .add(s21);
        s22 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter + 2 * startStep)
                .add(s22);
        s23 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter + 3 * startStep)
                .add(s23);
        s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter).add(s30);
        s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter + startStep)
                .add(s31);
        s32 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter + 2 * startStep)
                .add(s32);
        s33 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter + 3 * startStep)
                .add(s33);
        s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter).add(s40);
        s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter + startStep)
                .add(s41);
        s42 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter + 2 * startStep)
                .add(s42);
        s43 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter + 3 * startStep)
                .add(s43);
        s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter).add(s50);
        s51 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter + startStep)
                .add(s51);
        s52 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter + 2 * startStep)
                .add(s52);
        s53 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter + 3 * startStep)
                .add(s53);
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + yStep);
        s02.intoArray(y, yAt + 2 * yStep);
        s03.intoArray(y, yAt + 3 * yStep);
        s10.intoArray(y, yAt + k1 * yFilter);
        s11.intoArray(y, yAt + k1 * yFilter + yStep);
        s12.intoArray(y, yAt + k1 * yFilter + 2 * yStep);
        s13.intoArray(y, yAt + k1 * yFilter + 3 * yStep);
        s20.intoArray(y, yAt + k2 * yFilter);
        s21.intoArray(y, yAt + k2 * yFilter + yStep);
        s22.intoArray(y, yAt + k2 * yFilter + 2 * yStep);
        s23.intoArray(y, yAt + k2 * yFilter + 3 * yStep);
        s30.intoArray(y, yAt + k3 * yFilter);
        s31.intoArray(y, yAt + k3 * yFilter + yStep);
        s32.intoArray(y, yAt + k3 * yFilter + 2 * yStep);
        s33.intoArray(y, yAt + k3 * yFilter + 3 * yStep);
        s40.intoArray(y, yAt + k4 * yFilter);
        s41.intoArray(y, yAt + k4 * yFilter + yStep);
        s42.intoArray(y, yAt + k4 * yFilter + 2 * yStep);
        s43.intoArray(y, yAt + k4 * yFilter + 3 * yStep);
        s50.intoArray(y, yAt + k5 * yFilter);
        s51.intoArray(y, yAt + k5 * yFilter + yStep);
        s52.intoArray(y, yAt + k5 * yFilter + 2 * yStep);
        s53.intoArray(y, yAt + k5 * yFilter + 3 * yStep);
    }

    static void product6x2(
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int x0,
            int x1,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
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
        int d1 = x1 - x0;
        int wi = wAt;
        for (int xi = x0; xi < x0 + taps * LANES; xi += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + d1);
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
            wi += 6;
        }
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        // all is read before anything is written, since start may be y and filters may be repeated
        s00 = FloatVector.fromArray(SPECIES, start, startAt).add(s00);
        s01 = FloatVector.fromArray(SPECIES, start, startAt + startStep).add(s01);
        s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter).add(s10);
        s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter + startStep)
                .add(s11);
        s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter).add(s20);
        s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter + startStep)
                .add(s21);
        s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter).add(s30);
        s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter + startStep)
                .add(s31);
        s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter).add(s40);
        s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter + startStep)
                .add(s41);
        s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter).add(s50);
        s51 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter + startStep)
                .add(s51);
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + yStep);
        s10.intoArray(y, yAt + k1 * yFilter);
        s11.intoArray(y, yAt + k1 * yFilter + yStep);
        s20.intoArray(y, yAt + k2 * yFilter);
        s21.intoArray(y, yAt + k2 * yFilter + yStep);
        s30.intoArray(y, yAt + k3 * yFilter);
        s31.intoArray(y, yAt + k3 * yFilter + yStep);
        s40.intoArray(y, yAt + k4 * yFilter);
        s41.intoArray(y, yAt + k4 * yFilter + yStep);
        s50.intoArray(y, yAt + k5 * yFilter);
        s51.intoArray(y, yAt + k5 * yFilter + yStep);
    }

    static void product6x1(
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int x0,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s40 = FloatVector.zero(SPECIES);
        FloatVector s50 = FloatVector.zero(SPECIES);
        int wi = wAt;
        for (int xi = x0; xi < x0 + taps * LANES; xi += LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
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
            wi += 6;
        }
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        // all is read before anything is written, since start may be y and filters may be repeated
        s00 = FloatVector.fromArray(SPECIES, start, startAt).add(s00);
        s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startFilter).add(s10);
        s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startFilter).add(s20);
        s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startFilter).add(s30);
        s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startFilter).add(s40);
        s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startFilter).add(s50);
        s00.intoArray(y, yAt);
        s10.intoArray(y, yAt + k1 * yFilter);
        s20.intoArray(y, yAt + k2 * yFilter);
        s30.intoArray(y, yAt + k3 * yFilter);
        s40.intoArray(y, yAt + k4 * yFilter);
        s50.intoArray(y, yAt + k5 * yFilter);
    }
}
