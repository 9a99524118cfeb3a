package dev.weft.cuda.emulator;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each check catches a planted bug (src/test/cuda/bugs.cu), names the place, and stays silent about correct neighbours. */
@ExtendWith(EmulatedDriver.class)
class ChecksTest {
    private static final int ILLEGAL_ADDRESS = 700, TIMEOUT = 702, MISALIGNED = 716, LAUNCH_FAILED = 719;
    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = new Gpu();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private Gpu.Kernel bug(String name) {
        return gpu.kernel(Emulator.corpus("bugs.ptx"), name);
    }

    private static CUdeviceptr at(CUdeviceptr p, long offset) {
        return p.withByteOffset(offset);
    }

    private static void assertFails(int code, String report, Runnable launch) {
        assertThatThrownBy(launch::run)
                .isInstanceOfSatisfying(
                        Gpu.Failure.class, f -> assertThat(f.code).isEqualTo(code));
        assertThat(Emulator.reports()).contains(report);
    }

    private static int lineOf(String text) {
        String[] lines = Emulator.corpus("bugs.cu").split("\n");
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].contains(text)) {
                return i + 1;
            }
        }
        throw new AssertionError(text);
    }

    @Test
    void outOfBoundsNamesKernelBlockThreadPtxAndSourceLine() {
        CUdeviceptr x = gpu.upload(new float[40]), y = gpu.allocate(4 * 40);
        assertFails(ILLEGAL_ADDRESS, "out of bounds", () -> gpu.run(bug("out_of_bounds"), 2, 32, 40, x, y));
        String report = Emulator.reports();
        assertThat(report)
                .contains("global store of 4 bytes", "0 bytes past the end of allocation", "(160 bytes at")
                .contains("kernel out_of_bounds, block (1,0,0), thread (8,0,0)")
                .contains("st.global.f32")
                .contains("source bugs.cu:" + lineOf("// <= for <"));
        String ptxLine = report.replaceAll("(?s).*PTX line (\\d+):.*", "$1");
        assertThat(Emulator.corpus("bugs.ptx").split("\n")[Integer.parseInt(ptxLine) - 1])
                .contains("st.global.f32");
    }

    @Test
    void boundsAreExactToTheByte() {
        CUdeviceptr y = gpu.allocate(7);
        gpu.run(bug("out_of_bounds_bytes"), 1, 32, 6, y);
        assertThat(Emulator.reports()).isEmpty();
        assertFails(
                ILLEGAL_ADDRESS,
                "0 bytes past the end of allocation",
                () -> gpu.run(bug("out_of_bounds_bytes"), 1, 32, 7, y));
    }

    @Test
    void readBeforeTheStart() {
        CUdeviceptr x = gpu.upload(new float[32]), y = gpu.allocate(4 * 32);
        assertFails(
                ILLEGAL_ADDRESS, "4 bytes before allocation", () -> gpu.run(bug("read_before_the_start"), 1, 32, x, y));
    }

    @Test
    void nullPointer() {
        assertFails(ILLEGAL_ADDRESS, "null pointer", () -> gpu.run(bug("write_at"), 1, 1, new CUdeviceptr()));
    }

    @Test
    void misaligned() {
        CUdeviceptr p = gpu.upload(new float[8]);
        assertFails(MISALIGNED, "misaligned address", () -> gpu.run(bug("misaligned"), 1, 1, p));
    }

    @Test
    void misalignedVector() {
        CUdeviceptr p = gpu.upload(new float[8]);
        assertFails(MISALIGNED, "misaligned address", () -> gpu.run(bug("misaligned_vector"), 1, 1, p));
    }

    @Test
    void useAfterFree() {
        CUdeviceptr p = gpu.upload(1f, 2f), out = gpu.allocate(4);
        gpu.free(p);
        assertFails(ILLEGAL_ADDRESS, "use after free", () -> gpu.run(bug("read_at"), 1, 1, p, out));
    }

    @Test
    void doubleFreeAndForeignFree() {
        CUdeviceptr p = gpu.allocate(16);
        gpu.free(p);
        assertThat(cuMemFree(p)).isEqualTo(1);
        assertThat(Emulator.reports()).contains("double free");
        assertThat(cuMemFree(at(gpu.allocate(16), 4))).isEqualTo(1);
        assertThat(Emulator.reports()).contains("free of an address that was not allocated");
    }

    @Test
    void globalNeverWritten() {
        CUdeviceptr p = gpu.allocate(16), out = gpu.allocate(4);
        gpu.run(bug("write_at"), 1, 1, p);
        gpu.run(bug("read_at"), 1, 1, p, out);
        assertFails(LAUNCH_FAILED, "never-written memory", () -> gpu.run(bug("read_at"), 1, 1, at(p, 4), out));
    }

    @Test
    void copyOfNeverWrittenMemory() {
        CUdeviceptr p = gpu.allocate(16);
        assertFails(LAUNCH_FAILED, "never-written memory: copy device to host", () -> gpu.floats(p, 4));
    }

    @Test
    void sharedNeverWritten() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertFails(LAUNCH_FAILED, "never-written memory", () -> gpu.run(bug("shared_never_written"), 1, 64, y));
        assertThat(Emulator.reports()).contains("thread (63,0,0)");
    }

    @Test
    void sharedArraysAreKeptApart() {
        CUdeviceptr y = gpu.allocate(4 * 32);
        assertFails(LAUNCH_FAILED, "out of bounds: shared store", () -> gpu.run(bug("shared_out_of_bounds"), 1, 32, y));
    }

    @Test
    void dynamicSharedOutOfBounds() {
        CUdeviceptr y = gpu.allocate(4);
        int[] one = {1, 1, 1};
        gpu.run(bug("dynamic_shared_out_of_bounds"), one, one, 64, 15, y);
        assertFails(
                LAUNCH_FAILED,
                "out of bounds: shared store",
                () -> gpu.run(bug("dynamic_shared_out_of_bounds"), one, one, 64, 16, y));
    }

    @Test
    void localNeverWritten() {
        CUdeviceptr y = gpu.allocate(4 * 8);
        gpu.run(bug("local_never_written"), 1, 8, 8, y);
        assertFails(
                LAUNCH_FAILED,
                "never-written memory: local load",
                () -> gpu.run(bug("local_never_written"), 1, 8, 7, y));
    }

    @Test
    void sharedRaces() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertThatThrownBy(() -> gpu.run(bug("shared_race"), 1, 64, y)).isInstanceOf(Gpu.Failure.class);
        // the first warp reads what the second has not written yet
        assertThat(Emulator.reports()).containsAnyOf("race in shared memory", "never-written memory");
    }

    @Test
    void sharedRaceWithinAWarp() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertThatThrownBy(() -> gpu.run(bug("shared_race_within_a_warp"), 1, 32, y))
                .isInstanceOf(Gpu.Failure.class);
        // the first lane reads what the last one has not written yet; later ones would be seen as races
        assertThat(Emulator.reports()).containsAnyOf("race in shared memory", "never-written memory");
    }

    @Test
    void sharedWriteAfterRead() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertFails(
                LAUNCH_FAILED, "race in shared memory", () -> gpu.run(bug("shared_race_write_after_read"), 1, 64, y));
    }

    @Test
    void atomicsAreUnderstood() {
        CUdeviceptr y = gpu.upload(0);
        gpu.run(bug("shared_atomics_are_no_race"), 1, 64, y);
        assertThat(gpu.ints(y, 1)).containsExactly(64);
        CUdeviceptr sum = gpu.upload(0);
        gpu.run(bug("blocks_add_atomically"), 20, 32, sum);
        assertThat(gpu.ints(sum, 1)).containsExactly(640);
        assertFails(
                LAUNCH_FAILED, "race in shared memory", () -> gpu.run(bug("shared_atomic_against_plain"), 1, 64, y));
    }

    @Test
    void racesBetweenBlocks() {
        CUdeviceptr y = gpu.upload(new float[8]);
        assertFails(LAUNCH_FAILED, "race between blocks", () -> gpu.run(bug("race_between_blocks"), 8, 1, y));
    }

    @Test
    void raceBetweenBlocksWriteAndRead() {
        CUdeviceptr y = gpu.upload(new float[8]);
        assertFails(LAUNCH_FAILED, "race between blocks", () -> gpu.run(bug("race_between_blocks_read"), 8, 32, y));
    }

    @Test
    void neighbouringBytesOfTwoBlocksAreNoRace() {
        CUdeviceptr y = gpu.allocate(30);
        gpu.run(bug("neighbouring_bytes_are_no_race"), 10, 3, y);
        byte[] expected = new byte[30];
        for (int i = 0; i < 30; i++) {
            expected[i] = (byte) (i / 3);
        }
        assertThat(gpu.bytes(y, 30)).isEqualTo(expected);
    }

    @Test
    void barrierNotReachedByAll() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertFails(
                LAUNCH_FAILED, "barrier not reached by all", () -> gpu.run(bug("barrier_in_a_branch"), 1, 64, 40, y));
        assertThat(Emulator.reports()).contains("40 threads wait at the barrier, 24 have returned");
    }

    @Test
    void twoBarriersInOneBlock() {
        CUdeviceptr y = gpu.allocate(4 * 64);
        assertFails(LAUNCH_FAILED, "barrier not reached by all", () -> gpu.run(bug("two_barriers"), 1, 64, y));
    }

    @Test
    void warpThatWaitsForEver() {
        CUdeviceptr y = gpu.allocate(4 * 32);
        gpu.run(bug("shuffle_after_some_left"), 1, 32, 32, y);
        assertFails(
                TIMEOUT,
                "waits for ever: the lane waits for lane 20 (has returned)",
                () -> gpu.run(bug("shuffle_after_some_left"), 1, 32, 20, y));
    }

    @Test
    void blockThatWaitsForEver() {
        Emulator.configure("steps=100000");
        CUdeviceptr flag = gpu.upload(0);
        assertFails(TIMEOUT, "waits for ever: a warp ran 100000", () -> gpu.run(bug("spins"), 1, 32, flag));
    }

    @Test
    void asyncCopyWithoutWait() {
        CUdeviceptr x = gpu.upload(new float[128]), y = gpu.allocate(4 * 32);
        assertFails(LAUNCH_FAILED, "missing wait for cp.async", () -> gpu.run(bug("async_without_wait"), 1, 32, x, y));
    }

    private static CUstream stream() {
        CUstream s = new CUstream();
        Gpu.check(cuStreamCreate(s, CUstream_flags.CU_STREAM_NON_BLOCKING));
        return s;
    }

    @Test
    void missingWaitBetweenStreams() {
        CUdeviceptr y = gpu.upload(new float[32]);
        Gpu.Kernel k = bug("scale");
        CUstream a = stream(), b = stream();
        int[] one = {1, 1, 1}, block = {32, 1, 1};
        gpu.launch(k, one, block, 0, a, 32, 2f, y);
        gpu.launch(k, one, block, 0, b, 32, 3f, y);
        assertFails(LAUNCH_FAILED, "missing wait between streams", () -> Gpu.check(cuCtxSynchronize()));
        assertThat(Emulator.reports()).contains("kernel scale on stream");
    }

    @Test
    void anEventOrdersTwoStreams() {
        float[] ones = new float[32];
        Arrays.fill(ones, 1f);
        CUdeviceptr y = gpu.upload(ones);
        Gpu.Kernel k = bug("scale");
        CUstream a = stream(), b = stream();
        var event = new jcuda.driver.CUevent();
        Gpu.check(cuEventCreate(event, 0));
        int[] one = {1, 1, 1}, block = {32, 1, 1};
        gpu.launch(k, one, block, 0, a, 32, 2f, y);
        Gpu.check(cuEventRecord(event, a));
        Gpu.check(cuStreamWaitEvent(b, event, 0));
        gpu.launch(k, one, block, 0, b, 32, 3f, y);
        Gpu.check(cuStreamSynchronize(b));
        assertThat(gpu.floats(y, 1)).containsExactly(6f);
        assertThat(Emulator.reports()).isEmpty();
        Gpu.check(cuEventDestroy(event));
    }

    @Test
    void aMissingSynchronisationShowsInPinnedMemory() {
        Pointer host = new Pointer();
        var bytes = Gpu.pinned(4, host);
        bytes.putFloat(0, -1f);
        CUdeviceptr y = gpu.upload(5f);
        CUstream s = stream();
        Gpu.check(cuMemcpyDtoHAsync(host, y, 4, s));
        assertThat(bytes.getFloat(0)).as("nothing waited yet").isEqualTo(-1f);
        Gpu.check(cuStreamSynchronize(s));
        assertThat(bytes.getFloat(0)).isEqualTo(5f);
        Gpu.check(cuMemFreeHost(host));
    }

    @Test
    void instructionsOffTheWhitelistAreRefusedByName() {
        assertThatThrownBy(() -> gpu.load(Emulator.corpus("refused.ptx")))
                .isInstanceOfSatisfying(
                        Gpu.Failure.class, f -> assertThat(f.code).isEqualTo(218));
        assertThat(Emulator.reports())
                .containsPattern("PTX line \\d+: instruction fma.rn.f16x2 is not on the whitelist");
    }

    @Test
    void leaksAreListed() {
        gpu.allocate(100);
        assertThat(Emulator.leaks()).contains("device allocation #1 of 100 bytes", "retained primary context");
    }
}
