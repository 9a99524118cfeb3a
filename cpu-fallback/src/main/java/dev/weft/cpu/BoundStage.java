package dev.weft.cpu;

import dev.weft.program.MemoryPlan;
import dev.weft.tensor.DType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A stage with its memory. What lives within a tiled stage alone is in frames: one for each task where the stage is
 * executed op by op, else one for each thread.
 */
final class BoundStage {
    private final Tiling tiling;
    private final Task[] tasks;
    private final int frames;
    private final int framedTiles;
    private final int threads;
    private final Binding.Form form;
    private final int first;
    private int last;
    private final Map<DType, MemoryPlan.Builder> frameBuilders = new EnumMap<>(DType.class);
    private final Map<DType, MemoryPlan> framePlans = new EnumMap<>(DType.class);
    private final Map<DType, Long> framesAt = new EnumMap<>(DType.class);
    private final List<Use> wholeUses = new ArrayList<>();
    private final ThreadScratch threadScratch = new ThreadScratch();
    private long threadScratchSize;

    /** The use of memory that is no frame. In a tiled stage it is in use from the first op to the last. */
    private record Use(DType type, Object key, long size, int number) {}

    /** Key of a stage's frames in the plan of the whole memory. */
    private record FramesKey(int first, DType type) {}

    BoundStage(Stage stage, int lanes, int threads, Binding.Form form, int first) {
        this.tiling = stage.tiled() ? new Tiling(stage.rows(), lanes) : null;
        this.tasks = stage.tiled() ? tiling.tasks(threads) : new Task[0];
        // even where there are fewer tasks than threads: any thread may take one
        this.frames = form.opByOp() ? tasks.length : threads;
        int most = 0;
        for (Task task : tasks) {
            most = Math.max(most, task.count());
        }
        this.framedTiles = most;
        this.threads = threads;
        this.form = form;
        this.first = first;
        for (DType type : DType.values()) {
            frameBuilders.put(type, new MemoryPlan.Builder());
        }
    }

    boolean tiled() {
        return tiling != null;
    }

    Tiling tiling() {
        return tiling;
    }

    Task[] tasks() {
        return tasks;
    }

    /** The number of the first instruction. */
    int first() {
        return first;
    }

    /** The number of the last instruction. */
    int last() {
        return last;
    }

    void use(DType type, Object key, long size, int number) {
        wholeUses.add(new Use(type, key, size, number));
    }

    void useInFrame(Layouts.Key key, long size, int number) {
        frameBuilders.get(key.tensor().type()).use(key, size / tiling.tiles() * framedTiles, number);
    }

    ThreadScratch threadScratch(long elements) {
        threadScratchSize = Math.max(threadScratchSize, elements);
        return threadScratch;
    }

    /** Plans the frames, and hands what is no frame to the plan of the whole memory. */
    void end(int lastInstruction, Map<DType, MemoryPlan.Builder> builders, int alignment) {
        last = lastInstruction;
        if (threadScratchSize > 0) {
            threadScratchSize = (threadScratchSize + alignment - 1) / alignment * alignment;
            use(DType.REAL, threadScratch, threadScratchSize * threads, first);
            use(DType.REAL, threadScratch, threadScratchSize * threads, last);
        }
        frameBuilders.forEach((type, builder) -> {
            MemoryPlan plan = builder.plan(form.mode(), alignment);
            framePlans.put(type, plan);
            if (plan.size() > 0) {
                use(type, new FramesKey(first, type), plan.size() * frames, first);
            }
        });
        for (Use use : wholeUses) {
            MemoryPlan.Builder builder = builders.get(use.type);
            builder.use(use.key, use.size, tiled() ? first : use.number);
            builder.use(use.key, use.size, tiled() ? last : use.number);
        }
    }

    void resolve(Arena arena, Map<DType, MemoryPlan> plans) {
        if (threadScratchSize > 0) {
            threadScratch.a = (float[]) arena.array(DType.REAL);
            threadScratch.at = arena.at(DType.REAL, plans.get(DType.REAL).block(threadScratch));
            threadScratch.step = (int) threadScratchSize;
        }
        framesAt.clear();
        framePlans.forEach((type, plan) -> {
            if (plan.size() > 0) {
                framesAt.put(
                        type, plans.get(type).block(new FramesKey(first, type)).offset());
            }
        });
    }

    void placeInFrame(Operand operand, Layouts.Key key, Arena arena) {
        DType type = key.tensor().type();
        operand.placeInFrame(
                arena.array(type),
                arena.at(
                        type,
                        framesAt.get(type) + framePlans.get(type).block(key).offset()),
                (int) framePlans.get(type).size());
    }

    /** The plan of a frame. */
    MemoryPlan framePlan(DType type) {
        return framePlans.get(type);
    }

    /** How many frames of a type there are. */
    int frames() {
        return frames;
    }

    /** Where a frame begins in the memory of a type. */
    long frameAt(DType type, int frame) {
        return framesAt.get(type) + frame * framePlans.get(type).size();
    }
}
