package dev.weft.cpu;

/** Plain loops. */
final class ScalarPrimitives implements Primitives {
    private final Products products = new ScalarProducts();
    private final Pooling pooling = new ScalarPooling();

    @Override
    public String description() {
        return "scalar loops";
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
