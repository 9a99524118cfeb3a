package dev.weft.cuda;

import dev.weft.backend.StepRange;
import java.nio.ByteBuffer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * What changes between the steps of a run, in device memory: the table of rates, the {@code StepState}, and the metrics
 * that every step leaves. One copy before a run writes the first two, one copy after it reads the last two.
 */
final class StepControl {
    /** Bytes of {@code StepState} in {@code step_state.cuh}. */
    private static final int STATE_BYTES = 32;

    private static final int STATE_AT = StepRange.MAX_COUNT * StepRange.RATES * Float.BYTES;
    private static final int METRICS_AT = STATE_AT + STATE_BYTES;

    private final Device device;
    private final int width;
    private final Device.Memory memory;
    private final Pinned host;

    /**
     * Allocates the control block of an executable.
     *
     * @param width metrics of a step
     */
    StepControl(Device device, int width, Owned owned) {
        this.device = device;
        this.width = width;
        int bytes = METRICS_AT + StepRange.MAX_COUNT * width * Float.BYTES;
        memory = owned.add(device.allocate("the steps' state and metrics", bytes, CudaBackend.ADVICE));
        host = owned.add(device.pinned("the steps' state and metrics", bytes));
    }

    CUdeviceptr rates() {
        return memory.at(0);
    }

    CUdeviceptr state() {
        return memory.at(STATE_AT);
    }

    CUdeviceptr metrics() {
        return memory.at(METRICS_AT);
    }

    /** Queues the copy of everything that the steps need to know. The host must not call it again before they are done. */
    void upload(StepRange steps, int batch, Device.Stream stream) {
        ByteBuffer buffer = host.buffer();
        int values = Math.min(steps.rates().length, steps.count() * StepRange.RATES);
        for (int i = 0; i < values; i++) {
            buffer.putFloat(i * Float.BYTES, (float) steps.rates()[i]);
        }
        buffer.putLong(STATE_AT, steps.first());
        buffer.putLong(STATE_AT + 8, -1);
        buffer.putInt(STATE_AT + 16, 0);
        buffer.putInt(STATE_AT + 20, steps.offset());
        buffer.putInt(STATE_AT + 24, steps.validRows());
        buffer.putInt(STATE_AT + 28, batch);
        device.check(
                JCudaDriver.cuMemcpyHtoDAsync(memory.address(), host.pointer(), METRICS_AT, stream.handle()),
                "writing the steps' state");
    }

    /** Reads state and metrics of a run of {@code count} steps; waits for it. */
    void download(int count, Device.Stream stream, String what) {
        int bytes = STATE_BYTES + count * width * Float.BYTES;
        device.check(
                JCudaDriver.cuMemcpyDtoHAsync(
                        host.pointer().withByteOffset(STATE_AT), memory.at(STATE_AT), bytes, stream.handle()),
                what);
        stream.synchronize(what);
    }

    /** The first bad step of the downloaded run, or -1. */
    long nonFiniteStep() {
        return host.buffer().getLong(STATE_AT + 8);
    }

    /** Metric number {@code i}, counted over the steps of the downloaded run. */
    double metric(int i) {
        return host.buffer().getFloat(METRICS_AT + i * Float.BYTES);
    }
}
