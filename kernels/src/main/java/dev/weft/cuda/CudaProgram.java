package dev.weft.cuda;

import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import jcuda.driver.CUdeviceptr;

/**
 * A program on the device. In {@link MemoryMode#ARENA} a run is one launch of the captured step for each step; in the
 * other modes, while tracing, and with {@link CudaBackend.Options#synchronize} the kernels are launched one by one.
 */
final class CudaProgram implements Executable {
    private final CudaBackend backend;
    private final Device device;
    private final Program program;
    private final MemoryMode mode;
    private final Binding.Planned planned;
    private final TransientMemory transients;
    private final List<CudaMemory> memories;
    private final Device.Stream stream;
    private final Owned owned = new Owned();
    private final StepControl control;
    private final Streaming streaming;
    private final Execution execution;
    private boolean running;
    private boolean downloaded;
    private int stepsRun;
    private int traced;
    private String lastRun;

    CudaProgram(
            CudaBackend backend,
            Program program,
            MemoryMode mode,
            Binding.Planned planned,
            TransientMemory transients,
            List<CudaMemory> memories,
            Device.Stream stream) {
        this.backend = backend;
        this.device = backend.device();
        this.program = program;
        this.mode = mode;
        this.planned = planned;
        this.memories = memories;
        this.stream = stream;
        this.transients = owned.add(transients);
        try {
            memories.forEach(memory -> memory.usedOn(stream));
            owned.add(planned.owned());
            control = new StepControl(device, program, owned);
            streaming = owned.add(new Streaming(device, program, memories, stream, planned.chunkSteps()));
            execution = owned.add(new Execution(backend, program, planned.groups(), stream, this::address, control));
            if (graphs()) {
                if (execution.callsLibraries()) {
                    transients.zero(stream);
                    execution.warmUp();
                }
                execution.capture();
            }
        } catch (RuntimeException e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    private boolean graphs() {
        return mode == MemoryMode.ARENA && !backend.options().synchronize();
    }

    /** The address of what a launch names. */
    private CUdeviceptr address(Object argument) {
        if (argument == Binding.STATE) {
            return control.state();
        } else if (argument instanceof Binding.Rates rates) {
            return control.rates(rates.optimizer());
        } else if (argument == Binding.NULL) {
            return new CUdeviceptr();
        } else if (argument instanceof Binding.Window window) {
            return streaming.address(window.data());
        } else if (argument instanceof TensorRef tensor && tensor.root().role().persistent()) {
            return memory(tensor).address(tensor);
        }
        return transients.address(planned.plan().block(argument));
    }

    private CudaMemory memory(TensorRef tensor) {
        return CudaBackend.memoryOf(tensor, memories);
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public long arenaBytes() {
        return transients.bytes();
    }

    @Override
    public void run(StepRange steps) {
        try (Device.Scope scope = device.enter()) {
            begin(steps);
            for (int i = 0; i < steps.count(); i++) {
                streaming.prepare(i);
                if (graphs()) {
                    execution.launchGraph(lastRun);
                } else {
                    for (int group = 0; group < planned.groups().size(); group++) {
                        execute(group);
                    }
                    execution.finishStep();
                }
            }
            streaming.done();
        }
    }

    @Override
    public void trace(StepRange step, Observer observer) {
        if (step.count() != 1) {
            throw new IllegalArgumentException("a trace takes one step, got " + step.count());
        }
        try (Device.Scope scope = device.enter()) {
            begin(step);
            streaming.prepare(0);
            for (int group = 0; group < planned.groups().size(); group++) {
                List<Op> ops = planned.groups().get(group).ops();
                observer.before(ops);
                execution.execute(group);
                stream.synchronize(execution.describe(group));
                traced = group;
                observer.after(ops);
                checkMemory(group);
            }
            execution.finishStep();
            streaming.done();
        }
    }

    @Override
    public OptionalDouble timeTraced(int times) {
        try (Device.Scope scope = device.enter()) {
            return OptionalDouble.of(execution.time(traced, times));
        }
    }

    List<Binding.Group> groups() {
        return planned.groups();
    }

    private void execute(int group) {
        execution.execute(group);
        checkMemory(group);
    }

    private void checkMemory(int group) {
        if (mode != MemoryMode.ARENA) {
            stream.synchronize(execution.describe(group));
            transients.checkGuards(planned.plan(), execution.describe(group));
            transients.poisonEnded(planned.plan(), group, stream);
        }
    }

    private void begin(StepRange steps) {
        steps.checkFits(program);
        if (running) {
            // the buffer that the steps' state is copied from is still being read
            stream.synchronize(lastRun);
        }
        memories.forEach(memory -> memory.waitForAllBut(stream));
        running = true;
        downloaded = false;
        stepsRun = steps.count();
        lastRun = "%s, steps %d to %d".formatted(program.name(), steps.first(), steps.first() + steps.count() - 1);
        streaming.begin(steps);
        transients.poisonAllBut(program.inputs(), planned.plan(), stream);
        control.upload(steps, stream);
    }

    private void download() {
        if (running && !downloaded) {
            try (Device.Scope scope = device.enter()) {
                control.download(stepsRun, stream, lastRun);
            }
            downloaded = true;
            running = false;
        }
    }

    @Override
    public void metrics(double[] into) {
        download();
        for (int i = 0; i < stepsRun * program.metrics().size(); i++) {
            into[i] = control.metric(i);
        }
    }

    @Override
    public long nonFiniteStep() {
        download();
        return stepsRun == 0 ? -1 : control.nonFiniteStep();
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        if (tensor.root().role().persistent()) {
            memory(tensor).write(tensor, values);
            return;
        }
        try (Device.Scope scope = device.enter()) {
            stream.synchronize("waiting to write " + tensor);
            backend.staging().write(tensor, values, address(tensor));
        }
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        if (tensor.root().role().persistent()) {
            return memory(tensor).read(tensor);
        }
        try (Device.Scope scope = device.enter()) {
            stream.synchronize("waiting to read " + tensor);
            return backend.staging().read(tensor, address(tensor));
        }
    }

    @Override
    public List<Stage> stages() {
        List<Stage> stages = new ArrayList<>();
        for (Binding.Group group : planned.groups()) {
            String word = group.candidate().deterministic() ? "" : " nondeterministic";
            stages.add(new Stage(
                    group.ops(),
                    group.work().stream()
                            .map(work -> execution.describe(work, word))
                            .toList()));
        }
        return stages;
    }

    @Override
    public void close() {
        device.release(owned);
    }
}
