package dev.weft.data;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How samples were prepared for the network that a model holds, and what its outputs stand for. Whoever has the model file
 * alone needs it to use the model.
 *
 * @param mean what {@link Dataset#normalized} took as the mean; 0 for a table
 * @param deviation likewise, the standard deviation; 1 for a table
 * @param classes the classes' names, or their numbers where they have none; empty where the targets are values
 * @param table the table that the samples are rows of, where they are
 */
public record Preparation(double mean, double deviation, List<String> classes, Optional<TableForm> table) {

    /** Checks both numbers. */
    public Preparation {
        classes = List.copyOf(classes);
        if (!Double.isFinite(mean) || !(deviation > 0 && deviation < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "samples have a finite mean and a positive deviation, got %s and %s".formatted(mean, deviation));
        }
    }

    /** What a network that is trained on {@code data} needs to know. */
    public static Preparation of(Dataset data) {
        List<String> classes =
                IntStream.range(0, data.classes()).mapToObj(data::className).toList();
        return new Preparation(data.mean(), data.deviation(), classes, Optional.empty());
    }

    /** The same for samples that are the rows of a table. */
    public Preparation with(TableForm form) {
        return new Preparation(mean, deviation, classes, Optional.of(form));
    }

    /** Whether a data set was prepared in the same way, as far as it tells: it knows nothing of a table. */
    public boolean fits(Dataset data) {
        return equals(new Preparation(data.mean(), data.deviation(), of(data).classes(), table));
    }
}
