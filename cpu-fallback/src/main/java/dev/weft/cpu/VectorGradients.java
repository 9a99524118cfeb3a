package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums over the positions of an image, for the gradients of filters; see {@link Products#gradient}. */
final class VectorGradients {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorGradients() {}

    /** Four filters and five taps anywhere. */
    static void gradient4x5(
            float[] dy,
            int dyAt,
            float[] x,
            int x0,
            int x1,
            int x2,
            int x3,
            int x4,
            int[] xs,
            int from,
            int to,
            float[] lanes,
            int lanesAt) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 0 * LANES);
        FloatVector s01 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 1 * LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 3 * LANES);
        FloatVector s04 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 4 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 5 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 6 * LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 7 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 8 * LANES);
        FloatVector s14 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 9 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 10 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 11 * LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 12 * LANES);
        FloatVector s23 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 13 * LANES);
        FloatVector s24 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 14 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 15 * LANES);
        FloatVector s31 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 16 * LANES);
        FloatVector s32 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 17 * LANES);
        FloatVector s33 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 18 * LANES);
        FloatVector s34 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 19 * LANES);
        int dy0 = dyAt - from * (4 * LANES);
        for (int p = from; p < to; p++) {
            int at = xs[p];
            int g = dy0 + p * (4 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, x0 + at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, x1 + at);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, x2 + at);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, x3 + at);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, x4 + at);
            FloatVector g0 = FloatVector.fromArray(SPECIES, dy, g);
            s00 = g0.fma(v0, s00);
            s01 = g0.fma(v1, s01);
            s02 = g0.fma(v2, s02);
            s03 = g0.fma(v3, s03);
            s04 = g0.fma(v4, s04);
            FloatVector g1 = FloatVector.fromArray(SPECIES, dy, g + 1 * LANES);
            s10 = g1.fma(v0, s10);
            s11 = g1.fma(v1, s11);
            s12 = g1.fma(v2, s12);
            s13 = g1.fma(v3, s13);
            s14 = g1.fma(v4, s14);
            FloatVector g2 = FloatVector.fromArray(SPECIES, dy, g + 2 * LANES);
            s20 = g2.fma(v0, s20);
            s21 = g2.fma(v1, s21);
            s22 = g2.fma(v2, s22);
            s23 = g2.fma(v3, s23);
            s24 = g2.fma(v4, s24);
            FloatVector g3 = FloatVector.fromArray(SPECIES, dy, g + 3 * LANES);
            s30 = g3.fma(v0, s30);
            s31 = g3.fma(v1, s31);
            s32 = g3.fma(v2, s32);
            s33 = g3.fma(v3, s33);
            s34 = g3.fma(v4, s34);
        }
        s00.intoArray(lanes, lanesAt + 0 * LANES);
        s01.intoArray(lanes, lanesAt + 1 * LANES);
        s02.intoArray(lanes, lanesAt + 2 * LANES);
        s03.intoArray(lanes, lanesAt + 3 * LANES);
        s04.intoArray(lanes, lanesAt + 4 * LANES);
        s10.intoArray(lanes, lanesAt + 5 * LANES);
        s11.intoArray(lanes, lanesAt + 6 * LANES);
        s12.intoArray(lanes, lanesAt + 7 * LANES);
        s13.intoArray(lanes, lanesAt + 8 * LANES);
        s14.intoArray(lanes, lanesAt + 9 * LANES);
        s20.intoArray(lanes, lanesAt + 10 * LANES);
        s21.intoArray(lanes, lanesAt + 11 * LANES);
        s22.intoArray(lanes, lanesAt + 12 * LANES);
        s23.intoArray(lanes, lanesAt + 13 * LANES);
        s24.intoArray(lanes, lanesAt + 14 * LANES);
        s30.intoArray(lanes, lanesAt + 15 * LANES);
        s31.intoArray(lanes, lanesAt + 16 * LANES);
        s32.intoArray(lanes, lanesAt + 17 * LANES);
        s33.intoArray(lanes, lanesAt + 18 * LANES);
        s34.intoArray(lanes, lanesAt + 19 * LANES);
    }

    /** Four filters and five taps side by side. */
    static void gradient4xRow5(
            float[] dy, int dyAt, float[] x, int xAt, int[] xs, int from, int to, float[] lanes, int lanesAt) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 0 * LANES);
        FloatVector s01 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 1 * LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 3 * LANES);
        FloatVector s04 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 4 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 5 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 6 * LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 7 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 8 * LANES);
        FloatVector s14 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 9 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 10 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 11 * LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 12 * LANES);
        FloatVector s23 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 13 * LANES);
        FloatVector s24 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 14 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 15 * LANES);
        FloatVector s31 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 16 * LANES);
        FloatVector s32 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 17 * LANES);
        FloatVector s33 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 18 * LANES);
        FloatVector s34 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 19 * LANES);
        int dy0 = dyAt - from * (4 * LANES);
        for (int p = from; p < to; p++) {
            int at = xAt + xs[p];
            int g = dy0 + p * (4 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, at + 1 * LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, at + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, at + 3 * LANES);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, at + 4 * LANES);
            FloatVector g0 = FloatVector.fromArray(SPECIES, dy, g);
            s00 = g0.fma(v0, s00);
            s01 = g0.fma(v1, s01);
            s02 = g0.fma(v2, s02);
            s03 = g0.fma(v3, s03);
            s04 = g0.fma(v4, s04);
            FloatVector g1 = FloatVector.fromArray(SPECIES, dy, g + 1 * LANES);
            s10 = g1.fma(v0, s10);
            s11 = g1.fma(v1, s11);
            s12 = g1.fma(v2, s12);
            s13 = g1.fma(v3, s13);
            s14 = g1.fma(v4, s14);
            FloatVector g2 = FloatVector.fromArray(SPECIES, dy, g + 2 * LANES);
            s20 = g2.fma(v0, s20);
            s21 = g2.fma(v1, s21);
            s22 = g2.fma(v2, s22);
            s23 = g2.fma(v3, s23);
            s24 = g2.fma(v4, s24);
            FloatVector g3 = FloatVector.fromArray(SPECIES, dy, g + 3 * LANES);
            s30 = g3.fma(v0, s30);
            s31 = g3.fma(v1, s31);
            s32 = g3.fma(v2, s32);
            s33 = g3.fma(v3, s33);
            s34 = g3.fma(v4, s34);
        }
        s00.intoArray(lanes, lanesAt + 0 * LANES);
        s01.intoArray(lanes, lanesAt + 1 * LANES);
        s02.intoArray(lanes, lanesAt + 2 * LANES);
        s03.intoArray(lanes, lanesAt + 3 * LANES);
        s04.intoArray(lanes, lanesAt + 4 * LANES);
        s10.intoArray(lanes, lanesAt + 5 * LANES);
        s11.intoArray(lanes, lanesAt + 6 * LANES);
        s12.intoArray(lanes, lanesAt + 7 * LANES);
        s13.intoArray(lanes, lanesAt + 8 * LANES);
        s14.intoArray(lanes, lanesAt + 9 * LANES);
        s20.intoArray(lanes, lanesAt + 10 * LANES);
        s21.intoArray(lanes, lanesAt + 11 * LANES);
        s22.intoArray(lanes, lanesAt + 12 * LANES);
        s23.intoArray(lanes, lanesAt + 13 * LANES);
        s24.intoArray(lanes, lanesAt + 14 * LANES);
        s30.intoArray(lanes, lanesAt + 15 * LANES);
        s31.intoArray(lanes, lanesAt + 16 * LANES);
        s32.intoArray(lanes, lanesAt + 17 * LANES);
        s33.intoArray(lanes, lanesAt + 18 * LANES);
        s34.intoArray(lanes, lanesAt + 19 * LANES);
    }

    /** Three filters and five taps side by side. */
    static void gradient3xRow5(
            float[] dy, int dyAt, float[] x, int xAt, int[] xs, int from, int to, float[] lanes, int lanesAt) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 0 * LANES);
        FloatVector s01 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 1 * LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 3 * LANES);
        FloatVector s04 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 4 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 5 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 6 * LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 7 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 8 * LANES);
        FloatVector s14 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 9 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 10 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 11 * LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 12 * LANES);
        FloatVector s23 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 13 * LANES);
        FloatVector s24 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 14 * LANES);
        int dy0 = dyAt - from * (3 * LANES);
        for (int p = from; p < to; p++) {
            int at = xAt + xs[p];
            int g = dy0 + p * (3 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, at + 1 * LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, at + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, at + 3 * LANES);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, at + 4 * LANES);
            FloatVector g0 = FloatVector.fromArray(SPECIES, dy, g);
            s00 = g0.fma(v0, s00);
            s01 = g0.fma(v1, s01);
            s02 = g0.fma(v2, s02);
            s03 = g0.fma(v3, s03);
            s04 = g0.fma(v4, s04);
            FloatVector g1 = FloatVector.fromArray(SPECIES, dy, g + 1 * LANES);
            s10 = g1.fma(v0, s10);
            s11 = g1.fma(v1, s11);
            s12 = g1.fma(v2, s12);
            s13 = g1.fma(v3, s13);
            s14 = g1.fma(v4, s14);
            FloatVector g2 = FloatVector.fromArray(SPECIES, dy, g + 2 * LANES);
            s20 = g2.fma(v0, s20);
            s21 = g2.fma(v1, s21);
            s22 = g2.fma(v2, s22);
            s23 = g2.fma(v3, s23);
            s24 = g2.fma(v4, s24);
        }
        s00.intoArray(lanes, lanesAt + 0 * LANES);
        s01.intoArray(lanes, lanesAt + 1 * LANES);
        s02.intoArray(lanes, lanesAt + 2 * LANES);
        s03.intoArray(lanes, lanesAt + 3 * LANES);
        s04.intoArray(lanes, lanesAt + 4 * LANES);
        s10.intoArray(lanes, lanesAt + 5 * LANES);
        s11.intoArray(lanes, lanesAt + 6 * LANES);
        s12.intoArray(lanes, lanesAt + 7 * LANES);
        s13.intoArray(lanes, lanesAt + 8 * LANES);
        s14.intoArray(lanes, lanesAt + 9 * LANES);
        s20.intoArray(lanes, lanesAt + 10 * LANES);
        s21.intoArray(lanes, lanesAt + 11 * LANES);
        s22.intoArray(lanes, lanesAt + 12 * LANES);
        s23.intoArray(lanes, lanesAt + 13 * LANES);
        s24.intoArray(lanes, lanesAt + 14 * LANES);
    }

    /** Eight filters and three taps side by side. */
    static void gradient8xRow3(
            float[] dy, int dyAt, float[] x, int xAt, int[] xs, int from, int to, float[] lanes, int lanesAt) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 0 * LANES);
        FloatVector s01 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 1 * LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 2 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 3 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 4 * LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 5 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 6 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 7 * LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 8 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 9 * LANES);
        FloatVector s31 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 10 * LANES);
        FloatVector s32 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 11 * LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 12 * LANES);
        FloatVector s41 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 13 * LANES);
        FloatVector s42 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 14 * LANES);
        FloatVector s50 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 15 * LANES);
        FloatVector s51 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 16 * LANES);
        FloatVector s52 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 17 * LANES);
        FloatVector s60 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 18 * LANES);
        FloatVector s61 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 19 * LANES);
        FloatVector s62 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 20 * LANES);
        FloatVector s70 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 21 * LANES);
        FloatVector s71 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 22 * LANES);
        FloatVector s72 = FloatVector.fromArray(SPECIES, lanes, lanesAt + 23 * LANES);
        int dy0 = dyAt - from * (8 * LANES);
        for (int p = from; p < to; p++) {
            int at = xAt + xs[p];
            int g = dy0 + p * (8 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, at + 1 * LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, at + 2 * LANES);
            FloatVector g0 = FloatVector.fromArray(SPECIES, dy, g);
            s00 = g0.fma(v0, s00);
            s01 = g0.fma(v1, s01);
            s02 = g0.fma(v2, s02);
            FloatVector g1 = FloatVector.fromArray(SPECIES, dy, g + 1 * LANES);
            s10 = g1.fma(v0, s10);
            s11 = g1.fma(v1, s11);
            s12 = g1.fma(v2, s12);
            FloatVector g2 = FloatVector.fromArray(SPECIES, dy, g + 2 * LANES);
            s20 = g2.fma(v0, s20);
            s21 = g2.fma(v1, s21);
            s22 = g2.fma(v2, s22);
            FloatVector g3 = FloatVector.fromArray(SPECIES, dy, g + 3 * LANES);
            s30 = g3.fma(v0, s30);
            s31 = g3.fma(v1, s31);
            s32 = g3.fma(v2, s32);
            FloatVector g4 = FloatVector.fromArray(SPECIES, dy, g + 4 * LANES);
            s40 = g4.fma(v0, s40);
            s41 = g4.fma(v1, s41);
            s42 = g4.fma(v2, s42);
            FloatVector g5 = FloatVector.fromArray(SPECIES, dy, g + 5 * LANES);
            s50 = g5.fma(v0, s50);
            s51 = g5.fma(v1, s51);
            s52 = g5.fma(v2, s52);
            FloatVector g6 = FloatVector.fromArray(SPECIES, dy, g + 6 * LANES);
            s60 = g6.fma(v0, s60);
            s61 = g6.fma(v1, s61);
            s62 = g6.fma(v2, s62);
            FloatVector g7 = FloatVector.fromArray(SPECIES, dy, g + 7 * LANES);
            s70 = g7.fma(v0, s70);
            s71 = g7.fma(v1, s71);
            s72 = g7.fma(v2, s72);
        }
        s00.intoArray(lanes, lanesAt + 0 * LANES);
        s01.intoArray(lanes, lanesAt + 1 * LANES);
        s02.intoArray(lanes, lanesAt + 2 * LANES);
        s10.intoArray(lanes, lanesAt + 3 * LANES);
        s11.intoArray(lanes, lanesAt + 4 * LANES);
        s12.intoArray(lanes, lanesAt + 5 * LANES);
        s20.intoArray(lanes, lanesAt + 6 * LANES);
        s21.intoArray(lanes, lanesAt + 7 * LANES);
        s22.intoArray(lanes, lanesAt + 8 * LANES);
        s30.intoArray(lanes, lanesAt + 9 * LANES);
        s31.intoArray(lanes, lanesAt + 10 * LANES);
        s32.intoArray(lanes, lanesAt + 11 * LANES);
        s40.intoArray(lanes, lanesAt + 12 * LANES);
        s41.intoArray(lanes, lanesAt + 13 * LANES);
        s42.intoArray(lanes, lanesAt + 14 * LANES);
        s50.intoArray(lanes, lanesAt + 15 * LANES);
        s51.intoArray(lanes, lanesAt + 16 * LANES);
        s52.intoArray(lanes, lanesAt + 17 * LANES);
        s60.intoArray(lanes, lanesAt + 18 * LANES);
        s61.intoArray(lanes, lanesAt + 19 * LANES);
        s62.intoArray(lanes, lanesAt + 20 * LANES);
        s70.intoArray(lanes, lanesAt + 21 * LANES);
        s71.intoArray(lanes, lanesAt + 22 * LANES);
        s72.intoArray(lanes, lanesAt + 23 * LANES);
    }
}
