package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Sequences, each of its own length, before they become a data set of one length: series of D values a step, or tokens of a
 * vocabulary. {@link SeriesCsv}, {@link SeriesFolder}, {@link Texts} and {@link TextWindows} read them;
 *
 * <pre>{@code
 * Columns data = Sequences.ofTokens(tokens, vocabulary.size()).withClasses(labels, 2).columns();
 * }</pre>
 *
 * makes a data set of these columns, T being the longest length or a stated one:
 *
 * <ul>
 *   <li>{@code features}: values {@code [T,D]} or tokens I32 {@code [T]}, padded with 0 behind a sequence's end;
 *   <li>{@code lengths}: I32, how many steps are the sequence's own, 1 to T;
 *   <li>{@code targets}, where there are any: a class (I32) or values {@code [K]} for each sequence, or for each of its steps, a
 *       class (I32 {@code [T]}) or values {@code [T,K]}, padded likewise.
 * </ul>
 *
 * <p>Arrays are not copied, and not to be changed while the sequences are in use.
 */
public final class Sequences {
    /** The column of {@link #columns} that holds the sequences. */
    public static final String FEATURES = Dataset.FEATURES;

    /** The column of {@link #columns} that holds their lengths. */
    public static final String LENGTHS = "lengths";

    /** The column of {@link #columns} that holds what is to be learned of them. */
    public static final String TARGETS = Dataset.TARGETS;

    /** Java's arrays end a little below 2^31 elements. */
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    private final Steps features;
    /** The targets of all steps, or null. */
    private final Steps stepTargets;
    /** The targets of each sequence, or null. */
    private final Columns.Column targets;

    private final List<String> classNames;
    /** Where each sequence comes from, for messages. */
    private final IntFunction<String> places;

    /**
     * What every step of every sequence has.
     *
     * @param rows one tensor for each sequence, {@code [length,...]}
     * @param classes how many classes or tokens its integers count; 0 for values
     */
    private record Steps(String name, List<HostTensor> rows, int classes) {
        private Steps {
            rows = List.copyOf(rows);
        }

        private int length(int row) {
            return rows.get(row).shape().get(0);
        }

        private Steps select(int... numbers) {
            return new Steps(name, IntStream.of(numbers).mapToObj(rows::get).toList(), classes);
        }

        private Steps cut(int most) {
            return new Steps(
                    name,
                    rows.stream()
                            .map(row -> row.shape().get(0) > most ? row.rows(0, most) : row)
                            .toList(),
                    classes);
        }

        /** All rows with this many steps, {@code [rows,steps,...]}; those behind a row's own are 0. */
        private HostTensor padded(int steps) {
            Shape step = rows.get(0).shape().sample();
            long elements = (long) rows.size() * steps * step.elements();
            if (elements > MAX_ELEMENTS) {
                throw new DataException(
                        "%,d sequences of %,d steps of shape %s are too large for one data set; cut them, or make buckets"
                                .formatted(rows.size(), steps, step));
            }
            Object first = rows.get(0).array();
            Object all = Array.newInstance(first.getClass().getComponentType(), (int) elements);
            int each = (int) (elements / rows.size());
            for (int i = 0; i < rows.size(); i++) {
                System.arraycopy(
                        rows.get(i).array(), 0, all, i * each, rows.get(i).elements());
            }
            Shape shape = step.batch(steps).batch(rows.size());
            return all instanceof int[] integers ? HostTensor.of(shape, integers) : HostTensor.of(shape, (float[]) all);
        }
    }

    private Sequences(
            Steps features,
            Steps stepTargets,
            Columns.Column targets,
            List<String> classNames,
            IntFunction<String> places) {
        this.features = features;
        this.stepTargets = stepTargets;
        this.targets = targets;
        this.classNames = List.copyOf(classNames);
        this.places = places;
    }

    // ---------------------------------------------------------------- made from arrays

    /**
     * Series without targets.
     *
     * @param series the values of each, step by step
     * @param values how many values a step has, D
     * @throws DataException if there is no series, one has no step, or no whole number of them
     */
    public static Sequences ofSeries(List<float[]> series, int values) {
        return ofSeries(series, values, place());
    }

    /** The same with the places that messages name. */
    static Sequences ofSeries(List<float[]> series, int values, IntFunction<String> places) {
        return of(new Steps(FEATURES, ofValues(series, values, places), 0), places);
    }

    /**
     * Sequences of tokens without targets.
     *
     * @param tokens the indices of each
     * @param vocabulary how many indices there are, {@link Vocabulary#size}
     * @throws DataException if there is no sequence, one is empty, or an index is not within 0 to {@code vocabulary - 1}; the
     *     message names sequence, step and index
     */
    public static Sequences ofTokens(List<int[]> tokens, int vocabulary) {
        return ofTokens(tokens, vocabulary, place());
    }

    /** The same with the places that messages name. */
    static Sequences ofTokens(List<int[]> tokens, int vocabulary, IntFunction<String> places) {
        return of(new Steps(FEATURES, ofIndices(FEATURES, tokens, vocabulary, places), vocabulary), places);
    }

    private static Sequences of(Steps features, IntFunction<String> places) {
        if (features.rows.isEmpty()) {
            throw new DataException("there are no sequences, at least 1 is needed");
        }
        return new Sequences(features, null, null, List.of(), places);
    }

    private static IntFunction<String> place() {
        return i -> "sequence " + i;
    }

    private static List<HostTensor> ofValues(List<float[]> rows, int values, IntFunction<String> places) {
        if (values < 1) {
            throw new DataException("a step has at least 1 value, got " + values);
        }
        List<HostTensor> all = new ArrayList<>();
        for (float[] row : rows) {
            String place = places.apply(all.size());
            if (row.length % values != 0) {
                throw new DataException("%s has %,d values, no whole number of steps of %d values each"
                        .formatted(place, row.length, values));
            }
            requireSteps(row.length, place);
            all.add(HostTensor.of(Shape.of(row.length / values, values), row));
        }
        return all;
    }

    private static List<HostTensor> ofIndices(String name, List<int[]> rows, int count, IntFunction<String> places) {
        List<HostTensor> all = new ArrayList<>();
        for (int[] row : rows) {
            String place = places.apply(all.size());
            requireSteps(row.length, place);
            for (int i = 0; i < row.length; i++) {
                if (row[i] < 0 || row[i] >= count) {
                    throw new DataException("column %s: index %d of %s, step %d is not within 0 to %d"
                            .formatted(name, row[i], place, i, count - 1));
                }
            }
            all.add(HostTensor.of(Shape.of(row.length), row));
        }
        return all;
    }

    private static void requireSteps(int length, String place) {
        if (length == 0) {
            throw new DataException(place + " is empty, and a sequence needs at least 1 step; leave it out");
        }
    }

    // ---------------------------------------------------------------- targets

    /**
     * The same sequences, each with a class.
     *
     * @throws DataException if there is not one label for each, or one is not within 0 to {@code count - 1}
     */
    public Sequences withClasses(int[] labels, int count) {
        requireAll("labels", labels.length);
        Columns.Column column = Columns.empty().classes(TARGETS, labels, count).column(TARGETS);
        return new Sequences(features, null, column, List.of(), places);
    }

    /** The same with names for the classes. */
    Sequences withClasses(Labels labels) {
        Sequences with = withClasses(labels.numbers(), labels.names().size());
        return new Sequences(features, null, with.targets, labels.names(), places);
    }

    /**
     * The same sequences, each with target values.
     *
     * @param values REAL {@code [sequences,...]}
     * @throws DataException if there is not one row for each
     */
    public Sequences withTargets(HostTensor values) {
        requireAll("targets", values.shape().rank() < 1 ? 1 : values.shape().get(0));
        if (values.type() != DType.REAL) {
            throw new DataException("target values are floats, got " + values);
        }
        return new Sequences(features, null, new Columns.Column(TARGETS, values, 1, 0, 0), List.of(), places);
    }

    /**
     * The same sequences with target values for each step.
     *
     * @param targets those of each sequence, step by step
     * @param values how many there are for a step, K
     * @throws DataException if a sequence has more or fewer steps of them than its own
     */
    public Sequences withTargetSeries(List<float[]> targets, int values) {
        requireAll("target series", targets.size());
        return withSteps(new Steps(TARGETS, ofValues(targets, values, i -> "target of " + places.apply(i)), 0));
    }

    /**
     * The same sequences with a class for each step: the next token, for example.
     *
     * @param targets those of each sequence
     * @param count how many classes there are
     * @throws DataException if a sequence has more or fewer of them than steps, or one is not within 0 to {@code count - 1}
     */
    public Sequences withTargetTokens(List<int[]> targets, int count) {
        requireAll("target sequences", targets.size());
        return withSteps(new Steps(TARGETS, ofIndices(TARGETS, targets, count, places), count));
    }

    private Sequences withSteps(Steps targets) {
        for (int i = 0; i < size(); i++) {
            if (targets.length(i) != length(i)) {
                throw new DataException(
                        "%s has %,d steps, and targets for %,d".formatted(place(i), length(i), targets.length(i)));
            }
        }
        return new Sequences(features, targets, null, List.of(), places);
    }

    private void requireAll(String what, int count) {
        if (count != size()) {
            throw new DataException("%,d sequences but %,d %s".formatted(size(), count, what));
        }
    }

    // ---------------------------------------------------------------- looking inside

    /** The number of sequences. */
    public int size() {
        return features.rows.size();
    }

    /** The number of steps of a sequence. */
    public int length(int i) {
        return features.length(i);
    }

    /** The length of each sequence. */
    public int[] lengths() {
        return IntStream.range(0, size()).map(this::length).toArray();
    }

    /** The length of the longest sequence. */
    public int longest() {
        return Arrays.stream(lengths()).max().getAsInt();
    }

    /** The values {@code [length,D]} or tokens {@code [length]} of a sequence. */
    public HostTensor sequence(int i) {
        return features.rows.get(i);
    }

    /** Where a sequence comes from: file and line, or its number. */
    public String place(int i) {
        return places.apply(i);
    }

    /** The names of the classes, or an empty list where they have none. */
    public List<String> classNames() {
        return classNames;
    }

    // ---------------------------------------------------------------- others of the same kind

    /**
     * The sequences of these numbers, in this order.
     *
     * @throws DataException if there are none, or no sequence has such a number
     */
    public Sequences select(int... numbers) {
        for (int number : numbers) {
            if (number < 0 || number >= size()) {
                throw new DataException("sequence %d of %d sequences".formatted(number, size()));
            }
        }
        if (numbers.length == 0) {
            throw new DataException("a selection needs at least 1 sequence");
        }
        int[] own = numbers.clone();
        Columns.Column chosen = targets == null
                ? null
                : new Columns.Column(TARGETS, Dataset.select(targets.values(), own), 1, 0, targets.classes());
        return new Sequences(
                features.select(own),
                stepTargets == null ? null : stepTargets.select(own),
                chosen,
                classNames,
                i -> places.apply(own[i]));
    }

    /** The same, each sequence cut behind its first {@code most} steps, and likewise the targets of steps. */
    public Sequences cut(int most) {
        if (most < 1) {
            throw new DataException("sequences are cut to at least 1 step, got " + most);
        }
        return new Sequences(
                features.cut(most), stepTargets == null ? null : stepTargets.cut(most), targets, classNames, places);
    }

    /**
     * Mean and standard deviation of each value of a step, over all steps of all sequences: take those of the sequences to
     * train with, and apply them to all by {@link #standardized}.
     *
     * @throws DataException if the sequences are of tokens
     */
    public Standardization standardization() {
        requireValues();
        return Standardization.of(HostTensor.stack(
                features.rows,
                Math.toIntExact(IntStream.of(lengths()).asLongStream().sum())));
    }

    /**
     * The same series with the values of every step standardised; the padding of {@link #columns} is 0 then, too.
     *
     * @throws DataException if the sequences are of tokens
     * @throws dev.weft.ShapeException if a step does not have as many values
     */
    public Sequences standardized(Standardization standardization) {
        requireValues();
        List<HostTensor> rows =
                features.rows.stream().map(standardization::apply).toList();
        return new Sequences(new Steps(FEATURES, rows, 0), stepTargets, targets, classNames, places);
    }

    private void requireValues() {
        if (features.classes > 0) {
            throw new DataException("tokens have no mean: only series of values are standardised");
        }
    }

    // ---------------------------------------------------------------- data sets

    /** A data set in which all sequences are as long as the longest one. */
    public Columns columns() {
        return columns(longest());
    }

    /**
     * A data set in which all sequences have this many steps, T.
     *
     * @throws DataException if a sequence is longer; the message names its file and line. {@link #cut} makes it fit
     */
    public Columns columns(int steps) {
        for (int i = 0; i < size(); i++) {
            if (length(i) > steps) {
                throw new DataException("%s has %,d steps, more than %,d; take more, or cut the sequences: cut(%d)"
                        .formatted(place(i), length(i), steps, Math.max(1, steps)));
            }
        }
        Columns columns = column(Columns.empty(), features, steps).lengths(LENGTHS, lengths(), FEATURES);
        if (stepTargets != null) {
            return column(columns, stepTargets, steps);
        }
        return targets == null ? columns : columns.with(targets);
    }

    private static Columns column(Columns columns, Steps rows, int steps) {
        return rows.classes > 0
                ? columns.tokens(rows.name, rows.padded(steps), rows.classes)
                : columns.with(rows.name, rows.padded(steps));
    }
}
