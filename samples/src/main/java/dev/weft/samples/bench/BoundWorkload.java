package dev.weft.samples.bench;

import dev.weft.WeftException;
import dev.weft.backend.Executable;
import dev.weft.program.BoundStep;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.LinkedHashMap;
import java.util.Map;

/** A workload on one side, with its values in the backend's memory. */
final class BoundWorkload implements AutoCloseable {
    private final Side side;
    private final Workload work;
    private final BoundStep step;

    BoundWorkload(Side side, Workload work) {
        this.side = side;
        this.work = work;
        step = BoundStep.of(work.step(), side.backend(), MemoryMode.ARENA);
        work.values().forEach(step::write);
    }

    Side side() {
        return side;
    }

    Executable executable() {
        return step.executable();
    }

    /**
     * Runs steps and waits for them.
     *
     * @return seconds
     * @throws WeftException if a value is not finite, since updates are then left out
     */
    double run(int steps) {
        long start = System.nanoTime();
        Executable executable = step.executable();
        executable.run(work.steps(steps));
        long bad = executable.nonFiniteStep();
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (bad >= 0) {
            throw new WeftException(
                    "%s on %s: step %d gave a value that is not finite".formatted(work.title(), side.id(), bad));
        }
        return seconds;
    }

    /** Runs one step, and reads what the sides have to agree on. */
    Map<TensorRef, HostTensor> results() {
        run(1);
        Map<TensorRef, HostTensor> results = new LinkedHashMap<>();
        work.compared().forEach(tensor -> results.put(tensor, step.read(tensor)));
        return results;
    }

    @Override
    public void close() {
        step.close();
    }
}
