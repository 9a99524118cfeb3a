import static org.bytedeco.openblas.global.openblas_full.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_full.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas_full.openblas_get_corename;
import static org.bytedeco.openblas.global.openblas_full.openblas_set_num_threads;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.FloatPointer;
import peers.common.Bench;
import peers.common.GemmBench;

/**
 * SGEMM of n x n matrices with OpenBLAS, measured as CpuBenchmark measures ours; bench-cpu runs it on the class path of the
 * peers. usage: N SECONDS
 */
public final class Sgemm {
    public static void main(String[] args) {
        int n = Integer.parseInt(args[0]);
        double seconds = Double.parseDouble(args[1]);
        openblas_set_num_threads(Bench.threads());
        FloatPointer a = new FloatPointer(GemmBench.random(n * n, 1));
        FloatPointer b = new FloatPointer(GemmBench.random(n * n, 2));
        FloatPointer c = new FloatPointer((long) n * n);
        double operations = 2.0 * n * n * n;
        int count = (int) Math.max(1, 1e8 / operations);
        List<Double> speeds = new ArrayList<>();
        long start = System.nanoTime();
        for (double passed = 0; passed < seconds; passed = (System.nanoTime() - start) * 1e-9) {
            long begin = System.nanoTime();
            for (int i = 0; i < count; i++) {
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1f, a, n, b, n, 0f, c, n);
            }
            if (passed > seconds / 2) {
                speeds.add(operations * count / (System.nanoTime() - begin));
            }
        }
        Collections.sort(speeds);
        System.out.printf(
                Locale.ROOT,
                "peer=openblas op=sgemm n=%d threads=%d gflops=%.1f detail=%s%n",
                n,
                Bench.threads(),
                speeds.get(speeds.size() / 2),
                openblas_get_corename().getString().trim());
    }
}
