package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.OutOfDeviceMemoryException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A GPU: its properties, its primary context, and everything that was made in it. All driver calls go through
 * {@link #check}. What a failed call left behind is freed at the latest by {@link #close}.
 */
final class Device implements AutoCloseable {
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final Deque<Resource> resources = new ArrayDeque<>();
    private final String name;
    private final int major;
    private final int minor;
    private final int multiprocessors;
    private final int driverVersion;
    private final long totalBytes;
    private long liveBytes;
    /** The first error after which the context takes no more work; several threads may use the device. */
    private final AtomicReference<String> poisoned = new AtomicReference<>();

    /** Takes the primary context of a device, which other libraries in the process may be using too. */
    Device(int ordinal) {
        JCudaNatives.loadDriver();
        check(JCudaDriver.cuInit(0), "cuInit");
        check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet " + ordinal);
        byte[] text = new byte[256];
        check(JCudaDriver.cuDeviceGetName(text, text.length, device), "cuDeviceGetName");
        String padded = new String(text, StandardCharsets.UTF_8);
        name = padded.substring(0, padded.indexOf(0));
        major = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        minor = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        multiprocessors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        int[] version = {0};
        check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
        driverVersion = version[0];
        long[] bytes = {0};
        check(JCudaDriver.cuDeviceTotalMem(bytes, device), "cuDeviceTotalMem");
        totalBytes = bytes[0];
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
        // not through own(): it is released without being current
        resources.push(new Resource("primary context", () -> JCudaDriver.cuDevicePrimaryCtxRelease(device)));
    }

    private int attribute(int which) {
        int[] value = {0};
        check(JCudaDriver.cuDeviceGetAttribute(value, which, device), "cuDeviceGetAttribute " + which);
        return value[0];
    }

    // ---------------------------------------------------------------- properties

    String name() {
        return name;
    }

    /** Whether it is the emulated driver of the tests. */
    boolean emulated() {
        return name.equals("Weft emulated device");
    }

    /** For example 90 for compute capability 9.0. */
    int computeCapability() {
        return major * 10 + minor;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    long totalBytes() {
        return totalBytes;
    }

    long freeBytes() {
        long[] free = {0};
        long[] total = {0};
        check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
        return free[0];
    }

    /** {@code NVIDIA H200, compute capability 9.0, 150.1 GB, driver for CUDA 13.0}. */
    String description() {
        return "%s, compute capability %d.%d, %.1f GB, driver for CUDA %d.%d"
                .formatted(name, major, minor, totalBytes * 1e-9, driverVersion / 1000, driverVersion % 1000 / 10);
    }

    // ---------------------------------------------------------------- calls

    /**
     * Makes the context current for this thread until the scope is closed, and puts back the one before.
     *
     * @throws DeviceException if an earlier error has left the context unusable
     */
    Scope enter() {
        if (poisoned()) {
            throw new DeviceException("the CUDA backend cannot be used any more since: " + poisoned.get());
        }
        check(JCudaDriver.cuCtxPushCurrent(context), "cuCtxPushCurrent");
        return () -> check(JCudaDriver.cuCtxPopCurrent(new CUcontext()), "cuCtxPopCurrent");
    }

    /** As long as it is open, the context is current. */
    interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** The one check of every driver call: throws unless the status is 0. */
    void check(int status, String what) {
        if (status != CUresult.CUDA_SUCCESS) {
            CudaException e = new CudaException(what, status);
            if (e.sticky()) {
                poisoned.compareAndSet(null, e.getMessage());
            }
            throw e;
        }
    }

    private boolean poisoned() {
        return poisoned.get() != null;
    }

    // ---------------------------------------------------------------- resources

    /** Something that has to be given back to the driver. */
    final class Resource implements Releasable {
        private final String what;
        private final IntSupplier release;
        private final long bytes;

        private Resource(String what, IntSupplier release) {
            this(what, release, 0);
        }

        private Resource(String what, IntSupplier release, long bytes) {
            this.what = what;
            this.release = release;
            this.bytes = bytes;
        }

        /** Gives it back; if that fails, the device tries again when it is closed. */
        @Override
        public void close() {
            synchronized (resources) {
                if (resources.contains(this)) {
                    check(release.getAsInt(), "freeing " + what);
                    resources.remove(this);
                    liveBytes -= bytes;
                }
            }
        }
    }

    /** Registers what a driver call has made. */
    Resource own(String what, IntSupplier release) {
        return own(new Resource(what, release));
    }

    private Resource own(Resource resource) {
        synchronized (resources) {
            resources.push(resource);
            liveBytes += resource.bytes;
        }
        return resource;
    }

    /** Device memory. */
    record Memory(CUdeviceptr address, long bytes, Resource resource) implements Releasable {
        CUdeviceptr at(long offset) {
            return address.withByteOffset(offset);
        }

        @Override
        public void close() {
            resource.close();
        }
    }

    /**
     * Allocates device memory.
     *
     * @param what for the message
     * @param advice what to change where it does not fit
     */
    Memory allocate(String what, long bytes, String advice) {
        CUdeviceptr address = new CUdeviceptr();
        long size = Math.max(bytes, 1);
        int status = JCudaDriver.cuMemAlloc(address, size);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw new OutOfDeviceMemoryException(what, size, freeBytes(), advice);
        }
        check(status, "cuMemAlloc of %,d bytes for %s".formatted(size, what));
        return new Memory(address, size, own(new Resource(what, () -> JCudaDriver.cuMemFree(address), size)));
    }

    /** A stream that does not wait for the default one. */
    Stream stream(String what) {
        CUstream stream = new CUstream();
        check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate for " + what);
        return new Stream(stream, own("stream for " + what, () -> JCudaDriver.cuStreamDestroy(stream)));
    }

    /** A queue of work. */
    final class Stream implements Releasable {
        private final CUstream handle;
        private final Resource resource;

        private Stream(CUstream handle, Resource resource) {
            this.handle = handle;
            this.resource = resource;
        }

        CUstream handle() {
            return handle;
        }

        void synchronize(String what) {
            check(JCudaDriver.cuStreamSynchronize(handle), what);
        }

        @Override
        public void close() {
            resource.close();
        }
    }

    /** Measures what it queues on a stream, by the device's clock; waits for it, and returns seconds. */
    double time(Stream stream, String what, Runnable work) {
        CUevent start = new CUevent();
        CUevent end = new CUevent();
        check(JCudaDriver.cuEventCreate(start, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
        try (Resource startEvent = own("event", () -> JCudaDriver.cuEventDestroy(start))) {
            check(JCudaDriver.cuEventCreate(end, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
            try (Resource endEvent = own("event", () -> JCudaDriver.cuEventDestroy(end))) {
                check(JCudaDriver.cuEventRecord(start, stream.handle()), "cuEventRecord");
                work.run();
                check(JCudaDriver.cuEventRecord(end, stream.handle()), "cuEventRecord");
                stream.synchronize(what);
                float[] milliseconds = {0};
                check(JCudaDriver.cuEventElapsedTime(milliseconds, start, end), "cuEventElapsedTime");
                return milliseconds[0] * 1e-3;
            }
        }
    }

    /** Page-locked host memory, which copies can go to and from while the host does something else. */
    Pinned pinned(String what, long bytes) {
        Pointer pointer = new Pointer();
        check(
                JCudaDriver.cuMemHostAlloc(pointer, Math.max(bytes, 1), 0),
                "cuMemHostAlloc of %,d bytes for %s".formatted(bytes, what));
        Resource resource = own("host memory for " + what, () -> JCudaDriver.cuMemFreeHost(pointer));
        return new Pinned(pointer, pointer.getByteBuffer(0, Math.max(bytes, 1)), resource);
    }

    /** Gives back what an object owns. After a sticky error the driver refuses to free, and there is nothing to do. */
    void release(Owned owned) {
        if (!poisoned()) {
            try (Scope scope = enter()) {
                owned.close();
            }
        }
    }

    /** Bytes of device memory that are allocated. */
    long liveBytes() {
        synchronized (resources) {
            return liveBytes;
        }
    }

    /**
     * Frees everything that is left, the youngest first, and lets go of the context. What fails is tried a second time;
     * the first error is thrown at the end. After a sticky error the driver refuses to free, and that is no news.
     */
    @Override
    public void close() {
        List<DeviceException> errors = new ArrayList<>();
        for (int attempt = 0; attempt < 2 && resources.size() > 1; attempt++) {
            collect(errors, this::freeAllButTheContext);
        }
        for (int attempt = 0; attempt < 2 && !resources.isEmpty(); attempt++) {
            collect(errors, resources.peekLast()::close);
        }
        if (!errors.isEmpty() && !poisoned()) {
            throw errors.get(0);
        }
        resources.clear();
    }

    private void freeAllButTheContext() {
        check(JCudaDriver.cuCtxPushCurrent(context), "cuCtxPushCurrent");
        List<DeviceException> errors = new ArrayList<>();
        for (Resource resource : List.copyOf(resources)) {
            if (resource != resources.peekLast()) {
                collect(errors, resource::close);
            }
        }
        check(JCudaDriver.cuCtxPopCurrent(new CUcontext()), "cuCtxPopCurrent");
        if (!errors.isEmpty()) {
            throw errors.get(0);
        }
    }

    private static void collect(List<DeviceException> errors, Runnable action) {
        try {
            action.run();
        } catch (DeviceException e) {
            errors.add(e);
        }
    }
}
