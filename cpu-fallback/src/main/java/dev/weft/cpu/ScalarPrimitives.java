package dev.weft.cpu;

import java.util.Arrays;

/** Plain loops. */
final class ScalarPrimitives implements Primitives {
    private static final int LANES = LoopMemory.LANES;
    private static final int SLOT = LoopMemory.SLOT;

    /** The bits of infinity. */
    private static final int INFINITY = 0x7f800000;

    private final LoopMemory memory = new LoopMemory(ScalarProducts.WIDTH);
    private final Products products = new ScalarProducts(memory);
    private final Pooling pooling = new ScalarPooling(memory);
    private final BlockLoops blockLoops = new ScalarBlockLoops();
    private final Losses losses = new ScalarLosses(LANES);

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
    public Losses losses() {
        return losses;
    }

    @Override
    public BlockLoops blockLoops() {
        return blockLoops;
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
    public void scale(float[] x, int xAt, float factor, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = x[xAt + i] * factor;
        }
    }

    @Override
    public void relu(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Math.max(0, x[xAt + i]);
        }
    }

    /** Without branches, which the processor would mispredict. */
    @Override
    public void reluBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i++) {
            int bits = Float.floatToRawIntBits(y[yAt + i]);
            // all ones where y is negative, zero or NaN
            int blocked = (bits | (bits - 1) | (INFINITY - bits)) >> 31;
            dx[dxAt + i] = Float.intBitsToFloat(Float.floatToRawIntBits(dy[dyAt + i]) & ~blocked);
        }
    }

    @Override
    public void sigmoid(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Elementary.sigmoid(x[xAt + i]);
        }
    }

    @Override
    public void sigmoidBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i++) {
            dx[dxAt + i] = dy[dyAt + i] * y[yAt + i] * (1 - y[yAt + i]);
        }
    }

    @Override
    public void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Elementary.tanh(x[xAt + i]);
        }
    }

    @Override
    public void tanhBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i++) {
            dx[dxAt + i] = dy[dyAt + i] * (1 - y[yAt + i] * y[yAt + i]);
        }
    }

    @Override
    public void normal(float[] y, int yAt, float[] quarters, float mean, float deviation, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Elementary.normal(y[yAt + i], quarters[i]) * deviation + mean;
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
    public void max(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] = Math.max(a[aAt + i], b[bAt + i]);
        }
    }

    @Override
    public float max(float[] x, int xAt, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[xAt + i]);
        }
        return max;
    }

    @Override
    public boolean allFinite(float[] x, int xAt, int n) {
        float zero = 0;
        for (int i = 0; i < n; i++) {
            zero += x[xAt + i] * 0f;
        }
        return zero == 0;
    }

    /** Eight vectors side by side, four times, in each loop, see {@link LoopMemory}. */
    @Override
    public void addUpLanes(float[] x, int xAt, int n, float[] sums, int sumsAt) {
        LoopMemory.Slice own = memory.ofThread();
        float[] slots = own.x();
        int run = LoopMemory.VECTORS * LANES;
        int sum = own.at() + 4 * SLOT;
        Arrays.fill(slots, sum, sum + run, 0);
        System.arraycopy(sums, sumsAt, slots, sum, LANES);
        int end = xAt + n * LANES;
        for (int from = xAt; from < end; from += 4 * run) {
            for (int i = 0; i < 4; i++) {
                int present = Math.max(0, Math.min(run, end - from - i * run));
                int slot = own.at() + i * SLOT;
                System.arraycopy(x, Math.min(end, from + i * run), slots, slot, present);
                Arrays.fill(slots, slot + present, slot + run, 0);
            }
            addFour(slots, own.at(), own.at() + run);
        }
        LoopMemory.addUp(slots, sum);
        System.arraycopy(slots, sum, sums, sumsAt, LANES);
    }

    private static void addFour(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i + 4 * SLOT] += (x[i] + x[i + SLOT]) + (x[i + 2 * SLOT] + x[i + 3 * SLOT]);
        }
    }

    @Override
    public void sgd(float[] w, int wAt, float[] dw, int dwAt, int n, SgdConstants constants) {
        for (int i = 0; i < n; i++) {
            float old = w[wAt + i];
            w[wAt + i] = old - constants.rate() * (dw[dwAt + i] + constants.weightDecay() * old);
        }
    }

    @Override
    public void momentum(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants) {
        for (int i = 0; i < n; i++) {
            float old = w[wAt + i];
            float g = dw[dwAt + i] + constants.weightDecay() * old;
            float velocity = Elementary.flushed(constants.momentum() * v[vAt + i] + g);
            v[vAt + i] = velocity;
            w[wAt + i] = old - constants.rate() * velocity;
        }
    }

    @Override
    public void nesterov(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants) {
        for (int i = 0; i < n; i++) {
            float old = w[wAt + i];
            float g = dw[dwAt + i] + constants.weightDecay() * old;
            float velocity = Elementary.flushed(constants.momentum() * v[vAt + i] + g);
            v[vAt + i] = velocity;
            w[wAt + i] = old - constants.rate() * (g + constants.momentum() * velocity);
        }
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
            float first = Elementary.flushed(beta1 * m[mAt + i] + constants.complement1() * g);
            float second = Elementary.flushed(beta2 * v[vAt + i] + constants.complement2() * g * g);
            m[mAt + i] = first;
            v[vAt + i] = second;
            float root = (float) Math.sqrt(second * constants.c2()) + constants.epsilon();
            float old = w[wAt + i];
            w[wAt + i] = old - constants.rate() * (first * constants.c1() / root + constants.weightDecay() * old);
        }
    }
}
