package dev.weft.cuda;

import dev.weft.backend.Backend.PeakRates;
import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/**
 * What the device is capable of: fused multiply-adds on registers by {@code peak.cu}, and the driver's copy within device
 * memory. The best of several rounds counts.
 */
final class DevicePeak {
    private static final int BLOCK = 256;
    private static final int BLOCKS_A_MULTIPROCESSOR = 8;
    /** Fused multiply-adds of a thread in one iteration. */
    private static final int SUMS = 8;

    private static final int ITERATIONS = 20_000;
    private static final long COPIED_BYTES = 256L << 20;
    private static final int ROUNDS = 5;

    private DevicePeak() {}

    static PeakRates measure(Device device, Modules modules) {
        // times mean nothing on the emulated device, and large work takes long
        return device.emulated()
                ? measure(device, modules, 2, 1 << 20)
                : measure(device, modules, ITERATIONS, COPIED_BYTES);
    }

    private static PeakRates measure(Device device, Modules modules, int iterations, long bytes) {
        Owned owned = new Owned();
        try (Device.Scope scope = device.enter()) {
            int blocks = BLOCKS_A_MULTIPROCESSOR * device.multiprocessors();
            long threads = (long) blocks * BLOCK;
            Device.Stream stream = owned.add(device.stream("peak rates"));
            Device.Memory y = owned.add(device.allocate("peak rates", threads * Float.BYTES, CudaBackend.ADVICE));
            Device.Memory from = owned.add(device.allocate("a copy's source", bytes, CudaBackend.ADVICE));
            Device.Memory to = owned.add(device.allocate("a copy's target", bytes, CudaBackend.ADVICE));
            device.check(JCudaDriver.cuMemsetD8Async(from.address(), (byte) 1, bytes, stream.handle()), "cuMemsetD8");

            CUfunction kernel = modules.function("peak", "peak_multiply_add");
            Pointer arguments = Pointer.to(Pointer.to(new int[] {iterations}), Pointer.to(y.address()));
            double multiply = best(
                    device,
                    stream,
                    "peak_multiply_add",
                    () -> JCudaDriver.cuLaunchKernel(
                            kernel, blocks, 1, 1, BLOCK, 1, 1, 0, stream.handle(), arguments, null));
            double copy = best(
                    device,
                    stream,
                    "cuMemcpyDtoD",
                    () -> JCudaDriver.cuMemcpyDtoDAsync(to.address(), from.address(), bytes, stream.handle()));
            return new PeakRates(
                    2.0 * SUMS * iterations * threads / multiply,
                    2.0 * bytes / copy,
                    "fused multiply-adds in registers by the kernel peak_multiply_add, copy of %d MiB in device memory"
                            .formatted(bytes >> 20));
        } finally {
            device.release(owned);
        }
    }

    private static double best(Device device, Device.Stream stream, String what, IntSupplier work) {
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            best = Math.min(best, device.time(stream, what, () -> device.check(work.getAsInt(), what)));
        }
        return best;
    }
}
