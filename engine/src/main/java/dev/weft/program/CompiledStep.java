package dev.weft.program;

import dev.weft.backend.StepRange;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A step for batches of one size: the program, and what it works on.
 *
 * @param networks that it applies or trains, in the order in which the step names them
 * @param data the columns that it reads, or null where it reads none
 * @param updates its optimizers; their places in this list are their numbers in the program
 */
public record CompiledStep(Program program, List<Network> networks, DataTensors data, List<Update> updates) {

    /**
     * An optimizer of a step.
     *
     * @param network whose parameters it changes
     * @param parameters their names
     * @param state the flat buffers of its slots
     * @param schedule null where the schedule is that of the training
     */
    public record Update(
            GraphLowering network,
            Set<String> parameters,
            Optimizer optimizer,
            List<TensorRef> state,
            Schedule schedule) {

        /** The moving averages of the parameters, by their names; empty where the optimizer keeps none. */
        public Map<String, TensorRef> averages() {
            Map<String, TensorRef> averages = new LinkedHashMap<>();
            if (optimizer.averageSlot() >= 0) {
                TensorRef flat = state.get(optimizer.averageSlot());
                for (String name : parameters) {
                    TensorRef view = network.layout().view(name);
                    averages.put(name, flat.view(flat.name() + " " + name, view.shape(), view.offset()));
                }
            }
            return averages;
        }
    }

    public CompiledStep {
        networks = List.copyOf(networks);
        updates = List.copyOf(updates);
    }

    /** The same with other outputs. */
    public CompiledStep withOutputs(List<TensorRef> outputs) {
        return new CompiledStep(program.withOutputs(outputs), networks, data, updates);
    }

    /** The buffers in the backend's memory that the program works on, of one role. */
    public Set<TensorRef> buffers(Role role) {
        Set<TensorRef> buffers = new LinkedHashSet<>();
        program.ops().stream()
                .flatMap(op -> Stream.concat(op.inputs().stream(), op.outputs().stream()))
                .map(TensorRef::root)
                .filter(root -> root.role() == role)
                .forEach(buffers::add);
        return buffers;
    }

    /**
     * Fills in the rates of all optimizers for some steps.
     *
     * @param schedule for the optimizers that have none of their own
     * @param from the step at which all schedules begin
     * @param steps how many steps they are laid out for
     */
    public void fillRates(StepRange range, Schedule schedule, long from, long steps, long stepsPerEpoch) {
        for (int k = 0; k < updates.size(); k++) {
            Update update = updates.get(k);
            Schedule course = update.schedule == null ? schedule : update.schedule;
            range.fillRates(
                    k,
                    update.optimizer,
                    (n, all, perEpoch) -> course.factor(n - from, all, perEpoch),
                    steps,
                    stepsPerEpoch);
        }
    }
}
