package dev.weft.samples;

import dev.weft.optim.Schedule;
import java.util.Locale;

/** The learning rate's courses by the names that the command line knows. */
public enum ScheduleName {
    CONSTANT,
    COSINE,
    STEP;

    /** The course over a training of so many epochs; the steps are thirds of it, each with a tenth of the rate before. */
    public Schedule create(int epochs) {
        return switch (this) {
            case CONSTANT -> Schedule.constant();
            case COSINE -> Schedule.cosine();
            case STEP -> Schedule.step((epochs - 1) / 3 + 1, 0.1);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
