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

    /** For what is left after the last whole vector. */
    private static final Primitives SCALAR = new ScalarPrimitives();

    private final Products products = new VectorProducts();
    private final Pooling pooling = new VectorPooling();
    private final BlockLoops blockLoops = new VectorBlockLoops();
    private final Losses losses = new VectorLosses();

    static {
        VectorOperations.show();
    }

    @Override
    public String description() {
        return "Vector API " + SPECIES.vectorBitSize() + " bit";
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
    public void scale(float[] x, int xAt, float factor, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).mul(factor).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = x[xAt + i] * factor;
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
        int whole = n - n % LANES;
        VectorElementary.sigmoid(x, xAt, y, yAt, whole);
        for (int i = whole; i < n; i++) {
            y[yAt + i] = Elementary.sigmoid(x[xAt + i]);
        }
    }

    @Override
    public void sigmoidBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, y, yAt + i);
            FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(value)
                    .mul(FloatVector.broadcast(SPECIES, 1).sub(value))
                    .intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = dy[dyAt + i] * y[yAt + i] * (1 - y[yAt + i]);
        }
    }

    @Override
    public void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        int whole = n - n % LANES;
        VectorElementary.tanh(x, xAt, y, yAt, whole);
        for (int i = whole; i < n; i++) {
            y[yAt + i] = Elementary.tanh(x[xAt + i]);
        }
    }

    @Override
    public void tanhBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, y, yAt + i);
            FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.broadcast(SPECIES, 1).sub(value.mul(value)))
                    .intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = dy[dyAt + i] * (1 - y[yAt + i] * y[yAt + i]);
        }
    }

    @Override
    public void normal(float[] y, int yAt, float[] quarters, float mean, float deviation, int n) {
        int whole = n - n % LANES;
        VectorElementary.normal(y, yAt, quarters, mean, deviation, whole);
        for (int i = whole; i < n; i++) {
            y[yAt + i] = Elementary.normal(y[yAt + i], quarters[i]) * deviation + mean;
        }
    }

    /** Several running sums, so that the error grows more slowly. */
    @Override
    public float sum(float[] x, int xAt, int n) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        FloatVector s2 = FloatVector.zero(SPECIES);
        FloatVector s3 = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= n - 4 * LANES; i += 4 * LANES) {
            s0 = FloatVector.fromArray(SPECIES, x, xAt + i).add(s0);
            s1 = FloatVector.fromArray(SPECIES, x, xAt + i + LANES).add(s1);
            s2 = FloatVector.fromArray(SPECIES, x, xAt + i + 2 * LANES).add(s2);
            s3 = FloatVector.fromArray(SPECIES, x, xAt + i + 3 * LANES).add(s3);
        }
        for (; i <= n - LANES; i += LANES) {
            s0 = FloatVector.fromArray(SPECIES, x, xAt + i).add(s0);
        }
        FloatVector lanes = FloatVector.zero(SPECIES).add(s0).add(s1).add(s2).add(s3);
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
    public void max(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, a, aAt + i)
                    .max(FloatVector.fromArray(SPECIES, b, bAt + i))
                    .intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = Math.max(a[aAt + i], b[bAt + i]);
        }
    }

    @Override
    public float max(float[] x, int xAt, int n) {
        FloatVector lanes = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            lanes = FloatVector.fromArray(SPECIES, x, xAt + i).max(lanes);
        }
        float max = Float.NEGATIVE_INFINITY;
        for (int lane = 0; lane < LANES; lane++) {
            max = Math.max(max, lanes.lane(lane));
        }
        for (; i < n; i++) {
            max = Math.max(max, x[xAt + i]);
        }
        return max;
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
        return rest == 0
                && FloatVector.zero(SPECIES).compare(VectorOperators.EQ, zeros).allTrue();
    }

    @Override
    public void addUpLanes(float[] x, int xAt, int n, float[] sums, int sumsAt) {
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i < n - 1; i += 2) {
            even = FloatVector.fromArray(SPECIES, x, xAt + i * LANES).add(even);
            odd = FloatVector.fromArray(SPECIES, x, xAt + (i + 1) * LANES).add(odd);
        }
        if (i < n) {
            even = FloatVector.fromArray(SPECIES, x, xAt + i * LANES).add(even);
        }
        FloatVector.fromArray(SPECIES, sums, sumsAt).add(even).add(odd).intoArray(sums, sumsAt);
    }

    /** {@link Elementary#flushed}: small enough to be inlined always. */
    private static FloatVector flushed(FloatVector x) {
        return x.blend(0, x.abs().compare(VectorOperators.LT, Float.MIN_NORMAL));
    }

    @Override
    public void sgd(float[] w, int wAt, float[] dw, int dwAt, int n, SgdConstants constants) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector old = FloatVector.fromArray(SPECIES, w, wAt + i);
            FloatVector g = FloatVector.fromArray(SPECIES, dw, dwAt + i).add(old.mul(constants.weightDecay()));
            old.sub(g.mul(constants.rate())).intoArray(w, wAt + i);
        }
        SCALAR.sgd(w, wAt + i, dw, dwAt + i, n - i, constants);
    }

    @Override
    public void momentum(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector old = FloatVector.fromArray(SPECIES, w, wAt + i);
            FloatVector g = FloatVector.fromArray(SPECIES, dw, dwAt + i).add(old.mul(constants.weightDecay()));
            FloatVector velocity = flushed(FloatVector.fromArray(SPECIES, v, vAt + i)
                    .mul(constants.momentum())
                    .add(g));
            velocity.intoArray(v, vAt + i);
            old.sub(velocity.mul(constants.rate())).intoArray(w, wAt + i);
        }
        SCALAR.momentum(w, wAt + i, dw, dwAt + i, v, vAt + i, n - i, constants);
    }

    @Override
    public void nesterov(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector old = FloatVector.fromArray(SPECIES, w, wAt + i);
            FloatVector g = FloatVector.fromArray(SPECIES, dw, dwAt + i).add(old.mul(constants.weightDecay()));
            FloatVector velocity = flushed(FloatVector.fromArray(SPECIES, v, vAt + i)
                    .mul(constants.momentum())
                    .add(g));
            velocity.intoArray(v, vAt + i);
            FloatVector direction = velocity.mul(constants.momentum()).add(g);
            old.sub(direction.mul(constants.rate())).intoArray(w, wAt + i);
        }
        SCALAR.nesterov(w, wAt + i, dw, dwAt + i, v, vAt + i, n - i, constants);
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
            FloatVector first = flushed(FloatVector.fromArray(SPECIES, m, mAt + i)
                    .mul(constants.beta1())
                    .add(g.mul(constants.complement1())));
            FloatVector second = flushed(FloatVector.fromArray(SPECIES, v, vAt + i)
                    .mul(constants.beta2())
                    .add(g.mul(constants.complement2()).mul(g)));
            first.intoArray(m, mAt + i);
            second.intoArray(v, vAt + i);
            FloatVector root = second.mul(constants.c2()).sqrt().add(constants.epsilon());
            FloatVector old = FloatVector.fromArray(SPECIES, w, wAt + i);
            FloatVector change = first.mul(constants.c1()).div(root).add(old.mul(constants.weightDecay()));
            old.sub(change.mul(constants.rate())).intoArray(w, wAt + i);
        }
        SCALAR.adam(w, wAt + i, dw, dwAt + i, m, mAt + i, v, vAt + i, n - i, constants);
    }
}
