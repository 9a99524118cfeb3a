package dev.weft.cpu;

import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * A program in three forms: one to run, one to trace op by op, and one to trace stage by stage with the kernels that run. The
 * last two are made when they are first needed.
 */
final class CpuProgram implements Executable {
    private final Program program;
    private final Arena arena;
    private final Step step;
    private final Execution running;
    private final Function<Boolean, Execution> makeTracing;
    private Execution tracingOps;
    private Execution tracingStages;
    /** What {@link #trace} or {@link #traceStages} is running, else null. */
    private Execution tracing;

    private double[] metrics = {};
    private int stepsRun;

    CpuProgram(Program program, Arena arena, Step step, Execution running, Function<Boolean, Execution> makeTracing) {
        this.program = program;
        this.arena = arena;
        this.step = step;
        this.running = running;
        this.makeTracing = makeTracing;
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public long arenaBytes() {
        return arena.bytes();
    }

    @Override
    public void run(StepRange steps) {
        begin(steps, running);
        for (int i = 0; i < steps.count(); i++) {
            step.set(steps, i, program.batch());
            running.runStep();
            keepMetrics(i, running);
        }
    }

    @Override
    public List<Stage> stages() {
        return running.stages();
    }

    @Override
    public void trace(StepRange step, Observer observer) {
        if (tracingOps == null) {
            tracingOps = makeTracing.apply(false);
        }
        trace(step, observer, tracingOps);
    }

    @Override
    public void traceStages(StepRange step, Observer observer) {
        if (tracingStages == null) {
            tracingStages = makeTracing.apply(true);
        }
        trace(step, observer, tracingStages);
    }

    private void trace(StepRange steps, Observer observer, Execution execution) {
        if (steps.count() != 1) {
            throw new IllegalArgumentException("a trace takes one step, got " + steps.count());
        }
        program.inputs().forEach(input -> execution.write(input, running.read(input)));
        begin(steps, execution);
        step.set(steps, 0, program.batch());
        tracing = execution;
        try {
            execution.traceStep(observer);
        } finally {
            tracing = null;
        }
        program.outputs().forEach(output -> running.write(output, execution.read(output)));
        keepMetrics(0, execution);
    }

    @Override
    public OptionalDouble timeTraced(int times) {
        return OptionalDouble.of(tracing.timeTraced(times));
    }

    private void begin(StepRange steps, Execution execution) {
        steps.checkFits(program);
        step.nonFiniteStep = -1;
        stepsRun = steps.count();
        if (metrics.length < stepsRun * execution.metrics()) {
            metrics = new double[stepsRun * execution.metrics()];
        }
        execution.begin();
    }

    private void keepMetrics(int i, Execution execution) {
        for (int m = 0; m < execution.metrics(); m++) {
            metrics[i * execution.metrics() + m] = execution.metric(m);
        }
    }

    @Override
    public void metrics(double[] into) {
        System.arraycopy(metrics, 0, into, 0, stepsRun * running.metrics());
    }

    @Override
    public long nonFiniteStep() {
        return step.nonFiniteStep;
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        (tracing != null ? tracing : running).write(tensor, values);
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return (tracing != null ? tracing : running).read(tensor);
    }

    @Override
    public void close() {}
}
