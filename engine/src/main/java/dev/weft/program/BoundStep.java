package dev.weft.program;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.data.Columns;
import dev.weft.layer.State;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Steps that a backend is ready to execute, with everything allocated: one step for batches of several sizes, which share their
 * memory. Data, gradients, optimizer state, and parameters that no model holds, lie in memories of their own.
 */
public final class BoundStep implements AutoCloseable {
    private final List<CompiledStep> steps;
    private final Map<Role, Memory> own = new EnumMap<>(Role.class);
    private final List<Executable> executables = new ArrayList<>();

    private BoundStep(List<CompiledStep> steps) {
        this.steps = List.copyOf(steps);
    }

    /** Binds a step whose parameters and states get memory of their own, with zeros and the states' initial values. */
    public static BoundStep of(CompiledStep step, Backend backend, MemoryMode mode) {
        return of(List.of(step), backend, Map.of(), mode);
    }

    /**
     * Binds steps.
     *
     * @param held the memories of buffers that are there already, such as a model's parameters
     * @throws dev.weft.OutOfDeviceMemoryException if something does not fit
     */
    public static BoundStep of(
            List<CompiledStep> steps, Backend backend, Map<TensorRef, Memory> held, MemoryMode mode) {
        BoundStep bound = new BoundStep(steps);
        try {
            for (Role role : Role.values()) {
                Set<TensorRef> buffers = new LinkedHashSet<>();
                steps.forEach(step -> buffers.addAll(step.buffers(role)));
                buffers.removeAll(held.keySet());
                if (role.persistent() && !buffers.isEmpty()) {
                    bound.own.put(role, backend.allocate(buffers));
                }
            }
            List<Memory> memories = new ArrayList<>(new LinkedHashSet<>(held.values()));
            memories.addAll(bound.own.values());
            bound.executables.addAll(
                    backend.bind(steps.stream().map(CompiledStep::program).toList(), memories, mode));
            if (bound.own.containsKey(Role.STATE)) {
                bound.resetStates();
            }
        } catch (RuntimeException e) {
            bound.close();
            throw e;
        }
        return bound;
    }

    /** Gives the states of the networks' layers their initial values. */
    public void resetStates() {
        Set<TensorRef> buffers = step().buffers(Role.STATE);
        for (Network network : step().networks()) {
            GraphLowering lowering = network.lowering();
            for (State state : lowering.graph().states()) {
                TensorRef place = lowering.layout().persistent(state.name());
                if (buffers.contains(place.root())) {
                    write(place, state.initialValues());
                }
            }
        }
    }

    /** The step for the only or the first batch size. */
    public CompiledStep step() {
        return steps.get(0);
    }

    /** What executes {@link #step()}. */
    public Executable executable() {
        return executables.get(0);
    }

    /** What executes the step of number {@code i}. */
    public Executable executable(int i) {
        return executables.get(i);
    }

    /** Copies the columns that the step reads to the backend, with their rows in their own order. */
    public void write(Columns data) {
        Set<TensorRef> read = step().buffers(Role.DATA);
        step().data().write(data, (tensor, values) -> {
            if (read.contains(tensor)) {
                write(tensor, values);
            }
        });
    }

    /** Writes a tensor that outlives the step, or an input. */
    public void write(TensorRef tensor, HostTensor values) {
        executable().write(tensor, values);
    }

    /** Reads a tensor that outlives the step, or an output. */
    public HostTensor read(TensorRef tensor) {
        return executable().read(tensor);
    }

    /** The step's own memories. */
    public List<Memory> memories() {
        return List.copyOf(own.values());
    }

    /** What the step's own memories take, without what transient tensors need. */
    public long bytes() {
        return own.values().stream().mapToLong(Memory::bytes).sum();
    }

    /** What its buffers of one role take. */
    public long bytes(Role role) {
        return own.containsKey(role) ? own.get(role).bytes() : 0;
    }

    @Override
    public void close() {
        executables.forEach(Executable::close);
        own.values().forEach(Memory::close);
    }
}
