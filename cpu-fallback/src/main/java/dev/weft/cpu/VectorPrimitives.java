package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops with the Vector API. Only operations that IEEE 754 rounds are used (no {@code lanewise(EXP)}, no
 * {@code reduceLanes(ADD)}), so that the bits are the same before and after compilation.
 */
final class VectorPrimitives implements Primitives {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int PANEL = 2 * LANES;

    @Override
    public String description() {
        return "Vector API " + SPECIES.vectorBitSize() + " bit";
    }

    @Override
    public int panelWidth() {
        return PANEL;
    }

    @Override
    public void multiplyPanel(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int inner,
            boolean accumulate) {
        int i = 0;
        for (; i < rows - 3; i += 4) {
            multiplyFourRows(a, aAt + i * aRow, aRow, aColumn, b, bAt, c, cAt + i * cRow, cRow, inner, accumulate);
        }
        for (; i < rows; i++) {
            multiplyRow(a, aAt + i * aRow, aColumn, b, bAt, c, cAt + i * cRow, inner, accumulate);
        }
    }

    private static void multiplyFourRows(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int inner,
            boolean accumulate) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        int ai = aAt;
        int bi = bAt;
        for (int k = 0; k < inner; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bi);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bi + LANES);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[ai]);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[ai + aRow]);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[ai + 2 * aRow]);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[ai + 3 * aRow]);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            ai += aColumn;
            bi += PANEL;
        }
        int c1 = cAt + cRow;
        int c2 = c1 + cRow;
        int c3 = c2 + cRow;
        if (accumulate) {
            s00 = s00.add(FloatVector.fromArray(SPECIES, c, cAt));
            s01 = s01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES));
            s10 = s10.add(FloatVector.fromArray(SPECIES, c, c1));
            s11 = s11.add(FloatVector.fromArray(SPECIES, c, c1 + LANES));
            s20 = s20.add(FloatVector.fromArray(SPECIES, c, c2));
            s21 = s21.add(FloatVector.fromArray(SPECIES, c, c2 + LANES));
            s30 = s30.add(FloatVector.fromArray(SPECIES, c, c3));
            s31 = s31.add(FloatVector.fromArray(SPECIES, c, c3 + LANES));
        }
        s00.intoArray(c, cAt);
        s01.intoArray(c, cAt + LANES);
        s10.intoArray(c, c1);
        s11.intoArray(c, c1 + LANES);
        s20.intoArray(c, c2);
        s21.intoArray(c, c2 + LANES);
        s30.intoArray(c, c3);
        s31.intoArray(c, c3 + LANES);
    }

    private static void multiplyRow(
            float[] a, int aAt, int aColumn, float[] b, int bAt, float[] c, int cAt, int inner, boolean accumulate) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        int ai = aAt;
        int bi = bAt;
        for (int k = 0; k < inner; k++) {
            FloatVector x = FloatVector.broadcast(SPECIES, a[ai]);
            s0 = x.fma(FloatVector.fromArray(SPECIES, b, bi), s0);
            s1 = x.fma(FloatVector.fromArray(SPECIES, b, bi + LANES), s1);
            ai += aColumn;
            bi += PANEL;
        }
        if (accumulate) {
            s0 = s0.add(FloatVector.fromArray(SPECIES, c, cAt));
            s1 = s1.add(FloatVector.fromArray(SPECIES, c, cAt + LANES));
        }
        s0.intoArray(c, cAt);
        s1.intoArray(c, cAt + LANES);
    }

    @Override
    public void add(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, a, aAt + i)
                    .add(FloatVector.fromArray(SPECIES, b, bAt + i))
                    .intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = a[aAt + i] + b[bAt + i];
        }
    }

    @Override
    public void addScalar(float[] x, int xAt, float value, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).add(value).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = x[xAt + i] + value;
        }
    }

    @Override
    public void relu(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).max(0).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = Math.max(0, x[xAt + i]);
        }
    }

    @Override
    public void reluBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMask<Float> positive =
                    FloatVector.fromArray(SPECIES, y, yAt + i).compare(VectorOperators.GT, 0);
            zero.blend(FloatVector.fromArray(SPECIES, dy, dyAt + i), positive).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = y[yAt + i] > 0 ? dy[dyAt + i] : 0;
        }
    }

    @Override
    public float sum(float[] x, int xAt, int n) {
        FloatVector lanes = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            lanes = lanes.add(FloatVector.fromArray(SPECIES, x, xAt + i));
        }
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++) {
            sum += lanes.lane(lane);
        }
        for (; i < n; i++) {
            sum += x[xAt + i];
        }
        return sum;
    }

    @Override
    public boolean allFinite(float[] x, int xAt, int n) {
        FloatVector zeros = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            zeros = FloatVector.fromArray(SPECIES, x, xAt + i).mul(0).add(zeros);
        }
        float rest = 0;
        for (; i < n; i++) {
            rest += x[xAt + i] * 0f;
        }
        return rest == 0 && zeros.compare(VectorOperators.EQ, 0).allTrue();
    }

    @Override
    public void adam(
            float[] w,
            int wAt,
            float[] dw,
            int dwAt,
            float[] m,
            int mAt,
            float[] v,
            int vAt,
            int n,
            AdamConstants constants) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector g = FloatVector.fromArray(SPECIES, dw, dwAt + i);
            FloatVector first = FloatVector.fromArray(SPECIES, m, mAt + i)
                    .mul(constants.beta1())
                    .add(g.mul(constants.complement1()));
            FloatVector second = FloatVector.fromArray(SPECIES, v, vAt + i)
                    .mul(constants.beta2())
                    .add(g.mul(constants.complement2()).mul(g));
            first.intoArray(m, mAt + i);
            second.intoArray(v, vAt + i);
            FloatVector root = second.mul(constants.c2()).sqrt().add(constants.epsilon());
            FloatVector old = FloatVector.fromArray(SPECIES, w, wAt + i);
            FloatVector change = first.mul(constants.c1()).div(root).add(old.mul(constants.weightDecay()));
            old.sub(change.mul(constants.rate())).intoArray(w, wAt + i);
        }
        if (i < n) {
            new ScalarPrimitives().adam(w, wAt + i, dw, dwAt + i, m, mAt + i, v, vAt + i, n - i, constants);
        }
    }
}
