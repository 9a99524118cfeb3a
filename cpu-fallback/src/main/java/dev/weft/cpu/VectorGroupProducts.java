package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Products of a few rows with a group of vectors that lie side by side, so that one place tells those of all. */
final class VectorGroupProducts {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorGroupProducts() {}

    /** See {@link Products#runPacked}. */
    static void runPacked(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        switch (vectors) {
            case 4 -> packed6x4(terms, w, wAt, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
            case 2 -> packed6x2(terms, w, wAt, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
            default -> packed6x1(terms, w, wAt, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
        }
    }

    /** See {@link Products#runRows}. */
    static void runRows(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        switch (vectors) {
            case 4 -> rows5x4(terms, w, wAt, wRow, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
            case 2 -> rows5x2(terms, w, wAt, wRow, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
            default -> rows5x1(terms, w, wAt, wRow, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
        }
    }

    static void packed6x4(
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s01 = FloatVector.fromArray(SPECIES, start, startAt + LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, start, startAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, start, startAt + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + 2 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + 3 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + 2 * LANES);
        FloatVector s23 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + 3 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + LANES);
        FloatVector s32 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + 2 * LANES);
        FloatVector s33 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + 3 * LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        FloatVector s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + LANES);
        FloatVector s42 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + 2 * LANES);
        FloatVector s43 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + 3 * LANES);
        FloatVector s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow);
        FloatVector s51 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow + LANES);
        FloatVector s52 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow + 2 * LANES);
        FloatVector s53 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow + 3 * LANES);
        int wi = wAt;
        for (int xi = xAt; xi < xAt + terms * (4 * LANES); xi += 4 * LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, xi + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, xi + 3 * LANES);
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
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + LANES);
        s02.intoArray(y, yAt + 2 * LANES);
        s03.intoArray(y, yAt + 3 * LANES);
        s10.intoArray(y, yAt + k1 * yRow);
        s11.intoArray(y, yAt + k1 * yRow + LANES);
        s12.intoArray(y, yAt + k1 * yRow + 2 * LANES);
        s13.intoArray(y, yAt + k1 * yRow + 3 * LANES);
        s20.intoArray(y, yAt + k2 * yRow);
        s21.intoArray(y, yAt + k2 * yRow + LANES);
        s22.intoArray(y, yAt + k2 * yRow + 2 * LANES);
        s23.intoArray(y, yAt + k2 * yRow + 3 * LANES);
        s30.intoArray(y, yAt + k3 * yRow);
        s31.intoArray(y, yAt + k3 * yRow + LANES);
        s32.intoArray(y, yAt + k3 * yRow + 2 * LANES);
        s33.intoArray(y, yAt + k3 * yRow + 3 * LANES);
        s40.intoArray(y, yAt + k4 * yRow);
        s41.intoArray(y, yAt + k4 * yRow + LANES);
        s42.intoArray(y, yAt + k4 * yRow + 2 * LANES);
        s43.intoArray(y, yAt + k4 * yRow + 3 * LANES);
        s50.intoArray(y, yAt + k5 * yRow);
        s51.intoArray(y, yAt + k5 * yRow + LANES);
        s52.intoArray(y, yAt + k5 * yRow + 2 * LANES);
        s53.intoArray(y, yAt + k5 * yRow + 3 * LANES);
    }

    static void packed6x2(
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s01 = FloatVector.fromArray(SPECIES, start, startAt + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        FloatVector s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + LANES);
        FloatVector s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow);
        FloatVector s51 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow + LANES);
        int wi = wAt;
        for (int xi = xAt; xi < xAt + terms * (2 * LANES); xi += 2 * LANES) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + LANES);
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
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + LANES);
        s10.intoArray(y, yAt + k1 * yRow);
        s11.intoArray(y, yAt + k1 * yRow + LANES);
        s20.intoArray(y, yAt + k2 * yRow);
        s21.intoArray(y, yAt + k2 * yRow + LANES);
        s30.intoArray(y, yAt + k3 * yRow);
        s31.intoArray(y, yAt + k3 * yRow + LANES);
        s40.intoArray(y, yAt + k4 * yRow);
        s41.intoArray(y, yAt + k4 * yRow + LANES);
        s50.intoArray(y, yAt + k5 * yRow);
        s51.intoArray(y, yAt + k5 * yRow + LANES);
    }

    static void packed6x1(
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        int k5 = Math.min(5, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        FloatVector s50 = FloatVector.fromArray(SPECIES, start, startAt + k5 * startRow);
        int wi = wAt;
        for (int xi = xAt; xi < xAt + terms * LANES; xi += LANES) {
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
        s00.intoArray(y, yAt);
        s10.intoArray(y, yAt + k1 * yRow);
        s20.intoArray(y, yAt + k2 * yRow);
        s30.intoArray(y, yAt + k3 * yRow);
        s40.intoArray(y, yAt + k4 * yRow);
        s50.intoArray(y, yAt + k5 * yRow);
    }

    static void rows5x4(
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s01 = FloatVector.fromArray(SPECIES, start, startAt + LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, start, startAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, start, startAt + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + 2 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + 3 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + LANES);
        FloatVector s22 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + 2 * LANES);
        FloatVector s23 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + 3 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + LANES);
        FloatVector s32 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + 2 * LANES);
        FloatVector s33 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + 3 * LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        FloatVector s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + LANES);
        FloatVector s42 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + 2 * LANES);
        FloatVector s43 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + 3 * LANES);
        int r0 = wAt;
        int r1 = wAt + k1 * wRow;
        int r2 = wAt + k2 * wRow;
        int r3 = wAt + k3 * wRow;
        int r4 = wAt + k4 * wRow;
        for (int t = 0; t < terms; t++) {
            int xi = xAt + t * (4 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, xi + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, xi + 3 * LANES);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[r0 + t]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            s02 = w0.fma(v2, s02);
            s03 = w0.fma(v3, s03);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[r1 + t]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            s12 = w1.fma(v2, s12);
            s13 = w1.fma(v3, s13);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[r2 + t]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            s22 = w2.fma(v2, s22);
            s23 = w2.fma(v3, s23);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[r3 + t]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            s32 = w3.fma(v2, s32);
            s33 = w3.fma(v3, s33);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[r4 + t]);
            s40 = w4.fma(v0, s40);
            s41 = w4.fma(v1, s41);
            s42 = w4.fma(v2, s42);
            s43 = w4.fma(v3, s43);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + LANES);
        s02.intoArray(y, yAt + 2 * LANES);
        s03.intoArray(y, yAt + 3 * LANES);
        s10.intoArray(y, yAt + k1 * yRow);
        s11.intoArray(y, yAt + k1 * yRow + LANES);
        s12.intoArray(y, yAt + k1 * yRow + 2 * LANES);
        s13.intoArray(y, yAt + k1 * yRow + 3 * LANES);
        s20.intoArray(y, yAt + k2 * yRow);
        s21.intoArray(y, yAt + k2 * yRow + LANES);
        s22.intoArray(y, yAt + k2 * yRow + 2 * LANES);
        s23.intoArray(y, yAt + k2 * yRow + 3 * LANES);
        s30.intoArray(y, yAt + k3 * yRow);
        s31.intoArray(y, yAt + k3 * yRow + LANES);
        s32.intoArray(y, yAt + k3 * yRow + 2 * LANES);
        s33.intoArray(y, yAt + k3 * yRow + 3 * LANES);
        s40.intoArray(y, yAt + k4 * yRow);
        s41.intoArray(y, yAt + k4 * yRow + LANES);
        s42.intoArray(y, yAt + k4 * yRow + 2 * LANES);
        s43.intoArray(y, yAt + k4 * yRow + 3 * LANES);
    }

    static void rows5x2(
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s01 = FloatVector.fromArray(SPECIES, start, startAt + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s11 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow + LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s21 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow + LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s31 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow + LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        FloatVector s41 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow + LANES);
        int r0 = wAt;
        int r1 = wAt + k1 * wRow;
        int r2 = wAt + k2 * wRow;
        int r3 = wAt + k3 * wRow;
        int r4 = wAt + k4 * wRow;
        for (int t = 0; t < terms; t++) {
            int xi = xAt + t * (2 * LANES);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xi);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, xi + LANES);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[r0 + t]);
            s00 = w0.fma(v0, s00);
            s01 = w0.fma(v1, s01);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[r1 + t]);
            s10 = w1.fma(v0, s10);
            s11 = w1.fma(v1, s11);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[r2 + t]);
            s20 = w2.fma(v0, s20);
            s21 = w2.fma(v1, s21);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[r3 + t]);
            s30 = w3.fma(v0, s30);
            s31 = w3.fma(v1, s31);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[r4 + t]);
            s40 = w4.fma(v0, s40);
            s41 = w4.fma(v1, s41);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + LANES);
        s10.intoArray(y, yAt + k1 * yRow);
        s11.intoArray(y, yAt + k1 * yRow + LANES);
        s20.intoArray(y, yAt + k2 * yRow);
        s21.intoArray(y, yAt + k2 * yRow + LANES);
        s30.intoArray(y, yAt + k3 * yRow);
        s31.intoArray(y, yAt + k3 * yRow + LANES);
        s40.intoArray(y, yAt + k4 * yRow);
        s41.intoArray(y, yAt + k4 * yRow + LANES);
    }

    static void rows5x1(
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        int k1 = Math.min(1, last);
        int k2 = Math.min(2, last);
        int k3 = Math.min(3, last);
        int k4 = Math.min(4, last);
        FloatVector s00 = FloatVector.fromArray(SPECIES, start, startAt);
        FloatVector s10 = FloatVector.fromArray(SPECIES, start, startAt + k1 * startRow);
        FloatVector s20 = FloatVector.fromArray(SPECIES, start, startAt + k2 * startRow);
        FloatVector s30 = FloatVector.fromArray(SPECIES, start, startAt + k3 * startRow);
        FloatVector s40 = FloatVector.fromArray(SPECIES, start, startAt + k4 * startRow);
        int r0 = wAt;
        int r1 = wAt + k1 * wRow;
        int r2 = wAt + k2 * wRow;
        int r3 = wAt + k3 * wRow;
        int r4 = wAt + k4 * wRow;
        for (int t = 0; t < terms; t++) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, xAt + t * LANES);
            FloatVector w0 = FloatVector.broadcast(SPECIES, w[r0 + t]);
            s00 = w0.fma(v0, s00);
            FloatVector w1 = FloatVector.broadcast(SPECIES, w[r1 + t]);
            s10 = w1.fma(v0, s10);
            FloatVector w2 = FloatVector.broadcast(SPECIES, w[r2 + t]);
            s20 = w2.fma(v0, s20);
            FloatVector w3 = FloatVector.broadcast(SPECIES, w[r3 + t]);
            s30 = w3.fma(v0, s30);
            FloatVector w4 = FloatVector.broadcast(SPECIES, w[r4 + t]);
            s40 = w4.fma(v0, s40);
        }
        s00.intoArray(y, yAt);
        s10.intoArray(y, yAt + k1 * yRow);
        s20.intoArray(y, yAt + k2 * yRow);
        s30.intoArray(y, yAt + k3 * yRow);
        s40.intoArray(y, yAt + k4 * yRow);
    }
}
