package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.random.Philox;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both implementations against plain loops in double, at sizes around the vector's length. */
class PrimitivesTest {
    private static final int[] SIZES = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 257};

    private static Primitives primitives(boolean vector) {
        return vector ? new VectorPrimitives() : new ScalarPrimitives();
    }

    private static float[] random(int n, String stream) {
        Philox.Sequence random = Philox.sequence(3, stream, n);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextNormal();
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void elementWiseLoopsEndWhereTheyShould(boolean vector) {
        Primitives p = primitives(vector);
        for (int n : SIZES) {
            float[] x = random(n + 2, "x");
            float[] z = random(n + 2, "z");
            float[] y = new float[n + 2];
            p.add(x, 1, z, 1, y, 1, n);
            check(y, n, i -> x[i] + z[i]);
            p.addScalar(x, 1, 0.5f, y, 1, n);
            check(y, n, i -> x[i] + 0.5f);
            p.relu(x, 1, y, 1, n);
            check(y, n, i -> Math.max(0, x[i]));
            p.reluBackward(x, 1, z, 1, y, 1, n);
            check(y, n, i -> x[i] > 0 ? z[i] : 0);

            p.sigmoidBackward(x, 1, z, 1, y, 1, n);
            check(y, n, i -> z[i] * x[i] * (1 - x[i]));
            p.tanhBackward(x, 1, z, 1, y, 1, n);
            check(y, n, i -> z[i] * (1 - x[i] * x[i]));
            p.sigmoid(x, 1, y, 1, n);
            check(y, n, i -> Elementary.sigmoid(x[i]));
            p.tanh(x, 1, y, 1, n);
            check(y, n, i -> Elementary.tanh(x[i]));
            p.max(x, 1, z, 1, y, 1, n);
            check(y, n, i -> Math.max(x[i], z[i]));
            for (int i = 1; i <= n; i++) {
                float before = x[i];
                x[i] = 100;
                assertThat(p.max(x, 1, n)).isEqualTo(100);
                x[i] = Float.NaN;
                assertThat(p.max(x, 1, n)).isNaN();
                x[i] = before;
            }
            p.scale(x, 1, 3, y, 1, n);
            check(y, n, i -> 3 * x[i]);
            p.scale(y, 1, 0.5f, y, 1, n);
            check(y, n, i -> 1.5f * x[i]);

            double sum = 0;
            double magnitude = 0;
            for (int i = 1; i <= n; i++) {
                sum += x[i];
                magnitude += Math.abs(x[i]);
            }
            assertThat(Math.abs(p.sum(x, 1, n) - sum)).isLessThanOrEqualTo(16 * 0x1p-24 * magnitude);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void normalNumbersEndWhereTheyShould(boolean vector) {
        Primitives p = primitives(vector);
        for (int n : SIZES) {
            float[] uniforms = new float[n + 2];
            float[] quarters = new float[n];
            for (int i = 0; i < n; i++) {
                uniforms[1 + i] = (i + 1) * (i % 2 == 0 ? 0.5f : -0.5f) / n;
                quarters[i] = 2 * (i + 0.5f) / n - 1;
            }
            float[] y = uniforms.clone();
            p.normal(y, 1, quarters, 3, 0.7f, n);
            check(y, n, i -> Elementary.normal(uniforms[i], quarters[i - 1]) * 0.7f + 3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rowsBecomeColumnsAndLanesRows(boolean vector) {
        Primitives p = primitives(vector);
        int lanes = p.lanes();
        float[] x = random(70 * 70, "x");
        for (int length = 1; length <= 7; length++) {
            for (int rows = 1; rows <= 9; rows++) {
                float[] y = new float[length * 11 + 2];
                Primitives.rowsToColumns(x, 3, rows, 9, length, y, 1, 11);
                for (int i = 0; i < y.length; i++) {
                    int n = Math.floorMod(i - 1, 11);
                    int t = Math.floorDiv(i - 1, 11);
                    boolean present = n < rows && t >= 0 && t < length;
                    assertThat(y[i]).isEqualTo(present ? x[3 + n * 9 + t] : 0);
                }
            }
            for (int count = 1; count <= lanes; count++) {
                float[] y = new float[lanes * length + 2];
                p.lanesToRows(x, 3, length, y, 1, count);
                for (int i = 0; i < y.length; i++) {
                    boolean present = i >= 1 && i < 1 + count * length;
                    assertThat(y[i]).isEqualTo(present ? x[3 + (i - 1) % length * lanes + (i - 1) / length] : 0);
                }
            }
            byte[] bytes = new byte[lanes * length + 3];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (7 * i);
            }
            float[] y = new float[lanes * length + 2];
            p.bytesToLanes(bytes, 3, length, x, y, 1);
            for (int i = 0; i < lanes * length; i++) {
                assertThat(y[1 + i]).isEqualTo(x[bytes[3 + i % lanes * length + i / lanes] & 0xff]);
            }
            assertThat(y[0]).isZero();
            assertThat(y[1 + lanes * length]).isZero();
        }
    }

    private interface Value {
        float at(int i);
    }

    private static void check(float[] y, int n, Value expected) {
        assertThat(y[0]).isZero();
        assertThat(y[n + 1]).isZero();
        for (int i = 1; i <= n; i++) {
            assertThat(y[i]).isEqualTo(expected.at(i));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyNonFiniteElementIsFound(boolean vector) {
        Primitives p = primitives(vector);
        for (int n : SIZES) {
            float[] x = random(n + 2, "x");
            x[0] = Float.NaN;
            x[n + 1] = Float.NaN;
            assertThat(p.allFinite(x, 1, n)).isTrue();
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                for (int i = 1; i <= n; i++) {
                    float good = x[i];
                    x[i] = bad;
                    assertThat(p.allFinite(x, 1, n)).isFalse();
                    x[i] = good;
                }
            }
        }
    }

    /** What decays goes to zero, for good: among the subnormals every product would cost a hundred cycles and more. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void momentsThatDecayBecomeZero(boolean vector) {
        Primitives p = primitives(vector);
        Primitives.SgdConstants sgd = new Primitives.SgdConstants(0.9f, 0, 0.1f);
        Primitives.AdamConstants adam = new Primitives.AdamConstants(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0, 1e-3f, 1, 1);
        int n = 33;
        float[] w = new float[n];
        float[] dw = new float[n];
        float[][] moments = {small(n), small(n), small(n), small(n)};
        for (int step = 0; step < 2; step++) {
            p.momentum(w, 0, dw, 0, moments[0], 0, n, sgd);
            p.nesterov(w, 0, dw, 0, moments[1], 0, n, sgd);
            p.adam(w, 0, dw, 0, moments[2], 0, moments[3], 0, n, adam);
        }
        assertThat(moments).isDeepEqualTo(new float[moments.length][n]);
    }

    private static float[] small(int n) {
        float[] moments = new float[n];
        Arrays.fill(moments, Float.MIN_NORMAL);
        return moments;
    }
}
