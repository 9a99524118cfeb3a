package dev.weft.samples.bench;

import dev.weft.WeftException;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A workload on one side, with its values in the backend's memory. */
final class BoundWorkload implements AutoCloseable {
    private final Side side;
    private final Workload work;
    private final Memory memory;
    private final Executable executable;

    BoundWorkload(Side side, Workload work) {
        this.side = side;
        this.work = work;
        memory = side.backend().allocate(work.persistent());
        try {
            executable = side.backend()
                    .bind(List.of(work.program()), List.of(memory), MemoryMode.ARENA)
                    .get(0);
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
        work.values().forEach((tensor, values) -> {
            if (tensor.root().role().persistent()) {
                memory.write(tensor, values);
            } else {
                executable.write(tensor, values);
            }
        });
    }

    Side side() {
        return side;
    }

    Executable executable() {
        return executable;
    }

    /**
     * Runs steps and waits for them.
     *
     * @return seconds
     * @throws WeftException if a value is not finite, since updates are then left out
     */
    double run(int steps) {
        long start = System.nanoTime();
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
        for (TensorRef tensor : work.compared()) {
            results.put(tensor, tensor.root().role().persistent() ? memory.read(tensor) : executable.read(tensor));
        }
        return results;
    }

    @Override
    public void close() {
        executable.close();
        memory.close();
    }
}
