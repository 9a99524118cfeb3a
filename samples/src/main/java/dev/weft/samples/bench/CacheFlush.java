package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Drives everything out of the caches of a backend's device, by writing more than they hold on all its threads. */
final class CacheFlush implements AutoCloseable {
    /** More than the last-level caches of nearly all processors and of GPUs. */
    static final long BYTES = 128L << 20;

    private final Executable fill;

    CacheFlush(Backend backend) {
        TensorRef memory = TensorRef.unbatched("flush", DType.REAL, Shape.of((int) (BYTES / Float.BYTES)));
        Program program = new Program(
                "flush", 1, List.of(new Op.Fill("flush", 0, memory)), List.of(), List.of(memory), List.of());
        fill = backend.bind(List.of(program), List.of(), MemoryMode.ARENA).get(0);
    }

    void run() {
        fill.run(StepRange.single(0, 1));
        // waits
        fill.nonFiniteStep();
    }

    @Override
    public void close() {
        fill.close();
    }
}
