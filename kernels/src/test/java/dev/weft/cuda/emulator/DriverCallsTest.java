package dev.weft.cuda.emulator;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUmemoryPool;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The driver calls behave as the real driver's: device, contexts, memory, streams, events, capture, graphs, errors. */
@ExtendWith(EmulatedDriver.class)
class DriverCallsTest {
    private static final int[] ONE = {1, 1, 1}, WARP = {32, 1, 1};
    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = new Gpu();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private static CUstream stream(int flags) {
        CUstream s = new CUstream();
        Gpu.check(cuStreamCreate(s, flags));
        return s;
    }

    private Gpu.Kernel scale() {
        return gpu.kernel(Emulator.corpus("bugs.ptx"), "scale");
    }

    private static <T> T onAnotherThread(Callable<T> body) {
        var task = new FutureTask<>(body);
        Thread t = new Thread(task);
        t.start();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new AssertionError("the other thread failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while the other thread ran", e);
        }
    }

    private static List<String> names() {
        return Emulator.calls().stream().map(Emulator.Call::name).toList();
    }

    @Test
    void theDeviceIsConfigurable() {
        gpu.close();
        Emulator.configure("cc=7.5;memory=256M;sms=40;name=Small one");
        gpu = new Gpu();
        byte[] name = new byte[64];
        Gpu.check(cuDeviceGetName(name, 64, gpu.device));
        assertThat(new String(name).trim()).isEqualTo("Small one");
        int[] v = new int[1];
        Gpu.check(cuDeviceGetAttribute(
                v, jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, gpu.device));
        assertThat(v[0]).isEqualTo(7);
        Gpu.check(cuDeviceGetAttribute(
                v, jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, gpu.device));
        assertThat(v[0]).isEqualTo(40);
        long[] free = new long[1], total = new long[1];
        Gpu.check(cuMemGetInfo(free, total));
        assertThat(total[0]).isEqualTo(256 << 20);
        gpu.allocate(200 << 20);
        assertThat(cuMemAlloc(new CUdeviceptr(), 100 << 20)).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        Gpu.check(cuMemGetInfo(free, total));
        assertThat(free[0]).isEqualTo(56 << 20);
        // a device that is too old for the module
        assertThatThrownBy(() -> gpu.load(Emulator.corpus("gemm_async.ptx")))
                .isInstanceOfSatisfying(
                        Gpu.Failure.class, f -> assertThat(f.code).isEqualTo(CUresult.CUDA_ERROR_INVALID_PTX));
        assertThat(Emulator.reports()).contains("newer than the device");
    }

    @Test
    void memoryComesBackAfterManyRoundsThroughTheArena() {
        gpu.close();
        Emulator.configure("memory=64M");
        gpu = new Gpu();
        for (int i = 0; i < 200; i++) { // 200 x 40 MiB go through an arena of about 1.1 GiB
            gpu.free(gpu.allocate(40 << 20));
        }
        assertThat(Emulator.counter("live-bytes")).isZero();
    }

    @Test
    void nothingWorksBeforeInitialisation() {
        Emulator.reset();
        assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_NOT_INITIALIZED);
        assertThat(cuInit(0)).isZero();
        assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        Emulator.configure("devices=0");
        assertThat(cuInit(0)).isEqualTo(CUresult.CUDA_ERROR_NO_DEVICE);
    }

    @Test
    void createdContextsStack() {
        CUcontext c = new CUcontext(), current = new CUcontext();
        Gpu.check(cuCtxCreate(c, 0, gpu.device));
        Gpu.check(cuCtxGetCurrent(current));
        assertThat(current).isEqualTo(c);
        CUdeviceptr p = new CUdeviceptr();
        Gpu.check(cuMemAlloc(p, 10));
        Gpu.check(cuCtxDestroy(c));
        assertThat(Emulator.reports()).contains("leaks at the destruction of a context");
        Gpu.check(cuCtxGetCurrent(current));
        assertThat(current).isEqualTo(gpu.context);
        assertThat(cuCtxDestroy(c)).isEqualTo(CUresult.CUDA_ERROR_INVALID_CONTEXT);
    }

    @Test
    void copiesAndSets() {
        CUdeviceptr p = gpu.upload(1, 2, 3, 4, 5, 6), q = gpu.allocate(24);
        Gpu.check(cuMemcpyDtoD(q, p, 24));
        Gpu.check(cuMemsetD32(q.withByteOffset(4), 9, 2));
        Gpu.check(cuMemsetD8(q.withByteOffset(20), (byte) 1, 4));
        assertThat(gpu.ints(q, 6)).containsExactly(1, 9, 9, 4, 5, 0x01010101);
        assertThat(cuMemcpyDtoD(q, p, 25)).isEqualTo(CUresult.CUDA_ERROR_INVALID_VALUE);
        ByteBuffer direct = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        Gpu.check(cuMemHostRegister(Pointer.to(direct), 24, 0));
        assertThat(cuMemHostRegister(Pointer.to(direct), 24, 0))
                .isEqualTo(CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
        CUstream s = stream(1);
        Gpu.check(cuMemcpyDtoHAsync(Pointer.to(direct), q, 24, s));
        assertThat(direct.getInt(4))
                .as("registered memory is written when the stream is")
                .isZero();
        Gpu.check(cuStreamSynchronize(s));
        assertThat(direct.getInt(4)).isEqualTo(9);
        Gpu.check(cuMemHostUnregister(Pointer.to(direct)));
        assertThat(cuMemHostUnregister(Pointer.to(direct))).isEqualTo(CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    }

    @Test
    void functionsTellTheirAttributes() {
        var gemm = gpu.kernel(Emulator.corpus("gemm.ptx"), "gemm_vectorised");
        int[] v = new int[1];
        Gpu.check(cuFuncGetAttribute(
                v, jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, gemm.function));
        assertThat(v[0]).isEqualTo(4 * 2 * 16 * (68 + 64));
        Gpu.check(cuFuncGetAttribute(
                v, jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, gemm.function));
        assertThat(v[0]).isEqualTo(256);
        assertThat(cuLaunchKernel(
                        gemm.function, 1, 1, 1, 512, 1, 1, 0, null, Gpu.parameters(1, 1, 1, 0L, 0L, 0L), null))
                .isEqualTo(CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
        assertThat(cuLaunchKernel(
                        gemm.function, 1, 1, 1, 2048, 1, 1, 0, null, Gpu.parameters(1, 1, 1, 0L, 0L, 0L), null))
                .isEqualTo(CUresult.CUDA_ERROR_INVALID_VALUE);
        // more than 48 KiB of dynamic shared memory has to be asked for
        var dynamic = gpu.kernel(Emulator.corpus("bugs.ptx"), "dynamic_shared_out_of_bounds");
        CUdeviceptr y = gpu.allocate(4);
        int bytes = 64 << 10;
        assertThatThrownBy(() -> gpu.run(dynamic, ONE, ONE, bytes, 3, y)).isInstanceOf(Gpu.Failure.class);
        Gpu.check(cuFuncSetAttribute(
                dynamic.function,
                jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                bytes));
        gpu.run(dynamic, ONE, ONE, bytes, bytes / 4 - 1, y);
        assertThat(cuModuleGetFunction(new jcuda.driver.CUfunction(), gpu.load(Emulator.corpus("gemm.ptx")), "none"))
                .isEqualTo(CUresult.CUDA_ERROR_NOT_FOUND);
        Gpu.check(cuOccupancyMaxActiveBlocksPerMultiprocessor(v, gemm.function, 256, 0));
        assertThat(v[0]).isBetween(1, 8);
    }

    @Test
    void stickyErrorsStayUntilTheContextGoes() {
        var k = gpu.kernel(Emulator.corpus("bugs.ptx"), "write_at");
        gpu.launch(k, ONE, ONE, 0, null, new CUdeviceptr()); // asynchronous: the launch itself succeeds
        assertThat(cuCtxSynchronize()).isEqualTo(700);
        assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(700);
        assertThat(cuCtxSynchronize()).isEqualTo(700);
        Gpu.check(cuDevicePrimaryCtxReset(gpu.device));
        Emulator.clearCalls();
        gpu = new Gpu();
        assertThat(gpu.ints(gpu.upload(4), 1)).containsExactly(4);
    }

    @Test
    void errorNames() {
        String[] text = new String[1];
        Gpu.check(cuGetErrorName(719, text));
        assertThat(text[0]).isEqualTo("CUDA_ERROR_LAUNCH_FAILED");
        Gpu.check(cuGetErrorString(2, text));
        assertThat(text[0]).isEqualTo("out of memory");
        assertThat(cuGetErrorName(12345, text)).isEqualTo(1);
    }

    @Test
    void eventsMeasureAndQueriesMakeProgress() {
        CUevent start = new CUevent(), end = new CUevent();
        Gpu.check(cuEventCreate(start, 0));
        Gpu.check(cuEventCreate(end, 0));
        CUstream s = stream(1);
        CUdeviceptr y = gpu.upload(new float[32]);
        Gpu.check(cuEventRecord(start, s));
        gpu.launch(scale(), ONE, WARP, 0, s, 32, 2f, y);
        Gpu.check(cuEventRecord(end, s));
        float[] ms = new float[1];
        assertThat(cuEventElapsedTime(ms, start, end)).isEqualTo(CUresult.CUDA_ERROR_NOT_READY);
        int polls = 0;
        while (cuEventQuery(end) == CUresult.CUDA_ERROR_NOT_READY) {
            polls++;
        }
        assertThat(polls).isEqualTo(3);
        Gpu.check(cuEventElapsedTime(ms, start, end));
        assertThat(ms[0]).isBetween(0f, 60_000f);
        Gpu.check(cuEventDestroy(start));
        Gpu.check(cuEventDestroy(end));
        assertThat(cuEventDestroy(end)).isEqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE);
    }

    private CUgraph capture(CUstream s, int mode, Runnable body) {
        CUgraph graph = new CUgraph();
        Gpu.check(cuStreamBeginCapture(s, mode));
        body.run();
        Gpu.check(cuStreamEndCapture(s, graph));
        return graph;
    }

    @Test
    void aCapturedGraphReplays() {
        CUdeviceptr y = gpu.upload(1f, 1f);
        var k = scale();
        CUstream s = stream(1), side = stream(1);
        CUevent fork = new CUevent(), joined = new CUevent();
        Gpu.check(cuEventCreate(fork, 0));
        Gpu.check(cuEventCreate(joined, 0));
        CUgraph graph = capture(s, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL, () -> {
            gpu.launch(k, ONE, WARP, 0, s, 1, 2f, y);
            Gpu.check(cuEventRecord(fork, s));
            Gpu.check(cuStreamWaitEvent(side, fork, 0));
            gpu.launch(k, ONE, WARP, 0, side, 1, 5f, y.withByteOffset(4));
            Gpu.check(cuEventRecord(joined, side));
            gpu.launch(k, ONE, WARP, 0, s, 1, 3f, y);
            Gpu.check(cuStreamWaitEvent(s, joined, 0));
        });
        assertThat(gpu.floats(y, 2)).as("capture executes nothing").containsExactly(1f, 1f);
        CUgraphExec exec = new CUgraphExec();
        Gpu.check(cuGraphInstantiate(exec, graph, 0));
        Emulator.clearCalls();
        Gpu.check(cuGraphLaunch(exec, s));
        assertThat(names())
                .as("this step made one graph launch, no allocation, no synchronisation")
                .containsExactly("cuGraphLaunch");
        Gpu.check(cuGraphLaunch(exec, s));
        Gpu.check(cuStreamSynchronize(s));
        assertThat(gpu.floats(y, 2)).containsExactly(36f, 25f);
        Gpu.check(cuGraphExecDestroy(exec));
        Gpu.check(cuGraphDestroy(graph));
        assertThat(cuGraphLaunch(exec, s)).isEqualTo(CUresult.CUDA_ERROR_INVALID_HANDLE);
        Gpu.check(cuEventDestroy(fork));
        Gpu.check(cuEventDestroy(joined));
    }

    private static CUDA_KERNEL_NODE_PARAMS node(Gpu.Kernel k, float factor, CUdeviceptr y) {
        CUDA_KERNEL_NODE_PARAMS p = new CUDA_KERNEL_NODE_PARAMS();
        p.func = k.function;
        p.gridDimX = p.gridDimY = p.gridDimZ = 1;
        p.blockDimX = 32;
        p.blockDimY = p.blockDimZ = 1;
        p.kernelParams = Gpu.parameters(1, factor, y);
        return p;
    }

    @Test
    void anExecutableGraphIsUpdated() {
        CUdeviceptr y = gpu.upload(1f);
        var k = scale();
        CUgraph graph = new CUgraph();
        Gpu.check(cuGraphCreate(graph, 0));
        CUgraphNode first = new CUgraphNode(), second = new CUgraphNode();
        Gpu.check(cuGraphAddKernelNode(first, graph, null, 0, node(k, 2f, y)));
        Gpu.check(cuGraphAddKernelNode(second, graph, new CUgraphNode[] {first}, 1, node(k, 3f, y)));
        CUgraphExec exec = new CUgraphExec();
        Gpu.check(cuGraphInstantiate(exec, graph, 0));
        CUstream s = stream(1);
        Gpu.check(cuGraphLaunch(exec, s));
        Gpu.check(cuGraphExecKernelNodeSetParams(exec, first, node(k, 5f, y))); // after the launch: does not change it
        Gpu.check(cuStreamSynchronize(s));
        assertThat(gpu.floats(y, 1)).containsExactly(6f);
        Gpu.check(cuGraphLaunch(exec, s));
        Gpu.check(cuStreamSynchronize(s));
        assertThat(gpu.floats(y, 1)).containsExactly(90f);
        int[] type = new int[1];
        Gpu.check(cuGraphNodeGetType(second, type));
        assertThat(type[0]).isZero();
        Gpu.check(cuGraphExecDestroy(exec));
        Gpu.check(cuGraphDestroy(graph));
    }

    @Test
    void unorderedNodesOfAGraphThatShareMemoryAreReported() {
        CUdeviceptr y = gpu.upload(1f);
        var k = scale();
        CUstream s = stream(1), side = stream(1);
        CUevent fork = new CUevent(), joined = new CUevent();
        Gpu.check(cuEventCreate(fork, 0));
        Gpu.check(cuEventCreate(joined, 0));
        CUgraph graph = capture(s, 1, () -> {
            Gpu.check(cuEventRecord(fork, s));
            Gpu.check(cuStreamWaitEvent(side, fork, 0));
            gpu.launch(k, ONE, WARP, 0, s, 1, 2f, y);
            gpu.launch(k, ONE, WARP, 0, side, 1, 5f, y);
            Gpu.check(cuEventRecord(joined, side));
            Gpu.check(cuStreamWaitEvent(s, joined, 0));
        });
        CUgraphExec exec = new CUgraphExec();
        Gpu.check(cuGraphInstantiate(exec, graph, 0));
        Gpu.check(cuGraphLaunch(exec, s));
        assertThat(cuStreamSynchronize(s)).isEqualTo(719);
        assertThat(Emulator.reports()).contains("missing wait between streams");
    }

    @Test
    void captureModesDecideWhoMayAllocate() {
        CUstream s = stream(1);
        for (int mode = 0; mode < 3; mode++) { // global, thread-local, relaxed
            Gpu.check(cuStreamBeginCapture(s, mode));
            int other = onAnotherThread(() -> {
                Gpu.check(cuCtxSetCurrent(gpu.context));
                CUdeviceptr p = new CUdeviceptr();
                int status = cuMemAlloc(p, 16);
                return status != 0 ? status : 0;
            });
            assertThat(other).as("another thread, mode %d", mode).isEqualTo(mode == 0 ? 900 : 0);
            assertThat(cuStreamEndCapture(s, new CUgraph())).isEqualTo(mode == 0 ? 901 : 0);
            Gpu.check(cuStreamBeginCapture(s, mode));
            assertThat(cuMemAlloc(new CUdeviceptr(), 16))
                    .as("this thread, mode %d", mode)
                    .isEqualTo(mode == 2 ? 0 : 900);
            assertThat(cuStreamEndCapture(s, new CUgraph())).isEqualTo(mode == 2 ? 0 : 901);
        }
    }

    @Test
    void illegalCallsDuringCapture() {
        CUstream s = stream(0), other = stream(1);
        CUdeviceptr y = gpu.upload(1f);
        var k = scale();
        CUevent outside = new CUevent(), inside = new CUevent();
        Gpu.check(cuEventCreate(outside, 0));
        Gpu.check(cuEventCreate(inside, 0));
        Gpu.check(cuEventRecord(outside, other));
        record Case(String what, int code, java.util.function.IntSupplier call) {}
        List<Case> cases = List.of(
                new Case("synchronise the stream", 900, () -> cuStreamSynchronize(s)),
                new Case("synchronise the context", 900, () -> cuCtxSynchronize()),
                new Case("query the stream", 900, () -> cuStreamQuery(s)),
                new Case("synchronous copy", 900, () -> cuMemcpyDtoH(Pointer.to(new float[1]), y, 4)),
                new Case("free", 900, () -> cuMemFree(y)),
                new Case(
                        "legacy stream",
                        906,
                        () -> cuLaunchKernel(k.function, 1, 1, 1, 32, 1, 1, 0, null, Gpu.parameters(1, 2f, y), null)),
                new Case("wait for an event from outside", 905, () -> cuStreamWaitEvent(s, outside, 0)),
                new Case("synchronise a captured event", 907, () -> {
                    Gpu.check(cuEventRecord(inside, s));
                    return cuEventSynchronize(inside);
                }));
        for (Case c : cases) {
            Gpu.check(cuStreamBeginCapture(s, 0));
            assertThat(c.call.getAsInt()).as(c.what).isEqualTo(c.code);
            assertThat(cuStreamEndCapture(s, new CUgraph()))
                    .as("after: " + c.what)
                    .isEqualTo(901);
        }
        assertThat(cuStreamEndCapture(s, new CUgraph())).as("not capturing").isEqualTo(401);
        // work of a stream that joined but was not joined back
        Gpu.check(cuStreamBeginCapture(s, 0));
        Gpu.check(cuEventRecord(inside, s));
        Gpu.check(cuStreamWaitEvent(other, inside, 0));
        gpu.launch(k, ONE, WARP, 0, other, 1, 2f, y);
        assertThat(cuStreamEndCapture(s, new CUgraph())).isEqualTo(904);
        Gpu.check(cuStreamBeginCapture(s, 1));
        assertThat((int) onAnotherThread(() -> {
                    Gpu.check(cuCtxSetCurrent(gpu.context));
                    return cuStreamEndCapture(s, new CUgraph());
                }))
                .as("another thread")
                .isEqualTo(908);
        Gpu.check(cuStreamEndCapture(s, new CUgraph()));
        Gpu.check(cuEventDestroy(outside));
        Gpu.check(cuEventDestroy(inside));
    }

    @Test
    void hostFunctionsRunInOrderAndMayNotCallTheDriver() {
        AtomicInteger seen = new AtomicInteger(-1);
        CUstream s = stream(1);
        Gpu.check(cuLaunchHostFunc(s, data -> seen.set(cuCtxSynchronize()), null));
        assertThat(seen).hasValue(-1);
        Gpu.check(cuStreamSynchronize(s));
        assertThat(seen).hasValue(CUresult.CUDA_ERROR_NOT_PERMITTED);
    }

    @Test
    void faultsCanBeInjected() {
        Emulator.fail("cuMemAlloc_v2", 2, 2);
        gpu.allocate(4);
        assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(2);
        gpu.allocate(4);
        Emulator.fail("launch", 1, 719);
        var k = scale();
        assertThat(cuLaunchKernel(k.function, 1, 1, 1, 32, 1, 1, 0, null, Gpu.parameters(1, 2f, 0L), null))
                .isEqualTo(719);
        assertThat(cuMemAlloc(new CUdeviceptr(), 4)).as("sticky").isEqualTo(719);
    }

    @Test
    void everyCallOfASequenceCanFail() {
        // walk the error paths one by one: the n-th call fails, all before it succeed
        int calls = 0;
        for (int n = 1; ; n++) {
            gpu.close();
            Emulator.reset();
            Emulator.configure("quiet=on");
            Emulator.fail("*", n, 999);
            try (Gpu g = new Gpu()) {
                g.floats(g.upload(1f), 1);
                gpu = g;
                break;
            } catch (Gpu.Failure f) {
                assertThat(f.code).isEqualTo(999);
                List<Emulator.Call> log = Emulator.calls();
                assertThat(log.subList(0, n - 1)).allMatch(c -> c.result() == 0);
                assertThat(log.get(n - 1))
                        .matches(c -> c.result() == 999 && c.detail().equals("injected"));
                calls++;
                cuCtxGetCurrent(new CUcontext());
            }
        }
        assertThat(calls).isEqualTo(7); // init, get, retain, set current, allocate, copy in, copy out
    }

    @Test
    void callsThatAreNotEmulatedNameThemselves() {
        assertThat(cuMemPoolDestroy(new CUmemoryPool())).isEqualTo(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        assertThat(Emulator.reports()).contains("cuMemPoolDestroy is not implemented by the emulated driver");
        assertThat(Emulator.calls().get(Emulator.calls().size() - 1).name()).isEqualTo("cuMemPoolDestroy");
    }

    @Test
    void aKernelIsCompiledOnce() {
        CUdeviceptr y = gpu.upload(new float[32]);
        gpu.run(scale(), 1, 32, 32, 2f, y);
        long before = Emulator.counter("compilations");
        gpu.run(scale(), 1, 32, 32, 2f, y);
        assertThat(Emulator.counter("compilations")).isEqualTo(before);
    }
}
