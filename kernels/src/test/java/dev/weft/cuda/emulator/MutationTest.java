package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Mutants of correct kernels: each barrier deleted, guards weakened, index constants moved. Whether a mutant behaves
 * differently is decided by {@link PtxInterpreter} under several orders of blocks and threads; of those that do, the
 * emulator has to report at least 95 %, by a check or by wrong values in its one standard order.
 */
@ExtendWith(EmulatedDriver.class)
class MutationTest {
    /**
     * Constants taken from each kernel, evenly spread over its text; barriers and comparisons are all taken. All constants
     * take two minutes more: {@code -Dweft.mutation.constants=1000}.
     */
    private static final int CONSTANTS_A_KERNEL = Integer.getInteger("weft.mutation.constants", 8);

    /** A kernel with a launch small enough to interpret. Buffers: byte[]; those in outputs are compared. */
    private record Subject(
            String file, String kernel, int[] grid, int[] block, int dynamicBytes, int[] outputs, Object... arguments) {
        /** Fresh copies of the buffers. */
        Object[] copy() {
            return Arrays.stream(arguments)
                    .map(a -> a instanceof byte[] b ? b.clone() : a)
                    .toArray();
        }
    }

    private record Mutant(Subject subject, String what, String ptx) {}

    private static byte[] floats(int n, int seed) {
        ByteBuffer b = ByteBuffer.allocate(4 * n).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(seed);
        for (int i = 0; i < n; i++) {
            b.putFloat((float) random.nextGaussian());
        }
        return b.array();
    }

    private static int[] dim(int x, int y, int z) {
        return new int[] {x, y, z};
    }

    private static List<Subject> subjects() {
        byte[] bytes = new byte[100];
        new Random(3).nextBytes(bytes);
        return List.of(
                new Subject(
                        "elementwise.ptx",
                        "saxpy",
                        dim(2, 1, 1),
                        dim(64, 1, 1),
                        0,
                        new int[] {3},
                        100,
                        2f,
                        floats(100, 1),
                        floats(100, 2)),
                new Subject(
                        "elementwise.ptx",
                        "add_bias_relu",
                        dim(2, 1, 1),
                        dim(32, 1, 1),
                        0,
                        new int[] {5},
                        90,
                        3,
                        5,
                        floats(90, 1),
                        floats(3, 2),
                        new byte[360]),
                new Subject(
                        "gemm.ptx",
                        "gemm_tiled",
                        dim(1, 2, 1),
                        dim(16, 16, 1),
                        0,
                        new int[] {5},
                        18,
                        13,
                        19,
                        floats(18 * 19, 1),
                        floats(19 * 13, 2),
                        new byte[4 * 18 * 13]),
                new Subject(
                        "reduce.ptx",
                        "sum_partial",
                        dim(2, 1, 1),
                        dim(96, 1, 1),
                        0,
                        new int[] {2},
                        250,
                        floats(250, 1),
                        new byte[8]),
                new Subject(
                        "reduce.ptx",
                        "sum_tree",
                        dim(2, 1, 1),
                        dim(256, 1, 1),
                        0,
                        new int[] {2},
                        300,
                        floats(300, 1),
                        new byte[8]),
                new Subject(
                        "reduce.ptx",
                        "histogram_u8",
                        dim(2, 1, 1),
                        dim(64, 1, 1),
                        0,
                        new int[] {2},
                        100,
                        bytes,
                        new byte[1024]),
                new Subject(
                        "optimizer.ptx",
                        "transpose",
                        dim(2, 1, 1),
                        dim(32, 8, 1),
                        0,
                        new int[] {3},
                        20,
                        37,
                        floats(20 * 37, 1),
                        new byte[4 * 20 * 37]),
                new Subject(
                        "convolution.ptx",
                        "conv_dynamic_3x3",
                        dim(3, 2, 1),
                        dim(32, 1, 1),
                        4 * (9 + 3 * 7),
                        new int[] {6},
                        2,
                        5,
                        7,
                        2,
                        floats(70, 1),
                        floats(36, 2),
                        new byte[4 * 2 * 3 * 5]),
                new Subject(
                        "convolution.ptx",
                        "max_pool2x2_forward",
                        dim(1, 1, 1),
                        dim(32, 1, 1),
                        0,
                        new int[] {4, 5},
                        2,
                        6,
                        7,
                        floats(84, 1),
                        new byte[4 * 18],
                        new byte[18]));
    }

    private static List<Mutant> mutants(Subject s) {
        PtxMutants all = PtxMutants.of(Emulator.corpus(s.file), s.kernel);
        return Stream.of(all.barriers(), all.comparisons(), PtxMutants.some(CONSTANTS_A_KERNEL, all.constants()))
                .flatMap(List::stream)
                .map(mutant -> new Mutant(s, mutant.what(), mutant.ptx()))
                .toList();
    }

    /** The outputs under an order, or null if the kernel misbehaved. */
    private static List<byte[]> interpret(String ptx, Subject s, PtxInterpreter.Order order) {
        Object[] arguments = s.copy();
        for (int o : s.outputs) {
            if (!s.kernel.equals("saxpy") && !s.kernel.equals("histogram_u8")) {
                Arrays.fill((byte[]) arguments[o], (byte) 0x77); // poison; the other two read what they write
            }
        }
        try {
            new PtxInterpreter(ptx, s.kernel).run(order, s.grid, s.block, s.dynamicBytes, arguments);
        } catch (PtxInterpreter.Misbehaviour m) {
            return null;
        }
        return Arrays.stream(s.outputs).mapToObj(o -> (byte[]) arguments[o]).toList();
    }

    private static boolean equal(List<byte[]> a, List<byte[]> b) {
        for (int i = 0; i < a.size(); i++) {
            if (!Arrays.equals(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean changesBehaviour(Mutant m, List<byte[]> expected) {
        for (PtxInterpreter.Order order : PtxInterpreter.Order.values()) {
            List<byte[]> out = interpret(m.ptx, m.subject, order);
            if (out == null || !equal(out, expected)) {
                return true;
            }
        }
        return false;
    }

    private enum Verdict {
        CHECK,
        VALUES,
        SURVIVED
    }

    private static Verdict emulate(String ptx, Subject s, List<byte[]> expected) {
        try (Gpu gpu = new Gpu()) {
            Object[] arguments = s.copy(), onDevice = arguments.clone();
            for (int i = 0; i < arguments.length; i++) {
                if (arguments[i] instanceof byte[] b) {
                    int at = i;
                    boolean fresh = Arrays.stream(s.outputs).anyMatch(o -> o == at)
                            && !s.kernel.equals("saxpy")
                            && !s.kernel.equals("histogram_u8");
                    onDevice[i] = fresh ? gpu.allocate(b.length) : gpu.upload(b);
                }
            }
            gpu.run(gpu.kernel(ptx, s.kernel), s.grid, s.block, s.dynamicBytes, onDevice);
            for (int i = 0; i < s.outputs.length; i++) {
                byte[] out = new byte[expected.get(i).length];
                Gpu.check(JCudaDriver.cuMemcpyDtoH(Pointer.to(out), (CUdeviceptr) onDevice[s.outputs[i]], out.length));
                if (!Arrays.equals(out, expected.get(i))) {
                    return Verdict.VALUES;
                }
            }
            return Verdict.SURVIVED;
        } catch (Gpu.Failure f) {
            return Verdict.CHECK;
        }
    }

    @Test
    void mutantsThatChangeBehaviourAreReported() {
        Emulator.configure("optimisation=-O0;steps=100000;leaks=off");
        int total = 0, changing = 0, byCheck = 0, byValues = 0, barriers = 0, barriersCaught = 0, falseAlarms = 0;
        List<String> survivors = new ArrayList<>(), alarms = new ArrayList<>();
        for (Subject s : subjects()) {
            String ptx = Emulator.corpus(s.file);
            List<byte[]> expected = interpret(ptx, s, PtxInterpreter.Order.FORWARD);
            assertThat(expected).as(s.kernel).isNotNull();
            for (PtxInterpreter.Order order : PtxInterpreter.Order.values()) {
                if (!s.kernel.startsWith("sum")) {
                    assertThat(equal(interpret(ptx, s, order), expected))
                            .as("%s, correct, %s", s.kernel, order)
                            .isTrue();
                }
            }
            assertThat(emulate(ptx, s, expected)).as("%s, correct", s.kernel).isEqualTo(Verdict.SURVIVED);
            for (Mutant m : mutants(s)) {
                total++;
                var oracle = CompletableFuture.supplyAsync(() -> changesBehaviour(m, expected));
                Verdict verdict = emulate(m.ptx, s, expected);
                boolean changes = oracle.join();
                boolean barrier = m.what.contains("bar.");
                if (!changes) {
                    if (verdict != Verdict.SURVIVED) {
                        falseAlarms++;
                        alarms.add(m.what + " [" + verdict + "]");
                    }
                    continue;
                }
                changing++;
                barriers += barrier ? 1 : 0;
                if (verdict == Verdict.SURVIVED) {
                    survivors.add(m.what);
                } else {
                    barriersCaught += barrier ? 1 : 0;
                    byCheck += verdict == Verdict.CHECK ? 1 : 0;
                    byValues += verdict == Verdict.VALUES ? 1 : 0;
                }
            }
        }
        System.out.printf(
                "mutants: %d, changing behaviour %d, reported %d (by checks %d, by values %d); deleted barriers %d of %d%n",
                total, changing, byCheck + byValues, byCheck, byValues, barriersCaught, barriers);
        survivors.forEach(w -> System.out.println("survivor: " + w));
        alarms.forEach(w -> System.out.println("mutant reported though the oracle saw no change: " + w));
        assertThat(changing).isGreaterThan(80);
        assertThat(byCheck + byValues).isGreaterThanOrEqualTo((int) Math.ceil(changing * 0.95));
        assertThat(barriersCaught).isEqualTo(barriers);
    }
}
