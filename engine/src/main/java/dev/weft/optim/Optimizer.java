package dev.weft.optim;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** How the parameters follow their gradients. Optimizers are immutable; their state lies in the backend's memory. */
public interface Optimizer {

    /** The base learning rate, which a {@link Schedule} multiplies. */
    double learningRate();

    /** How many values the optimizer remembers for each parameter. */
    int slots();

    /** The group that holds for a parameter of this name. */
    ParameterGroup group(String parameter);

    /**
     * The op that updates a contiguous range of parameters.
     *
     * @param w the range of parameters
     * @param dw their gradients
     * @param state {@link #slots} tensors like {@code w}
     * @param number of this optimizer in the program, from 0
     */
    Op.Update update(String layer, TensorRef w, TensorRef dw, List<TensorRef> state, ParameterGroup group, int number);

    /** What happens to the gradients before the update sees them. */
    default Clip clip() {
        return Clip.NONE;
    }

    /** Which slot holds a moving average of the parameters; -1 where none does. */
    default int averageSlot() {
        return -1;
    }

    /** How many numbers that change with the steps the update reads besides the learning rate. */
    default int corrections() {
        return 0;
    }

    /**
     * A number that changes with the steps.
     *
     * @param n which one, from 0
     * @param t the step, counted from 1
     */
    default double correction(int n, long t) {
        throw new IndexOutOfBoundsException(n);
    }

    /** The first of {@code groups} that holds for the name, else one with the optimizer's own weight decay. */
    static ParameterGroup find(List<ParameterGroup> groups, String parameter, double weightDecay) {
        for (ParameterGroup group : groups) {
            if (group.names().test(parameter)) {
                return group;
            }
        }
        return new ParameterGroup(name -> true, 1, weightDecay);
    }

    /**
     * Checks a setting.
     *
     * @throws IllegalArgumentException unless {@code value} is at least {@code low} and below {@code high}
     */
    static void range(String name, double value, double low, double high) {
        if (!(value >= low && value < high)) {
            throw new IllegalArgumentException(
                    "%s must be at least %s and below %s, got %s".formatted(name, low, high, value));
        }
    }
}
