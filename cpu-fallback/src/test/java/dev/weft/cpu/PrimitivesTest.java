package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.random.Philox;
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
    void panelsAreProducts(boolean vector) {
        Primitives p = primitives(vector);
        int width = p.panelWidth();
        for (int rows = 1; rows <= 9; rows++) {
            for (int inner : new int[] {1, 2, 5, 25, 150}) {
                float[] a = random(rows * inner + 3, "a");
                float[] b = random(inner * 7 + width, "b");
                int[] bRows = new int[inner];
                for (int k = 0; k < inner; k++) {
                    bRows[k] = (inner - 1 - k) * 7;
                }
                float[] c = new float[rows * (width + 5) + 5];
                java.util.Arrays.fill(c, -7);
                // a transposed: element (i,k) at k rows + i
                p.multiplyPanel(a, 3, 1, rows, rows, b, 0, bRows, c, 2, width + 5);
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < width + 5; j++) {
                        float result = c[2 + i * (width + 5) + j];
                        if (j >= width) {
                            assertThat(result).as("past the panel").isEqualTo(-7);
                            continue;
                        }
                        double sum = 0;
                        double magnitude = 0;
                        for (int k = 0; k < inner; k++) {
                            double product = (double) a[3 + k * rows + i] * b[bRows[k] + j];
                            sum += product;
                            magnitude += Math.abs(product);
                        }
                        assertThat(Math.abs(result - sum)).isLessThanOrEqualTo(inner * 0x1p-24 * magnitude);
                    }
                }
            }
        }
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

            double sum = 0;
            double magnitude = 0;
            for (int i = 1; i <= n; i++) {
                sum += x[i];
                magnitude += Math.abs(x[i]);
            }
            assertThat(Math.abs(p.sum(x, 1, n) - sum)).isLessThanOrEqualTo(16 * 0x1p-24 * magnitude);
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
}
