package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Pixels multiplied with a row of a window and added to their neighbours, for the gradients of images; see {@link Products#scatter}. */
final class VectorScatter {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorScatter() {}

    /** Five pixels, five columns of the window, two channels: 18 sums and ten weights. */
    static void scatter5x5(
            float[] w, int wAt, float[] x, int xAt, int[] xs, int from, int to, float[] y, int yAt, int yChannel) {
        int y1 = yAt + yChannel;
        FloatVector s00 = FloatVector.fromArray(SPECIES, y, yAt);
        FloatVector s01 = FloatVector.fromArray(SPECIES, y, yAt + 1 * LANES);
        FloatVector s02 = FloatVector.fromArray(SPECIES, y, yAt + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(SPECIES, y, yAt + 3 * LANES);
        FloatVector s04 = FloatVector.fromArray(SPECIES, y, yAt + 4 * LANES);
        FloatVector s05 = FloatVector.fromArray(SPECIES, y, yAt + 5 * LANES);
        FloatVector s06 = FloatVector.fromArray(SPECIES, y, yAt + 6 * LANES);
        FloatVector s07 = FloatVector.fromArray(SPECIES, y, yAt + 7 * LANES);
        FloatVector s08 = FloatVector.fromArray(SPECIES, y, yAt + 8 * LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, y, y1);
        FloatVector s11 = FloatVector.fromArray(SPECIES, y, y1 + 1 * LANES);
        FloatVector s12 = FloatVector.fromArray(SPECIES, y, y1 + 2 * LANES);
        FloatVector s13 = FloatVector.fromArray(SPECIES, y, y1 + 3 * LANES);
        FloatVector s14 = FloatVector.fromArray(SPECIES, y, y1 + 4 * LANES);
        FloatVector s15 = FloatVector.fromArray(SPECIES, y, y1 + 5 * LANES);
        FloatVector s16 = FloatVector.fromArray(SPECIES, y, y1 + 6 * LANES);
        FloatVector s17 = FloatVector.fromArray(SPECIES, y, y1 + 7 * LANES);
        FloatVector s18 = FloatVector.fromArray(SPECIES, y, y1 + 8 * LANES);
        int i = from;
        for (int wi = wAt + 10 * from; wi < wAt + 10 * to; wi += 10) {
            int at = xAt + xs[i];
            FloatVector w00 = FloatVector.broadcast(SPECIES, w[wi]);
            FloatVector w01 = FloatVector.broadcast(SPECIES, w[wi + 1]);
            FloatVector w02 = FloatVector.broadcast(SPECIES, w[wi + 2]);
            FloatVector w03 = FloatVector.broadcast(SPECIES, w[wi + 3]);
            FloatVector w04 = FloatVector.broadcast(SPECIES, w[wi + 4]);
            FloatVector w10 = FloatVector.broadcast(SPECIES, w[wi + 5]);
            FloatVector w11 = FloatVector.broadcast(SPECIES, w[wi + 6]);
            FloatVector w12 = FloatVector.broadcast(SPECIES, w[wi + 7]);
            FloatVector w13 = FloatVector.broadcast(SPECIES, w[wi + 8]);
            FloatVector w14 = FloatVector.broadcast(SPECIES, w[wi + 9]);
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, at);
            FloatVector v4 = FloatVector.fromArray(SPECIES, x, at + 4 * LANES);
            s00 = w00.fma(v0, s00);
            s01 = w01.fma(v0, s01);
            s02 = w02.fma(v0, s02);
            s03 = w03.fma(v0, s03);
            s04 = w04.fma(v0, s04);
            s10 = w10.fma(v0, s10);
            s11 = w11.fma(v0, s11);
            s12 = w12.fma(v0, s12);
            s13 = w13.fma(v0, s13);
            s14 = w14.fma(v0, s14);
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, at + 1 * LANES);
            s01 = w00.fma(v1, s01);
            s02 = w01.fma(v1, s02);
            s03 = w02.fma(v1, s03);
            s04 = w03.fma(v1, s04);
            s05 = w04.fma(v1, s05);
            s11 = w10.fma(v1, s11);
            s12 = w11.fma(v1, s12);
            s13 = w12.fma(v1, s13);
            s14 = w13.fma(v1, s14);
            s15 = w14.fma(v1, s15);
            FloatVector v2 = FloatVector.fromArray(SPECIES, x, at + 2 * LANES);
            s02 = w00.fma(v2, s02);
            s03 = w01.fma(v2, s03);
            s04 = w02.fma(v2, s04);
            s05 = w03.fma(v2, s05);
            s06 = w04.fma(v2, s06);
            s12 = w10.fma(v2, s12);
            s13 = w11.fma(v2, s13);
            s14 = w12.fma(v2, s14);
            s15 = w13.fma(v2, s15);
            s16 = w14.fma(v2, s16);
            FloatVector v3 = FloatVector.fromArray(SPECIES, x, at + 3 * LANES);
            s03 = w00.fma(v3, s03);
            s04 = w01.fma(v3, s04);
            s05 = w02.fma(v3, s05);
            s06 = w03.fma(v3, s06);
            s07 = w04.fma(v3, s07);
            s13 = w10.fma(v3, s13);
            s14 = w11.fma(v3, s14);
            s15 = w12.fma(v3, s15);
            s16 = w13.fma(v3, s16);
            s17 = w14.fma(v3, s17);
            s04 = w00.fma(v4, s04);
            s05 = w01.fma(v4, s05);
            s06 = w02.fma(v4, s06);
            s07 = w03.fma(v4, s07);
            s08 = w04.fma(v4, s08);
            s14 = w10.fma(v4, s14);
            s15 = w11.fma(v4, s15);
            s16 = w12.fma(v4, s16);
            s17 = w13.fma(v4, s17);
            s18 = w14.fma(v4, s18);
            i++;
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 1 * LANES);
        s02.intoArray(y, yAt + 2 * LANES);
        s03.intoArray(y, yAt + 3 * LANES);
        s04.intoArray(y, yAt + 4 * LANES);
        s05.intoArray(y, yAt + 5 * LANES);
        s06.intoArray(y, yAt + 6 * LANES);
        s07.intoArray(y, yAt + 7 * LANES);
        s08.intoArray(y, yAt + 8 * LANES);
        s10.intoArray(y, y1);
        s11.intoArray(y, y1 + 1 * LANES);
        s12.intoArray(y, y1 + 2 * LANES);
        s13.intoArray(y, y1 + 3 * LANES);
        s14.intoArray(y, y1 + 4 * LANES);
        s15.intoArray(y, y1 + 5 * LANES);
        s16.intoArray(y, y1 + 6 * LANES);
        s17.intoArray(y, y1 + 7 * LANES);
        s18.intoArray(y, y1 + 8 * LANES);
    }
}
