package dev.weft.cuda;

import dev.weft.backend.StepRange;
import dev.weft.program.Program;
import java.nio.ByteBuffer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * What changes between the steps of a run, in device memory: a table of rates for each optimizer, the {@code StepState},
 * and the metrics that every step leaves. One copy before a run writes the first two, one copy after it reads the last two.
 */
final class StepControl {
    /** Bytes of {@code StepState} in {@code step_state.cuh}. */
    private static final int STATE_BYTES = 32;

    private static final int TABLE_BYTES = StepRange.MAX_COUNT * StepRange.RATES * Float.BYTES;

    private final Device device;
    private final Program program;
    private final int width;
    private final boolean updates;
    private final int stateAt;
    private final int metricsAt;
    private final Device.Memory memory;
    private final Pinned host;

    /** Allocates the control block of an executable. */
    StepControl(Device device, Program program, Owned owned) {
        this.device = device;
        this.program = program;
        width = program.metrics().size();
        updates = program.updates();
        stateAt = program.optimizers() * TABLE_BYTES;
        metricsAt = stateAt + STATE_BYTES;
        int bytes = metricsAt + StepRange.MAX_COUNT * width * Float.BYTES;
        memory = owned.add(device.allocate("the steps' state and metrics", bytes, CudaBackend.ADVICE));
        host = owned.add(device.pinned("the steps' state and metrics", bytes));
    }

    /** The table of an optimizer. */
    CUdeviceptr rates(int optimizer) {
        return memory.at(optimizer * TABLE_BYTES);
    }

    CUdeviceptr state() {
        return memory.at(stateAt);
    }

    CUdeviceptr metrics() {
        return memory.at(metricsAt);
    }

    /** Queues the copy of everything that the steps need to know. The host must not call it again before they are done. */
    void upload(StepRange steps, Device.Stream stream) {
        ByteBuffer buffer = host.buffer();
        for (int k = 0; updates && k < steps.optimizers(); k++) {
            for (int i = 0; i < steps.count(); i++) {
                int at = k * TABLE_BYTES + i * StepRange.RATES * Float.BYTES;
                buffer.putFloat(at, (float) steps.learningRate(i, k));
                for (int n = 0; n < StepRange.CORRECTIONS; n++) {
                    buffer.putFloat(at + (1 + n) * Float.BYTES, (float) steps.correction(i, k, n));
                }
            }
        }
        buffer.putLong(stateAt, steps.first());
        buffer.putLong(stateAt + 8, -1);
        buffer.putInt(stateAt + 16, 0);
        buffer.putInt(stateAt + 20, steps.offset());
        buffer.putInt(stateAt + 24, steps.validRows());
        buffer.putInt(stateAt + 28, program.batch());
        device.check(
                JCudaDriver.cuMemcpyHtoDAsync(memory.address(), host.pointer(), metricsAt, stream.handle()),
                "writing the steps' state");
    }

    /** Reads state and metrics of a run of {@code count} steps; waits for it. */
    void download(int count, Device.Stream stream, String what) {
        int bytes = STATE_BYTES + count * width * Float.BYTES;
        device.check(
                JCudaDriver.cuMemcpyDtoHAsync(
                        host.pointer().withByteOffset(stateAt), memory.at(stateAt), bytes, stream.handle()),
                what);
        stream.synchronize(what);
    }

    /** The first bad step of the downloaded run, or -1. */
    long nonFiniteStep() {
        return host.buffer().getLong(stateAt + 8);
    }

    /** Metric number {@code i}, counted over the steps of the downloaded run. */
    double metric(int i) {
        return host.buffer().getFloat(metricsAt + i * Float.BYTES);
    }
}
