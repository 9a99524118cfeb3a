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

    private final Products products = new VectorProducts();
    private final Pooling pooling = new VectorPooling();

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
            int rows,
            float[] b,
            int bAt,
            int[] bRows,
            float[] c,
            int cAt,
            int cRow) {
        int last = rows - 1;
        for (int i = 0; i < rows; i += 4) {
            // past the last row, the last one is computed again and stored in the same place
            int row1 = Math.min(i + 1, last);
            int row2 = Math.min(i + 2, last);
            int row3 = Math.min(i + 3, last);
            multiplyFourRows(
                    a,
                    aAt + i * aRow,
                    aAt + row1 * aRow,
                    aAt + row2 * aRow,
                    aAt + row3 * aRow,
                    aColumn,
                    b,
                    bAt,
                    bRows,
                    c,
                    cAt + i * cRow,
                    cAt + row1 * cRow,
                    cAt + row2 * cRow,
                    cAt + row3 * cRow);
        }
    }

    private static void multiplyFourRows(
            float[] a,
            int a0,
            int a1,
            int a2,
            int a3,
            int aColumn,
            float[] b,
            int bAt,
            int[] bRows,
            float[] c,
            int c0,
            int c1,
            int c2,
            int c3) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = FloatVector.zero(SPECIES);
        FloatVector s10 = FloatVector.zero(SPECIES);
        FloatVector s11 = FloatVector.zero(SPECIES);
        FloatVector s20 = FloatVector.zero(SPECIES);
        FloatVector s21 = FloatVector.zero(SPECIES);
        FloatVector s30 = FloatVector.zero(SPECIES);
        FloatVector s31 = FloatVector.zero(SPECIES);
        int column = 0;
        for (int k = 0; k < bRows.length; k++) {
            int bi = bAt + bRows[k];
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bi);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bi + LANES);
            FloatVector x0 = FloatVector.broadcast(SPECIES, a[a0 + column]);
            s00 = x0.fma(b0, s00);
            s01 = x0.fma(b1, s01);
            FloatVector x1 = FloatVector.broadcast(SPECIES, a[a1 + column]);
            s10 = x1.fma(b0, s10);
            s11 = x1.fma(b1, s11);
            FloatVector x2 = FloatVector.broadcast(SPECIES, a[a2 + column]);
            s20 = x2.fma(b0, s20);
            s21 = x2.fma(b1, s21);
            FloatVector x3 = FloatVector.broadcast(SPECIES, a[a3 + column]);
            s30 = x3.fma(b0, s30);
            s31 = x3.fma(b1, s31);
            column += aColumn;
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + LANES);
        s10.intoArray(c, c1);
        s11.intoArray(c, c1 + LANES);
        s20.intoArray(c, c2);
        s21.intoArray(c, c2 + LANES);
        s30.intoArray(c, c3);
        s31.intoArray(c, c3 + LANES);
    }

    @Override
    public Products products() {
        return products;
    }

    @Override
    public Pooling pooling() {
        return pooling;
    }

    @Override
    public void bytesToLanes(byte[] x, int xAt, int row, float scale, float shift, float[] y, int yAt) {
        for (int i = 0; i < row; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                y[yAt + i * LANES + lane] = (x[xAt + lane * row + i] & 0xff) * scale + shift;
            }
        }
    }

    @Override
    public void rowsToLanes(float[] x, int xAt, int row, float[] y, int yAt) {
        for (int i = 0; i < row; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                y[yAt + i * LANES + lane] = x[xAt + lane * row + i];
            }
        }
    }

    @Override
    public void lanesToRows(float[] x, int xAt, int row, float[] y, int yAt, int count) {
        for (int i = 0; i < row; i++) {
            for (int lane = 0; lane < count; lane++) {
                y[yAt + lane * row + i] = x[xAt + i * LANES + lane];
            }
        }
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
    public void sigmoid(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Elementary.sigmoid(x[xAt + i]);
        }
    }

    @Override
    public void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Elementary.tanh(x[xAt + i]);
        }
    }

    /** Several running sums, so that the error grows more slowly. */
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
