package dev.weft.cuda;

import dev.weft.backend.Executable.KernelLaunch;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/** The launches and library calls of a program with their addresses filled in: one by one, or captured once and replayed as a graph. */
final class Execution implements Releasable {
    /** Metrics that one launch of {@code finish_step} keeps. */
    private static final int METRICS_A_LAUNCH = 4;

    private final Device device;
    private final boolean synchronize;
    private final Device.Stream stream;
    private final Owned owned = new Owned();
    private final List<Binding.Group> groups;
    private final List<List<Prepared>> prepared = new ArrayList<>();
    private final List<Prepared> finish = new ArrayList<>();
    private CUgraphExec graph;

    /** Work with its addresses filled in. */
    private record Prepared(String kernel, Queueing queueing) {}

    /** Hands work to the driver or to a library. */
    private interface Queueing {
        /**
         * Does so.
         *
         * @param what for messages
         */
        void queue(Supplier<String> what);
    }

    Execution(
            CudaBackend backend,
            Program program,
            List<Binding.Group> groups,
            Device.Stream stream,
            Function<Object, CUdeviceptr> addresses,
            StepControl control) {
        this.device = backend.device();
        this.synchronize = backend.options().synchronize();
        this.stream = stream;
        this.groups = groups;
        for (Binding.Group group : groups) {
            prepared.add(
                    group.work().stream().map(work -> prepare(work, addresses)).toList());
        }
        prepareFinish(backend.modules(), program.metricValues(), addresses, control);
    }

    private Prepared prepare(Work work, Function<Object, CUdeviceptr> addresses) {
        return work instanceof LibraryCall call
                ? prepareCall(call, addresses)
                : prepareLaunch((Launch) work, addresses);
    }

    private Prepared prepareCall(LibraryCall call, Function<Object, CUdeviceptr> addresses) {
        Pointer[] at = Stream.of(call.arguments()).map(addresses).toArray(Pointer[]::new);
        return new Prepared(call.kernel(), what -> call.call().queue(stream, at));
    }

    private Prepared prepareLaunch(Launch launch, Function<Object, CUdeviceptr> addresses) {
        NativePointerObject[] values = new NativePointerObject[launch.arguments().length];
        for (int i = 0; i < values.length; i++) {
            Object argument = launch.arguments()[i];
            if (argument instanceof Integer x) {
                values[i] = Pointer.to(new int[] {x});
            } else if (argument instanceof Long x) {
                values[i] = Pointer.to(new long[] {x});
            } else if (argument instanceof Float x) {
                values[i] = Pointer.to(new float[] {x});
            } else {
                values[i] = Pointer.to(addresses.apply(argument));
            }
        }
        Pointer arguments = Pointer.to(values);
        return new Prepared(launch.kernel(), what -> launch(launch, arguments, values, what));
    }

    /**
     * Launches a kernel.
     *
     * @param values what {@code arguments} points to; named here so that it lives as long
     */
    private void launch(Launch launch, Pointer arguments, NativePointerObject[] values, Supplier<String> what) {
        int status = JCudaDriver.cuLaunchKernel(
                launch.function(),
                launch.grid().x(),
                launch.grid().y(),
                launch.grid().z(),
                launch.block(),
                1,
                1,
                launch.sharedBytes(),
                stream.handle(),
                arguments,
                null);
        if (status != 0) {
            device.check(status, what.get() + " by " + launch.kernel());
        }
    }

    /** The last launches of a step: they keep its metrics, and the very last one moves the state to the next step. */
    private void prepareFinish(
            Modules modules, List<TensorRef> metrics, Function<Object, CUdeviceptr> addresses, StepControl control) {
        int first = 0;
        do {
            int count = Math.min(METRICS_A_LAUNCH, metrics.size() - first);
            boolean last = first + count == metrics.size();
            Object[] arguments = new Object[METRICS_A_LAUNCH + 6];
            arguments[0] = Binding.STATE;
            arguments[1] = control.metrics();
            arguments[2] = metrics.size();
            arguments[3] = first;
            arguments[4] = count;
            for (int i = 0; i < METRICS_A_LAUNCH; i++) {
                arguments[5 + i] = i < count ? metrics.get(first + i) : Binding.NULL;
            }
            arguments[5 + METRICS_A_LAUNCH] = last ? 1 : 0;
            Launch launch = new Launch(
                    "finish_step", modules.function("finish_step", "finish_step"), Grid.of(1), 1, 0, arguments);
            finish.add(prepareLaunch(
                    launch, argument -> argument instanceof CUdeviceptr address ? address : addresses.apply(argument)));
            first += count;
        } while (first < metrics.size());
    }

    /** Queues the work of one group of ops. */
    void execute(int group) {
        for (Prepared next : prepared.get(group)) {
            queue(next, () -> describe(group));
        }
    }

    /** Keeps the metrics and moves on to the next step. */
    void finishStep() {
        finish.forEach(next -> queue(next, () -> "finish_step"));
    }

    private void queue(Prepared next, Supplier<String> what) {
        next.queueing.queue(what);
        if (synchronize) {
            stream.synchronize(what.get() + " by " + next.kernel);
        }
    }

    /** The ops of a group with layers and shapes, for messages. */
    String describe(int group) {
        return groups.get(group).ops().stream().map(Program::describe).collect(Collectors.joining(" + "));
    }

    /** Whether any of the work is a library's. */
    boolean callsLibraries() {
        return groups.stream().anyMatch(Execution::callsLibrary);
    }

    private static boolean callsLibrary(Binding.Group group) {
        return group.work().stream().anyMatch(LibraryCall.class::isInstance);
    }

    /**
     * Makes each library call once, before they are captured: the first call loads the library's kernels, which a stream that
     * is capturing must not do. The arena must hold numbers.
     */
    void warmUp() {
        for (int group = 0; group < groups.size(); group++) {
            if (callsLibrary(groups.get(group))) {
                execute(group);
            }
        }
        stream.synchronize("the first calls of cuBLAS and cuDNN");
    }

    /** Records a whole step as a graph. */
    void capture() {
        graph = record(owned, () -> {
            for (int group = 0; group < groups.size(); group++) {
                execute(group);
            }
            finishStep();
        });
    }

    private CUgraphExec record(Owned owner, Runnable work) {
        device.check(
                JCudaDriver.cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        CUgraph captured = new CUgraph();
        try {
            work.run();
            device.check(JCudaDriver.cuStreamEndCapture(stream.handle(), captured), "cuStreamEndCapture");
        } catch (RuntimeException e) {
            // leaves capture mode; what was recorded is of no use
            JCudaDriver.cuStreamEndCapture(stream.handle(), captured);
            JCudaDriver.cuGraphDestroy(captured);
            throw e;
        }
        owner.add(device.own("captured work", () -> JCudaDriver.cuGraphDestroy(captured)));
        CUgraphExec executable = new CUgraphExec();
        device.check(JCudaDriver.cuGraphInstantiate(executable, captured, 0), "cuGraphInstantiate");
        owner.add(device.own("executable work", () -> JCudaDriver.cuGraphExecDestroy(executable)));
        return executable;
    }

    /**
     * Seconds of the device for so many executions of one group of ops, whose inputs must be there. Several are captured and
     * the graph is timed when it is launched for the second time, so that it is the device that is timed and not the host,
     * which may take longer to launch a short kernel than that runs.
     */
    double time(int group, int times) {
        Runnable work = () -> {
            for (int i = 0; i < times; i++) {
                execute(group);
            }
        };
        String what = "%s, %d times".formatted(describe(group), times);
        if (times == 1 || synchronize) {
            return device.time(stream, what, work);
        }
        try (Owned temporary = new Owned()) {
            CUgraphExec repeated = record(temporary, work);
            Runnable launch = () -> device.check(JCudaDriver.cuGraphLaunch(repeated, stream.handle()), what);
            launch.run();
            return device.time(stream, what, launch);
        }
    }

    /** Launches the recorded step. */
    void launchGraph(String what) {
        device.check(JCudaDriver.cuGraphLaunch(graph, stream.handle()), what);
    }

    /**
     * What a listing shows of a launch or a library call.
     *
     * @param word to be put behind a library's function
     */
    KernelLaunch describe(Work work, String word) {
        if (!(work instanceof Launch launch)) {
            return KernelLaunch.ofLibrary(work.kernel() + word);
        }
        return new KernelLaunch(
                launch.kernel(),
                launch.grid().toString(),
                launch.block(),
                attribute(launch, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS),
                attribute(launch, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES) + launch.sharedBytes());
    }

    private int attribute(Launch launch, int which) {
        int[] value = {0};
        try (Device.Scope scope = device.enter()) {
            device.check(
                    JCudaDriver.cuFuncGetAttribute(value, which, launch.function()),
                    "cuFuncGetAttribute " + launch.kernel());
        }
        return value[0];
    }

    @Override
    public void close() {
        owned.close();
    }
}
