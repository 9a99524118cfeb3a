package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every kernel of the corpus gives the values that plain Java code gives, and leaves nothing behind. */
@ExtendWith(EmulatedDriver.class)
class CorpusTest {
    private final Random random = new Random(7);
    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = new Gpu();
    }

    @AfterEach
    void close() {
        gpu.close();
        assertThat(Emulator.reports()).isEmpty();
        assertThat(Emulator.leaks()).isEmpty();
    }

    private float[] values(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) random.nextGaussian();
        }
        return v;
    }

    private static void close(float[] actual, double[] expected, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i])
                    .as("element %d", i)
                    .isCloseTo(expected[i], within(tolerance * (1 + Math.abs(expected[i]))));
        }
    }

    private void activation(String name, DoubleUnaryOperator f, double tolerance) {
        int n = 77;
        float[] x = values(n);
        x[3] = 30f;
        x[4] = -30f;
        CUdeviceptr y = gpu.allocate(4 * n);
        gpu.run(gpu.kernel(Emulator.corpus("elementwise.ptx"), name), 3, 32, n, gpu.upload(x), y);
        double[] expected = new double[n];
        Arrays.setAll(expected, i -> f.applyAsDouble(x[i]));
        close(gpu.floats(y, n), expected, tolerance);
    }

    @Test
    void saxpyIsExact() {
        int n = 1000;
        float[] x = values(n), y = values(n);
        CUdeviceptr dy = gpu.upload(y);
        gpu.run(gpu.kernel(Emulator.corpus("elementwise.ptx"), "saxpy"), 8, 128, n, 1.7f, gpu.upload(x), dy);
        float[] out = gpu.floats(dy, n);
        for (int i = 0; i < n; i++) {
            assertThat(out[i]).isEqualTo(Math.fma(1.7f, x[i], y[i]));
        }
    }

    @Test
    void sigmoid() {
        activation("sigmoid_forward", v -> 1 / (1 + Math.exp(-v)), 1e-6);
    }

    @Test
    void tanh() {
        activation("tanh_forward", Math::tanh, 1e-6);
    }

    @Test
    void softplus() {
        activation("softplus_forward", v -> Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), 1e-6);
    }

    @Test
    void gelu() {
        // erf by its series, which converges everywhere
        DoubleUnaryOperator erf = v -> {
            double sum = v, term = v;
            for (int k = 1; k < 200 && Math.abs(v) < 6; k++) {
                term *= -v * v / k;
                sum += term / (2 * k + 1);
            }
            return Math.abs(v) < 6 ? 2 / Math.sqrt(Math.PI) * sum : Math.signum(v);
        };
        activation("gelu_forward", v -> 0.5 * v * (1 + erf.applyAsDouble(v / Math.sqrt(2))), 2e-6);
    }

    @Test
    void addBiasRelu() {
        int n = 2 * 3 * 5;
        float[] x = values(n), bias = values(3);
        CUdeviceptr y = gpu.allocate(4 * n);
        gpu.run(
                gpu.kernel(Emulator.corpus("elementwise.ptx"), "add_bias_relu"),
                2,
                8,
                n,
                3,
                5,
                gpu.upload(x),
                gpu.upload(bias),
                y);
        float[] out = gpu.floats(y, n);
        for (int i = 0; i < n; i++) {
            assertThat(out[i]).isEqualTo(Math.max(0f, x[i] + bias[i / 5 % 3]));
        }
    }

    @Test
    void normaliseAndGatherBytes() {
        String ptx = Emulator.corpus("elementwise.ptx");
        byte[] x = new byte[64];
        random.nextBytes(x);
        CUdeviceptr dx = gpu.upload(x), y = gpu.allocate(4 * 64), rows = gpu.allocate(24);
        gpu.run(gpu.kernel(ptx, "normalise_u8"), 1, 16, 16, 0.5f, 2f, dx, y);
        float[] out = gpu.floats(y, 64);
        double[] expected = new double[64];
        Arrays.setAll(expected, i -> ((x[i] & 0xff) / 255.0 - 0.5) * 2);
        close(out, expected, 1e-6);
        int[] index = {5, 0, 7};
        gpu.run(gpu.kernel(ptx, "gather_rows_u8"), 1, 32, 3, 8, gpu.upload(index), dx, rows);
        byte[] gathered = gpu.bytes(rows, 24);
        for (int i = 0; i < 24; i++) {
            assertThat(gathered[i]).isEqualTo(x[index[i / 8] * 8 + i % 8]);
        }
    }

    private void gemm(String file, String kernel, int[] block, int tile, int m, int n, int k) {
        float[] a = values(m * k), b = values(k * n);
        CUdeviceptr c = gpu.allocate(4L * m * n);
        int[] grid = {(n + tile - 1) / tile, (m + tile - 1) / tile, 1};
        gpu.run(gpu.kernel(Emulator.corpus(file), kernel), grid, block, 0, m, n, k, gpu.upload(a), gpu.upload(b), c);
        float[] out = gpu.floats(c, m * n);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                float sum = 0; // the kernels add in the order of k, with a fused multiply-add: the same bits
                for (int l = 0; l < k; l++) {
                    sum = Math.fma(a[i * k + l], b[l * n + j], sum);
                }
                assertThat(out[i * n + j]).isEqualTo(sum);
            }
        }
    }

    @Test
    void gemmTiledWithAwkwardSizes() {
        gemm("gemm.ptx", "gemm_tiled", new int[] {16, 16, 1}, 16, 33, 17, 35);
    }

    @Test
    void gemmVectorised() {
        gemm("gemm.ptx", "gemm_vectorised", new int[] {256, 1, 1}, 64, 128, 64, 48);
    }

    @Test
    void gemmAsync() {
        gemm("gemm_async.ptx", "gemm_async", new int[] {64, 1, 1}, 32, 64, 32, 48);
    }

    @Test
    void sums() {
        int n = 1000;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(100); // whole numbers: any order gives the same sum
        }
        float sum = 0;
        for (float v : x) {
            sum += v;
        }
        String ptx = Emulator.corpus("reduce.ptx");
        CUdeviceptr dx = gpu.upload(x), partials = gpu.allocate(4 * 4), out = gpu.allocate(4);
        gpu.run(gpu.kernel(ptx, "sum_partial"), 3, 128, n, dx, partials);
        float[] p = gpu.floats(partials, 3);
        assertThat(p[0] + p[1] + p[2]).isEqualTo(sum);
        gpu.run(gpu.kernel(ptx, "sum_tree"), 4, 256, n, dx, partials);
        p = gpu.floats(partials, 4);
        assertThat(p[0] + p[1] + p[2] + p[3]).isEqualTo(sum);
        CUdeviceptr counter = gpu.upload(0);
        for (int run = 0; run < 2; run++) {
            gpu.run(gpu.kernel(ptx, "sum_last_block"), 4, 128, n, dx, partials, counter, out);
            assertThat(gpu.floats(out, 1)[0]).isEqualTo(sum);
        }
    }

    @Test
    void softmax() {
        int rows = 3, columns = 100;
        float[] x = values(rows * columns);
        CUdeviceptr y = gpu.allocate(4 * rows * columns);
        gpu.run(gpu.kernel(Emulator.corpus("reduce.ptx"), "softmax_rows"), rows, 64, columns, gpu.upload(x), y);
        float[] out = gpu.floats(y, rows * columns);
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int c = 0; c < columns; c++) {
                sum += Math.exp(x[r * columns + c]);
            }
            for (int c = 0; c < columns; c++) {
                assertThat((double) out[r * columns + c]).isCloseTo(Math.exp(x[r * columns + c]) / sum, within(1e-6));
            }
        }
    }

    @Test
    void histogramWithAtomics() {
        byte[] x = new byte[5000];
        random.nextBytes(x);
        int[] expected = new int[256];
        for (byte b : x) {
            expected[b & 0xff]++;
        }
        CUdeviceptr counts = gpu.upload(new int[256]);
        gpu.run(gpu.kernel(Emulator.corpus("reduce.ptx"), "histogram_u8"), 4, 128, x.length, gpu.upload(x), counts);
        assertThat(gpu.ints(counts, 256)).isEqualTo(expected);
    }

    @Test
    void nonFiniteLatch() {
        float[] x = values(100);
        Gpu.Kernel k = gpu.kernel(Emulator.corpus("reduce.ptx"), "nonfinite_latch");
        CUdeviceptr latch = gpu.upload(0, 0), highest = gpu.upload(-1);
        gpu.run(k, 4, 32, 100, gpu.upload(x), latch, highest);
        assertThat(gpu.ints(latch, 2)).containsExactly(0, 0);
        x[70] = Float.NaN;
        x[65] = Float.NEGATIVE_INFINITY;
        gpu.run(k, 4, 32, 100, gpu.upload(x), latch, highest);
        assertThat(gpu.ints(latch, 2)).containsExactly(1, 2);
        assertThat(gpu.ints(highest, 1)).containsExactly(70);
    }

    @Test
    void convolutionFromConstantMemory() {
        int h = 19, w = 23;
        float[] x = values(2 * h * w), f = values(150);
        var module = gpu.load(Emulator.corpus("convolution.ptx"));
        CUdeviceptr constant = new CUdeviceptr();
        long[] bytes = new long[1];
        Gpu.check(JCudaDriver.cuModuleGetGlobal(constant, bytes, module, "filter_5x5"));
        assertThat(bytes[0]).isEqualTo(600);
        Gpu.check(JCudaDriver.cuMemcpyHtoD(constant, Pointer.to(f), 600));
        CUdeviceptr y = gpu.allocate(4L * 2 * 6 * h * w);
        gpu.run(
                new Gpu.Kernel(module, "conv5x5_constant"),
                new int[] {2, 2, 12},
                new int[] {16, 16, 1},
                0,
                h,
                w,
                gpu.upload(x),
                y);
        float[] out = gpu.floats(y, 2 * 6 * h * w);
        for (int i = 0; i < out.length; i++) {
            int ow = i % w, oh = i / w % h, k = i / (w * h) % 6, n = i / (w * h * 6);
            float sum = 0;
            for (int r = 0; r < 5; r++) {
                for (int s = 0; s < 5; s++) {
                    int ih = oh + r - 2, iw = ow + s - 2;
                    float v = ih >= 0 && ih < h && iw >= 0 && iw < w ? x[(n * h + ih) * w + iw] : 0f;
                    sum = Math.fma(v, f[k * 25 + r * 5 + s], sum);
                }
            }
            assertThat(out[i]).isEqualTo(sum);
        }
    }

    @Test
    void convolutionInDynamicSharedMemory() {
        for (int r : new int[] {3, 5}) {
            int c = 2, h = 8, w = 9, k = 3, oh = h - r + 1, ow = w - r + 1;
            float[] x = values(c * h * w), f = values(k * c * r * r);
            CUdeviceptr y = gpu.allocate(4L * k * oh * ow);
            gpu.run(
                    gpu.kernel(Emulator.corpus("convolution.ptx"), "conv_dynamic_" + r + "x" + r),
                    new int[] {oh, k, 1},
                    new int[] {32, 1, 1},
                    4 * (r * r + r * w),
                    c,
                    h,
                    w,
                    k,
                    gpu.upload(x),
                    gpu.upload(f),
                    y);
            float[] out = gpu.floats(y, k * oh * ow);
            for (int i = 0; i < out.length; i++) {
                int px = i % ow, py = i / ow % oh, pk = i / (ow * oh);
                float sum = 0;
                for (int q = 0; q < c; q++) {
                    for (int a = 0; a < r; a++) {
                        for (int b = 0; b < r; b++) {
                            sum = Math.fma(f[((pk * c + q) * r + a) * r + b], x[(q * h + py + a) * w + px + b], sum);
                        }
                    }
                }
                assertThat(out[i]).isEqualTo(sum);
            }
        }
    }

    @Test
    void maxPoolTakesTheFirstMaximumAndPropagatesNan() {
        float[] x = {1, 2, 5, 5, 0, 2, Float.NaN, 9, -1, -1, 3, 4, -1, -1, 4, 4};
        CUdeviceptr y = gpu.allocate(16), argmax = gpu.allocate(4);
        gpu.run(
                gpu.kernel(Emulator.corpus("convolution.ptx"), "max_pool2x2_forward"),
                1,
                32,
                1,
                4,
                4,
                gpu.upload(x),
                y,
                argmax);
        assertThat(gpu.floats(y, 4)).containsExactly(2f, Float.NaN, -1f, 4f);
        assertThat(gpu.bytes(argmax, 4)).containsExactly((byte) 1, (byte) 2, (byte) 0, (byte) 1);
    }

    @Test
    void optimizers() {
        String ptx = Emulator.corpus("optimizer.ptx");
        int n = 50;
        float[] g = values(n), v = values(n), w = values(n), m = values(n), s = new float[n];
        Arrays.fill(s, 0.25f);
        CUdeviceptr dv = gpu.upload(v), dw = gpu.upload(w), dg = gpu.upload(g), dm = gpu.upload(m), ds = gpu.upload(s);
        gpu.run(gpu.kernel(ptx, "sgd_momentum"), 2, 32, n, 0.1f, 0.9f, 0.01f, dg, dv, dw);
        double[] expected = new double[n];
        Arrays.setAll(expected, i -> w[i] - 0.1 * (0.9 * v[i] + g[i] + 0.01 * w[i]));
        close(gpu.floats(dw, n), expected, 1e-6);
        gpu.run(gpu.kernel(ptx, "adam"), 2, 32, n, 0.1f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.001f, dg, dm, ds, dw);
        float[] before = new float[n];
        for (int i = 0; i < n; i++) {
            before[i] = (float) expected[i];
        }
        Arrays.setAll(expected, i -> {
            double mi = 0.9 * m[i] + 0.1 * g[i], si = 0.999 * s[i] + 0.001 * g[i] * g[i];
            return before[i] - 0.1 * (mi / 0.1) / (Math.sqrt(si / 0.001) + 1e-8);
        });
        close(gpu.floats(dw, n), expected, 1e-4);
        CUdeviceptr rate = gpu.upload(Double.doubleToLongBits(0.5), 0L);
        Gpu.Kernel advance = gpu.kernel(ptx, "advance_step");
        gpu.run(advance, 1, 1, rate, 0.5);
        double next = Math.fma(0.5, 0.5, 1e-9);
        assertThat(Double.longBitsToDouble(gpu.longs(rate, 2)[0])).isEqualTo(next);
        assertThat(Double.longBitsToDouble(gpu.longs(rate, 2)[1])).isEqualTo(Math.sqrt(next) / (1 + next));
    }

    @Test
    void philoxMatchesItsPublishedVectors() {
        // known answers of Random123's kat_vectors: counter and key all zero, and all ones where this kernel allows
        // them
        CUdeviceptr out = gpu.allocate(16 * 4);
        gpu.run(gpu.kernel(Emulator.corpus("optimizer.ptx"), "philox_words"), 1, 32, 4, 0L, 0, 0, out);
        int[] words = gpu.ints(out, 16);
        assertThat(Arrays.copyOf(words, 4)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    }

    @Test
    void dropoutKeepsItsShare() {
        int n = 4001;
        float[] x = new float[n];
        Arrays.fill(x, 1f);
        CUdeviceptr y = gpu.allocate(4 * n);
        gpu.run(
                gpu.kernel(Emulator.corpus("optimizer.ptx"), "dropout_forward"),
                8,
                128,
                n,
                0x40000000,
                4 / 3f,
                42L,
                1,
                2,
                gpu.upload(x),
                y);
        int kept = 0;
        for (float v : gpu.floats(y, n)) {
            assertThat(v).isIn(0f, 4 / 3f);
            kept += v != 0 ? 1 : 0;
        }
        assertThat(kept).isBetween(2900, 3100);
    }

    @Test
    void transposeSortAndCell() {
        String ptx = Emulator.corpus("optimizer.ptx");
        int h = 37, w = 45;
        float[] x = values(h * w);
        CUdeviceptr y = gpu.allocate(4L * h * w);
        gpu.run(gpu.kernel(ptx, "transpose"), new int[] {2, 2, 1}, new int[] {32, 8, 1}, 0, h, w, gpu.upload(x), y);
        float[] out = gpu.floats(y, h * w);
        for (int i = 0; i < h * w; i++) {
            assertThat(out[i % w * h + i / w]).isEqualTo(x[i]);
        }
        int[] unsorted = random.ints(40 * 8).toArray();
        CUdeviceptr rows = gpu.upload(unsorted);
        gpu.run(gpu.kernel(ptx, "insertion_sort8"), 2, 32, 40, rows);
        int[] sorted = gpu.ints(rows, 320);
        for (int i = 0; i < 40; i++) {
            int[] row = Arrays.copyOfRange(unsorted, i * 8, i * 8 + 8);
            Arrays.sort(row);
            assertThat(Arrays.copyOfRange(sorted, i * 8, i * 8 + 8)).isEqualTo(row);
        }
        float[] gates = values(2 * 4 * 5), c = values(10);
        CUdeviceptr dc = gpu.upload(c), dh = gpu.allocate(40);
        gpu.run(gpu.kernel(ptx, "lstm_cell"), 1, 32, 2, 5, gpu.upload(gates), dc, dh);
        double[] expected = new double[10];
        for (int i = 0; i < 10; i++) {
            int g = i / 5 * 20 + i % 5;
            double next = c[i] / (1 + Math.exp(-gates[g + 5])) + Math.tanh(gates[g + 10]) / (1 + Math.exp(-gates[g]));
            expected[i] = Math.tanh(next) / (1 + Math.exp(-gates[g + 15]));
        }
        close(gpu.floats(dh, 10), expected, 1e-6);
    }
}
