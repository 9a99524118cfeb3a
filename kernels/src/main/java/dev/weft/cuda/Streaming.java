package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Brings data sets that stay in host memory to the device, a chunk of steps at a time. There are two buffers on either
 * side: while the kernels read one, the host fills the other and a stream of its own copies it. A row of step i of a run
 * lies at {@code (i mod slots) batch + n}.
 */
final class Streaming implements Releasable {
    private static final int BUFFERS = 2;
    private static final long CHUNK_BYTES = 8 << 20;
    /** Of a small device's free memory, one buffer takes at most this part. */
    private static final int FREE_PART = 64;

    private static final int MAX_CHUNK_STEPS = 64;

    private final Device device;
    private final List<CudaMemory> memories;
    private final Device.Stream compute;
    private final int batch;
    private final Owned owned = new Owned();
    private final Map<TensorRef, Feed> feeds = new LinkedHashMap<>();
    private Device.Stream copies;
    private final List<CUevent> copied = new ArrayList<>();
    private final List<CUevent> consumed = new ArrayList<>();
    private final int chunkSteps;
    private StepRange steps;
    private int chunks;

    /** The buffers of one data set. */
    private record Feed(TensorRef data, TensorRef order, int rowBytes, Device.Memory onDevice, List<Pinned> pinned) {}

    Streaming(Device device, Program program, List<CudaMemory> memories, Device.Stream compute, int chunkSteps) {
        this.device = device;
        this.memories = memories;
        this.compute = compute;
        this.batch = program.batch();
        this.chunkSteps = chunkSteps;
        List<Op.GatherRows> gathers = gathers(program, memories);
        if (gathers.isEmpty()) {
            return;
        }
        try {
            copies = owned.add(device.stream("data sets"));
            for (int i = 0; i < BUFFERS; i++) {
                copied.add(event());
                consumed.add(event());
            }
            for (Op.GatherRows op : gathers) {
                feeds.put(op.data(), feed(op));
            }
        } catch (RuntimeException e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    /**
     * How many steps' rows a buffer holds, by the data set with the largest rows; 0 without streamed data.
     *
     * @throws DeviceException if a step's rows are more than a buffer of the host can hold
     */
    static int chunkSteps(Program program, List<CudaMemory> memories, long freeBytes) {
        long largest = 0;
        for (Op.GatherRows op : gathers(program, memories)) {
            long bytes = program.batch() * rowBytes(op);
            if (bytes > Integer.MAX_VALUE) {
                throw new DeviceException(
                        ("a batch of %,d rows of %s takes %,d bytes; of data that is too large for the"
                                        + " GPU's memory, a step can take %,d at most: use a smaller batch")
                                .formatted(program.batch(), op.data(), bytes, Integer.MAX_VALUE));
            }
            largest = Math.max(largest, bytes);
        }
        if (largest == 0) {
            return 0;
        }
        long bytes = Math.min(CHUNK_BYTES, freeBytes / FREE_PART);
        return (int) Math.max(1, Math.min(MAX_CHUNK_STEPS, bytes / largest));
    }

    /** Steps after which a row's place in the device's buffers comes again. */
    static int slots(int chunkSteps) {
        return BUFFERS * chunkSteps;
    }

    private static List<Op.GatherRows> gathers(Program program, List<CudaMemory> memories) {
        return program.ops().stream()
                .filter(Op.GatherRows.class::isInstance)
                .map(Op.GatherRows.class::cast)
                .filter(op -> CudaBackend.streamed(op.data(), memories))
                .toList();
    }

    private static long rowBytes(Op.GatherRows op) {
        return op.data().shape().sample().elements() * Binding.width(op.data().type());
    }

    private CUevent event() {
        CUevent event = new CUevent();
        device.check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        owned.add(device.own("event", () -> JCudaDriver.cuEventDestroy(event)));
        return event;
    }

    private Feed feed(Op.GatherRows op) {
        // within an int: a step's rows are, and several steps' only where they take CHUNK_BYTES at most
        int rowBytes = Math.toIntExact(rowBytes(op));
        long bytes = (long) chunkSteps * batch * rowBytes;
        Device.Memory onDevice =
                owned.add(device.allocate("the buffers for " + op.data(), BUFFERS * bytes, CudaBackend.ADVICE));
        List<Pinned> pinned = new ArrayList<>();
        for (int i = 0; i < BUFFERS; i++) {
            pinned.add(owned.add(device.pinned(op.data().toString(), bytes)));
        }
        return new Feed(op.data(), op.order(), rowBytes, onDevice, pinned);
    }

    /** Where the device's buffers of a data set begin. */
    CUdeviceptr address(TensorRef data) {
        return feeds.get(data).onDevice.address();
    }

    /** A run begins. */
    void begin(StepRange range) {
        steps = range;
        chunks = 0;
    }

    /** Before step {@code i} of the run: when a chunk begins, queues its copy and lets the step wait for it. */
    void prepare(int i) {
        if (feeds.isEmpty() || i % chunkSteps != 0) {
            return;
        }
        if (i > 0) {
            markConsumed();
        }
        int buffer = chunks % BUFFERS;
        if (chunks >= BUFFERS) {
            // the host may write into page-locked memory when the copy from it is done
            device.check(JCudaDriver.cuEventSynchronize(copied.get(buffer)), "waiting for a copy of rows");
            device.check(
                    JCudaDriver.cuStreamWaitEvent(copies.handle(), consumed.get(buffer), 0),
                    "waiting for the steps that read the buffer");
        }
        int count = Math.min(chunkSteps, steps.count() - i);
        feeds.values().forEach(feed -> copy(feed, buffer, i, count));
        device.check(JCudaDriver.cuEventRecord(copied.get(buffer), copies.handle()), "cuEventRecord");
        device.check(JCudaDriver.cuStreamWaitEvent(compute.handle(), copied.get(buffer), 0), "cuStreamWaitEvent");
        chunks++;
    }

    /** The run's launches are queued. */
    void done() {
        if (!feeds.isEmpty()) {
            markConsumed();
        }
    }

    private void markConsumed() {
        device.check(
                JCudaDriver.cuEventRecord(consumed.get((chunks - 1) % BUFFERS), compute.handle()), "cuEventRecord");
    }

    private void copy(Feed feed, int buffer, int firstStep, int count) {
        HostTensor data = CudaBackend.memoryOf(feed.data, memories).onHost(feed.data);
        int[] order = (int[]) CudaBackend.memoryOf(feed.order, memories)
                .onHost(feed.order.root())
                .array();
        ByteBuffer to = feed.pinned.get(buffer).buffer();
        for (int step = 0; step < count; step++) {
            int offset = steps.offset() + (firstStep + step) * batch;
            for (int n = 0; n < steps.validRows(); n++) {
                int row = order[Math.toIntExact(feed.order.offset()) + offset + n];
                putRow(data, row, to, (step * batch + n) * feed.rowBytes, feed.rowBytes);
            }
        }
        long bytes = (long) count * batch * feed.rowBytes;
        long at = (long) buffer * chunkSteps * batch * feed.rowBytes;
        device.check(
                JCudaDriver.cuMemcpyHtoDAsync(
                        feed.onDevice.at(at), feed.pinned.get(buffer).pointer(), bytes, copies.handle()),
                "copying rows of " + feed.data);
    }

    private static void putRow(HostTensor data, int row, ByteBuffer to, int at, int bytes) {
        int elements = bytes / Binding.width(data.type());
        int from = row * elements;
        if (data.array() instanceof byte[] values) {
            to.put(at, values, from, elements);
            return;
        }
        ByteBuffer slice = to.slice(at, bytes).order(to.order());
        if (data.array() instanceof int[] values) {
            slice.asIntBuffer().put(values, from, elements);
        } else {
            slice.asFloatBuffer().put(data.floats(), from, elements);
        }
    }

    @Override
    public void close() {
        owned.close();
    }
}
