package dev.weft.cuda;

import dev.weft.backend.Memory;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import jcuda.driver.CUdeviceptr;

/**
 * Persistent tensors, each in an allocation of its own. A data set that would take too much of the device's memory stays
 * in the host's ({@link #streamed}) and goes to the device batch by batch.
 *
 * <p>Programs that work on the memory announce their streams; reads and writes from the host wait for them.
 */
final class CudaMemory implements Memory {
    private final CudaBackend backend;
    private final Owned owned = new Owned();
    private final Map<TensorRef, Device.Memory> onDevice = new LinkedHashMap<>();
    private final Map<TensorRef, HostTensor> onHost = new HashMap<>();
    private final Set<Device.Stream> users = new LinkedHashSet<>();
    private final Device.Stream stream;

    CudaMemory(CudaBackend backend, Collection<TensorRef> tensors) {
        this.backend = backend;
        try (Device.Scope scope = backend.device().enter()) {
            stream = owned.add(backend.device().stream("programs"));
            for (TensorRef tensor : tensors) {
                if (isDataSet(tensor) && backend.streams(Binding.bytes(tensor))) {
                    onHost.put(tensor, zeros(tensor));
                } else {
                    onDevice.put(tensor, allocate(tensor));
                }
            }
        } catch (RuntimeException e) {
            closeAfter(e);
            throw e;
        }
    }

    private static boolean isDataSet(TensorRef tensor) {
        return tensor.role() == Role.DATA && tensor.shape().rank() > 1;
    }

    private static HostTensor zeros(TensorRef tensor) {
        return tensor.type() == DType.REAL
                ? HostTensor.of(tensor.shape(), new float[tensor.elements()])
                : tensor.type() == DType.I32
                        ? HostTensor.of(tensor.shape(), new int[tensor.elements()])
                        : HostTensor.of(tensor.shape(), new byte[tensor.elements()]);
    }

    private Device.Memory allocate(TensorRef tensor) {
        Device.Memory memory =
                owned.add(backend.device().allocate(tensor.toString(), Binding.bytes(tensor), CudaBackend.ADVICE));
        backend.staging().clear(memory.address(), memory.bytes(), tensor.toString());
        return memory;
    }

    /** The stream on which programs run that name this memory first. */
    Device.Stream stream() {
        return stream;
    }

    /** Announces that a program works on this memory on a stream. */
    void usedOn(Device.Stream user) {
        users.add(user);
    }

    /** Waits until no other stream works on this memory. */
    void waitForAllBut(Device.Stream user) {
        for (Device.Stream other : users) {
            if (other != user) {
                other.synchronize("waiting for a program's work on " + onDevice.keySet());
            }
        }
    }

    /** Whether a tensor that stands alone is here. */
    boolean holds(TensorRef root) {
        return onDevice.containsKey(root) || onHost.containsKey(root);
    }

    /** Whether a data set stays in host memory. */
    boolean streamed(TensorRef root) {
        return onHost.containsKey(root) && !onDevice.containsKey(root);
    }

    /** The values of a tensor that is in host memory: a streamed data set, or the order of its rows. */
    HostTensor onHost(TensorRef root) {
        HostTensor values = onHost.get(root);
        if (values == null) {
            throw new IllegalArgumentException(root + " is not in host memory");
        }
        return values;
    }

    /** Where a tensor or a view of it lies on the device. */
    CUdeviceptr address(TensorRef tensor) {
        Device.Memory memory = onDevice.get(tensor.root());
        if (memory == null) {
            throw new IllegalArgumentException(tensor + " is not in this memory");
        }
        return memory.at(tensor.offset() * Binding.width(tensor.type()));
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        Staging.checkFits(tensor, values);
        try (Device.Scope scope = backend.device().enter()) {
            waitForAllBut(null);
            if (streamed(tensor)) {
                // not copied: a data set that is too large for the device should not be in host memory twice
                onHost.put(tensor, values);
                return;
            }
            backend.staging().write(tensor, values, address(tensor));
            if (!onHost.isEmpty() && tensor.type() == DType.I32) {
                // the rows of a streamed data set are collected by the host, so it has to know their order
                onHost.put(tensor, HostTensor.of(tensor.shape(), ((int[]) values.array()).clone()));
            }
        }
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        try (Device.Scope scope = backend.device().enter()) {
            waitForAllBut(null);
            return streamed(tensor) ? onHost(tensor) : backend.staging().read(tensor, address(tensor));
        }
    }

    @Override
    public long bytes() {
        return onDevice.values().stream().mapToLong(Device.Memory::bytes).sum();
    }

    private void closeAfter(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        backend.device().release(owned);
    }
}
