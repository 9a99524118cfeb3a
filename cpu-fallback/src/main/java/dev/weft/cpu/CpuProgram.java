package dev.weft.cpu;

import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/** A program in two forms: one to run, and one to trace, which is made when it is first needed. */
final class CpuProgram implements Executable {
    private final Program program;
    private final Arena arena;
    private final Step step;
    private final Execution running;
    private final Supplier<Execution> makeTracing;
    private Execution tracing;
    private boolean traces;
    private double[] metrics = {};
    private int stepsRun;

    CpuProgram(Program program, Arena arena, Step step, Execution running, Supplier<Execution> makeTracing) {
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
        begin(steps.count(), running);
        for (int i = 0; i < steps.count(); i++) {
            step.set(steps, i, program.batch());
            running.runStep();
            keepMetrics(i, running);
        }
    }

    @Override
    public void trace(StepRange steps, Observer observer) {
        if (steps.count() != 1) {
            throw new IllegalArgumentException("a trace takes one step, got " + steps.count());
        }
        if (tracing == null) {
            tracing = makeTracing.get();
        }
        program.inputs().forEach(input -> tracing.write(input, running.read(input)));
        begin(1, tracing);
        step.set(steps, 0, program.batch());
        traces = true;
        try {
            tracing.traceStep(observer);
        } finally {
            traces = false;
        }
        program.outputs().forEach(output -> running.write(output, tracing.read(output)));
        keepMetrics(0, tracing);
    }

    @Override
    public OptionalDouble timeTraced(int times) {
        return OptionalDouble.of(tracing.timeTraced(times));
    }

    private void begin(int count, Execution execution) {
        step.nonFiniteStep = -1;
        stepsRun = count;
        if (metrics.length < count * execution.metrics()) {
            metrics = new double[count * execution.metrics()];
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
        (traces ? tracing : running).write(tensor, values);
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return (traces ? tracing : running).read(tensor);
    }

    @Override
    public void close() {}
}
