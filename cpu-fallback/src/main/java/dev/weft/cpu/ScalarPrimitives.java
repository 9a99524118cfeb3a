package dev.weft.cpu;

/** Plain loops. */
final class ScalarPrimitives implements Primitives {
    private static final int PANEL = 16;

    private final Products products = new ScalarProducts();
    private final Pooling pooling = new ScalarPooling();

    @Override
    public String description() {
        return "scalar loops";
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
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < PANEL; j += 4) {
                float s0 = 0;
                float s1 = 0;
                float s2 = 0;
                float s3 = 0;
                int ai = aAt + i * aRow;
                for (int row : bRows) {
                    float x = a[ai];
                    int bi = bAt + row + j;
                    s0 += x * b[bi];
                    s1 += x * b[bi + 1];
                    s2 += x * b[bi + 2];
                    s3 += x * b[bi + 3];
                    ai += aColumn;
                }
                int ci = cAt + i * cRow + j;
                c[ci] = s0;
                c[ci + 1] = s1;
                c[ci + 2] = s2;
                c[ci + 3] = s3;
            }
        }
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
            for (int lane = 0; lane < ScalarProducts.LANES; lane++) {
                y[yAt + i * ScalarProducts.LANES + lane] = (x[xAt + lane * row + i] & 0xff) * scale + shift;
            }
        }
    }

    @Override
    public void rowsToLanes(float[] x, int xAt, int row, float[] y, int yAt) {
        for (int i = 0; i < row; i++) {
            for (int lane = 0; lane < ScalarProducts.LANES; lane++) {
                y[yAt + i * ScalarProducts.LANES + lane] = x[xAt + lane * row + i];
            }
        }
    }

    @Override
    public void lanesToRows(float[] x, int xAt, int row, float[] y, int yAt, int count) {
        for (int i = 0; i < row; i++) {
            for (int lane = 0; lane < count; lane++) {
                y[yAt + lane * row + i] = x[xAt + i * ScalarProducts.LANES + lane];
            }
        }
    }

    @Override
    public void add(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = a[aAt + i] + b[bAt + i];
        }
    }

    @Override
    public void addScalar(float[] x, int xAt, float value, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = x[xAt + i] + value;
        }
    }

    @Override
    public void relu(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Math.max(0, x[xAt + i]);
        }
    }

    @Override
    public void reluBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i++) {
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
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = xAt;
        int end = xAt + n;
        for (; i < end - 3; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < end; i++) {
            s0 += x[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    public boolean allFinite(float[] x, int xAt, int n) {
        float zero = 0;
        for (int i = 0; i < n; i++) {
            zero += x[xAt + i] * 0f;
        }
        return zero == 0;
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
        float beta1 = constants.beta1();
        float beta2 = constants.beta2();
        for (int i = 0; i < n; i++) {
            float g = dw[dwAt + i];
            float first = beta1 * m[mAt + i] + constants.complement1() * g;
            float second = beta2 * v[vAt + i] + constants.complement2() * g * g;
            m[mAt + i] = first;
            v[vAt + i] = second;
            float root = (float) Math.sqrt(second * constants.c2()) + constants.epsilon();
            float old = w[wAt + i];
            w[wAt + i] = old - constants.rate() * (first * constants.c1() / root + constants.weightDecay() * old);
        }
    }
}
