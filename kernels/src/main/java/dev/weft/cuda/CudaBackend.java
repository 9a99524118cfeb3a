package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.Tunable;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Trains on a GPU, wholly in its memory: float, kernels of its own, a step in one launch. */
final class CudaBackend implements Backend, Tunable {
    static final String ADVICE = "use a smaller batch or network, or close other programs that use the GPU";

    private final Device device;
    private final Modules modules;
    private final Staging staging;
    private final Libraries libraries;
    private final KernelChoice kernels;
    private final Options options;
    private final Set<String> chosen = ConcurrentHashMap.newKeySet();

    /**
     * For tests and for finding faults.
     *
     * @param streamAlways leaves every data set in host memory, whether it fits or not
     * @param synchronize launches the kernels one by one and waits after each, so that an error names its kernel
     */
    record Options(boolean streamAlways, boolean synchronize) {
        /** The debug switch is {@code -Dweft.cuda.synchronize=true}. */
        static final Options DEFAULT = new Options(false, Boolean.getBoolean("weft.cuda.synchronize"));
    }

    /**
     * Takes a device.
     *
     * @param candidates in the order in which they are asked
     */
    CudaBackend(int ordinal, List<Candidate> candidates, Options options) {
        this(ordinal, KernelChoice.of(candidates), options);
    }

    /**
     * Takes a device, and loads the libraries that the kernels need.
     *
     * @throws dev.weft.DeviceException if one of them is missing, or the plan was made for another device
     */
    CudaBackend(int ordinal, KernelChoice kernels, Options options) {
        this.kernels = kernels;
        this.options = options;
        device = new Device(ordinal);
        modules = new Modules(device);
        libraries = new Libraries(device, kernels.tf32());
        try (Device.Scope scope = device.enter()) {
            checkPlan();
            staging = new Staging(device);
            kernels.libraries().forEach(libraries::open);
        } catch (RuntimeException e) {
            closeAfter(e);
            throw e;
        }
    }

    private void checkPlan() {
        if (!kernels.plan().isEmpty() && !kernels.plan().device().equals(device.name())) {
            throw new DeviceException("the kernel plan was made on %s, this is %s; make one here with weft tune"
                    .formatted(kernels.plan().device(), device.name()));
        }
    }

    private void closeAfter(RuntimeException failure) {
        try {
            device.close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    Device device() {
        return device;
    }

    Options options() {
        return options;
    }

    Modules modules() {
        return modules;
    }

    Staging staging() {
        return staging;
    }

    /** Whether a data set of this size stays in host memory: a quarter of what is free is left to everything else. */
    boolean streams(long bytes) {
        return options.streamAlways || bytes > device.freeBytes() / 4 * 3;
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        return "cuda: %s, kernels %s%s".formatted(device.description(), kernels.label(), libraries.description());
    }

    @Override
    public String kernels() {
        return kernels.label();
    }

    /** TF32 has 10 bits of mantissa behind the point. */
    public boolean emulated() {
        return device.emulated();
    }

    @Override
    public Optional<PeakRates> measurePeakRates() {
        return Optional.of(DevicePeak.measure(device, modules));
    }

    /** TF32 has 10 bits of mantissa behind the point. */
    @Override
    public double unitRoundoff() {
        return kernels.rounds() ? 0x1p-11 : 0x1p-24;
    }

    @Override
    public Set<Class<? extends Op>> ops() {
        return Candidates.kinds();
    }

    @Override
    public Memory allocate(Collection<TensorRef> tensors) {
        return new CudaMemory(this, tensors);
    }

    @Override
    public List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode) {
        return List.copyOf(bind(programs, memories, mode, kernels));
    }

    /** Binds with other kernels than the backend's own. */
    List<CudaProgram> bind(List<Program> programs, List<Memory> memories, MemoryMode mode, KernelChoice kernels) {
        List<CudaMemory> own = memories.stream().map(CudaMemory.class::cast).toList();
        try (Device.Scope scope = device.enter()) {
            List<Binding.Planned> planned = new ArrayList<>();
            for (Program program : programs) {
                int chunkSteps = Streaming.chunkSteps(program, own, device.freeBytes());
                Binding binding = new Binding(device, modules, libraries, data -> streamed(data, own), chunkSteps);
                Binding.Planned plan = binding.plan(program, kernels, mode);
                plan.groups().forEach(group -> chosen.add(group.candidate().name()));
                planned.add(plan);
            }
            return bind(programs, planned, own, mode);
        }
    }

    private List<CudaProgram> bind(
            List<Program> programs, List<Binding.Planned> planned, List<CudaMemory> memories, MemoryMode mode) {
        Device.Stream stream = memories.isEmpty() ? device.stream("programs") : memories.get(0).stream();
        List<MemoryPlan> plans = planned.stream().map(Binding.Planned::plan).toList();
        TransientMemory transients = new TransientMemory(device, staging, mode, plans, stream, memories.isEmpty());
        Owned made = new Owned();
        made.add(transients::free);
        try {
            List<CudaProgram> executables = new ArrayList<>();
            for (int i = 0; i < programs.size(); i++) {
                CudaProgram executable =
                        new CudaProgram(this, programs.get(i), mode, planned.get(i), transients, memories, stream);
                executables.add(executable);
                made.add(executable::close);
            }
            return executables;
        } catch (RuntimeException e) {
            made.closeAfter(e);
            throw e;
        }
    }

    static CudaMemory memoryOf(TensorRef tensor, List<CudaMemory> memories) {
        for (CudaMemory memory : memories) {
            if (memory.holds(tensor.root())) {
                return memory;
            }
        }
        throw new IllegalArgumentException("no memory was given for " + tensor);
    }

    static boolean streamed(TensorRef data, List<CudaMemory> memories) {
        return data.root().role().persistent() && memoryOf(data, memories).streamed(data);
    }

    @Override
    public List<Timing> tune(List<Program> programs, List<Memory> memories, Path plan) {
        return new Tuning(this).run(programs, memories, plan);
    }

    KernelChoice kernelChoice() {
        return kernels;
    }

    /** A binding that is asked which candidates match. */
    Binding binding(Program program) {
        Binding binding = new Binding(device, modules, libraries, data -> false, 1);
        binding.lookAt(program);
        return binding;
    }

    Libraries libraries() {
        return libraries;
    }

    /** The names of the candidates that were chosen for any program so far. */
    Set<String> chosen() {
        return Set.copyOf(chosen);
    }

    /** Bytes of device memory that are allocated through this backend. */
    long liveBytes() {
        return device.liveBytes();
    }

    @Override
    public void close() {
        device.close();
    }
}
