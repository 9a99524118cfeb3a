package dev.weft.cuda.emulator;

import static jcuda.driver.JCudaDriver.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;

/** A context, modules and buffers through JCudaDriver, short enough to write tests with. Every call is checked. */
final class Gpu implements AutoCloseable {
    /** A driver call failed with this code. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;
        final int code;

        Failure(int code) {
            super(CUresult.stringFor(code) + " (" + code + ")");
            this.code = code;
        }
    }

    static final class Kernel {
        final CUfunction function = new CUfunction();

        Kernel(CUmodule module, String name) {
            check(cuModuleGetFunction(function, module, name));
        }
    }

    final CUdevice device = new CUdevice();
    final CUcontext context = new CUcontext();
    private final List<CUmodule> modules = new ArrayList<>();
    private final List<CUdeviceptr> buffers = new ArrayList<>();

    Gpu() {
        setExceptionsEnabled(false);
        check(cuInit(0));
        check(cuDeviceGet(device, 0));
        check(cuDevicePrimaryCtxRetain(context, device));
        check(cuCtxSetCurrent(context));
    }

    static void check(int code) {
        if (code != 0) {
            throw new Failure(code);
        }
    }

    CUmodule load(String ptx) {
        CUmodule module = new CUmodule();
        byte[] text = (ptx + "\0").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        check(cuModuleLoadData(module, text));
        modules.add(module);
        return module;
    }

    Kernel kernel(String ptx, String name) {
        return new Kernel(load(ptx), name);
    }

    CUdeviceptr allocate(long bytes) {
        CUdeviceptr p = new CUdeviceptr();
        check(cuMemAlloc(p, bytes));
        buffers.add(p);
        return p;
    }

    void free(CUdeviceptr p) {
        buffers.remove(p);
        check(cuMemFree(p));
    }

    CUdeviceptr upload(float... v) {
        CUdeviceptr p = allocate(4L * v.length);
        check(cuMemcpyHtoD(p, Pointer.to(v), 4L * v.length));
        return p;
    }

    CUdeviceptr upload(int... v) {
        CUdeviceptr p = allocate(4L * v.length);
        check(cuMemcpyHtoD(p, Pointer.to(v), 4L * v.length));
        return p;
    }

    CUdeviceptr upload(long... v) {
        CUdeviceptr p = allocate(8L * v.length);
        check(cuMemcpyHtoD(p, Pointer.to(v), 8L * v.length));
        return p;
    }

    CUdeviceptr upload(byte... v) {
        CUdeviceptr p = allocate(v.length);
        check(cuMemcpyHtoD(p, Pointer.to(v), v.length));
        return p;
    }

    float[] floats(CUdeviceptr p, int n) {
        float[] v = new float[n];
        check(cuMemcpyDtoH(Pointer.to(v), p, 4L * n));
        return v;
    }

    int[] ints(CUdeviceptr p, int n) {
        int[] v = new int[n];
        check(cuMemcpyDtoH(Pointer.to(v), p, 4L * n));
        return v;
    }

    long[] longs(CUdeviceptr p, int n) {
        long[] v = new long[n];
        check(cuMemcpyDtoH(Pointer.to(v), p, 8L * n));
        return v;
    }

    byte[] bytes(CUdeviceptr p, int n) {
        byte[] v = new byte[n];
        check(cuMemcpyDtoH(Pointer.to(v), p, n));
        return v;
    }

    /** Parameters in order: Integer, Long, Float, Double or a device pointer. */
    static Pointer parameters(Object... values) {
        NativePointerObject[] p = new NativePointerObject[values.length];
        for (int i = 0; i < values.length; i++) {
            Object v = values[i];
            if (v instanceof Integer x) {
                p[i] = Pointer.to(new int[] {x});
            } else if (v instanceof Long x) {
                p[i] = Pointer.to(new long[] {x});
            } else if (v instanceof Float x) {
                p[i] = Pointer.to(new float[] {x});
            } else if (v instanceof Double x) {
                p[i] = Pointer.to(new double[] {x});
            } else {
                p[i] = Pointer.to((NativePointerObject) v);
            }
        }
        return Pointer.to(p);
    }

    void launch(Kernel k, int[] grid, int[] block, int sharedBytes, CUstream stream, Object... values) {
        check(cuLaunchKernel(
                k.function,
                grid[0],
                grid[1],
                grid[2],
                block[0],
                block[1],
                block[2],
                sharedBytes,
                stream,
                parameters(values),
                null));
    }

    /** Launches a one-dimensional grid on the legacy stream and waits. */
    void run(Kernel k, int grid, int block, Object... values) {
        launch(k, new int[] {grid, 1, 1}, new int[] {block, 1, 1}, 0, null, values);
        check(cuCtxSynchronize());
    }

    void run(Kernel k, int[] grid, int[] block, int sharedBytes, Object... values) {
        launch(k, grid, block, sharedBytes, null, values);
        check(cuCtxSynchronize());
    }

    static ByteBuffer pinned(long bytes, Pointer out) {
        check(cuMemHostAlloc(out, bytes, 0));
        return out.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }

    /** Frees what is left; after a sticky error the context is beyond that and goes as a whole. */
    @Override
    public void close() {
        for (CUdeviceptr p : buffers) {
            cuMemFree(p);
        }
        for (CUmodule m : modules) {
            cuModuleUnload(m);
        }
        cuDevicePrimaryCtxRelease(device);
    }
}
