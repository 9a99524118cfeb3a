package dev.weft.cuda;

import dev.weft.ShapeException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.nio.ByteBuffer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * Copies values between Java's arrays and device memory, in pieces through one page-locked buffer and on a stream of its
 * own. A copy is done when the call returns; what other streams do with the memory, the caller has waited for.
 */
final class Staging implements Releasable {
    private static final int BYTES = 4 << 20;

    private final Device device;
    private final Device.Stream stream;
    private final Pinned pinned;

    Staging(Device device) {
        this.device = device;
        stream = device.stream("copies");
        pinned = device.pinned("copies", BYTES);
    }

    /** Fills memory with zeros. */
    synchronized void clear(CUdeviceptr to, long bytes, String what) {
        device.check(JCudaDriver.cuMemsetD8Async(to, (byte) 0, bytes, stream.handle()), "clearing " + what);
        stream.synchronize("clearing " + what);
    }

    /** Writes {@code values} to where {@code tensor} lies. */
    synchronized void write(TensorRef tensor, HostTensor values, CUdeviceptr to) {
        checkFits(tensor, values);
        int width = Binding.width(tensor.type());
        int count;
        for (int from = 0; from < tensor.elements(); from += count) {
            count = Math.min(BYTES / width, tensor.elements() - from);
            put(values, from, count, pinned.buffer());
            String what = "writing " + tensor;
            device.check(
                    JCudaDriver.cuMemcpyHtoDAsync(
                            to.withByteOffset((long) from * width),
                            pinned.pointer(),
                            (long) count * width,
                            stream.handle()),
                    what);
            stream.synchronize(what);
        }
    }

    static void checkFits(TensorRef tensor, HostTensor values) {
        if (values.type() != tensor.type() || values.elements() != tensor.elements()) {
            throw new ShapeException(
                    tensor.name(), "needs %s%s, got %s".formatted(tensor.type(), tensor.shape(), values));
        }
    }

    /** Copies elements of a host tensor to the beginning of a buffer, doubles rounded to floats. */
    private static void put(HostTensor values, int from, int count, ByteBuffer to) {
        if (values.array() instanceof double[] doubles) {
            for (int i = 0; i < count; i++) {
                to.putFloat(i * Float.BYTES, (float) doubles[from + i]);
            }
        } else if (values.array() instanceof float[] floats) {
            to.asFloatBuffer().put(floats, from, count);
        } else if (values.array() instanceof int[] ints) {
            to.asIntBuffer().put(ints, from, count);
        } else {
            to.put(0, (byte[]) values.array(), from, count);
        }
    }

    /** Reads a tensor from where it lies. */
    synchronized HostTensor read(TensorRef tensor, CUdeviceptr at) {
        int elements = tensor.elements();
        Object array = tensor.type() == DType.REAL
                ? new float[elements]
                : tensor.type() == DType.I32 ? new int[elements] : new byte[elements];
        int width = Binding.width(tensor.type());
        int count;
        for (int from = 0; from < elements; from += count) {
            count = Math.min(BYTES / width, elements - from);
            read(at.withByteOffset((long) from * width), (long) count * width, "reading " + tensor);
            if (array instanceof float[] floats) {
                pinned.buffer().asFloatBuffer().get(floats, from, count);
            } else if (array instanceof int[] ints) {
                pinned.buffer().asIntBuffer().get(ints, from, count);
            } else {
                pinned.buffer().get(0, (byte[]) array, from, count);
            }
        }
        if (array instanceof float[] floats) {
            return HostTensor.of(tensor.shape(), floats);
        } else if (array instanceof int[] ints) {
            return HostTensor.of(tensor.shape(), ints);
        }
        return HostTensor.of(tensor.shape(), (byte[]) array);
    }

    private void read(CUdeviceptr at, long bytes, String what) {
        device.check(JCudaDriver.cuMemcpyDtoHAsync(pinned.pointer(), at, bytes, stream.handle()), what);
        stream.synchronize(what);
    }

    /** The first bytes of device memory, at most {@link #BYTES}. */
    synchronized byte[] bytes(CUdeviceptr at, int count, String what) {
        read(at, count, what);
        byte[] bytes = new byte[count];
        pinned.buffer().get(0, bytes);
        return bytes;
    }

    @Override
    public void close() {
        pinned.close();
        stream.close();
    }
}
