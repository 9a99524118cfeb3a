package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.data.Csv;
import dev.weft.data.Dataset;
import dev.weft.data.Preparation;
import dev.weft.data.Split;
import dev.weft.data.Standardization;
import dev.weft.data.TableForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Samples to train with and others to test with, in which every class can be learnt.
 *
 * @param table its form, where the samples are the rows of one
 * @param notes what had to be guessed about the data, and what about them makes results doubtful: a sentence each
 */
record TrainingData(Dataset train, Dataset test, Optional<TableForm> table, List<String> notes) {
    private static final double TEST_SHARE = 0.2;
    private static final int VALIDATION_PART = 6;
    /** A class with fewer rows than this says little. */
    private static final int RARE = 5;

    /**
     * Images as they were split by those who made them.
     *
     * @param validation whether the last sixth of the training images takes the place of the test images
     * @param before how samples were prepared for the model that is trained on; empty for a new one
     * @throws DataException if fewer than two classes are there to train with
     */
    static TrainingData images(Split split, boolean validation, Optional<Preparation> before) {
        if (before.flatMap(Preparation::table).isPresent()) {
            throw new DataException("the model was trained on the rows of a table, so that it takes no images");
        }
        Dataset train = normalized(split.train(), before);
        Dataset test = normalized(split.test(), before);
        if (validation) {
            int from = train.size() - train.size() / VALIDATION_PART;
            if (from == train.size()) {
                throw new DataException("--validation needs at least %d training images, there are %d"
                        .formatted(VALIDATION_PART, train.size()));
            }
            test = train.slice(from, train.size());
            train = train.slice(0, from);
        }
        int[] trained = counts(train);
        requireTwo(train, trained, "the training images");
        int[] tested = counts(test);
        List<String> untrained = IntStream.range(0, trained.length)
                .filter(label -> trained[label] == 0 && tested[label] > 0)
                .mapToObj(train::className)
                .toList();
        List<String> notes = untrained.isEmpty()
                ? List.of()
                : List.of("no training image shows what some test images do, the classes " + Quote.names(untrained));
        return new TrainingData(train, test, Optional.empty(), notes);
    }

    /** A model goes on with samples of the scale that it knows. */
    private static Dataset normalized(Dataset data, Optional<Preparation> before) {
        return before.map(known -> data.normalized(known.mean(), known.deviation()))
                .orElse(data);
    }

    /**
     * The rows of a table, split such that each class has its share on both sides, and standardised by those to train with.
     *
     * @param validation whether a sixth of the rows to train with takes the place of those to test with
     * @param before as for images; its means and deviations then take the place of those of the rows
     * @throws DataException if there are fewer than two classes, or none with two rows
     */
    static TrainingData table(Csv csv, long seed, boolean validation, Optional<Preparation> before) {
        Optional<TableForm> known = before.map(preparation -> preparation
                .table()
                .orElseThrow(
                        () -> new DataException("the model was not trained on a table, so that it takes no rows")));
        if (known.isPresent() && !known.get().names().equals(csv.columns())) {
            throw new DataException("the table has the columns %s; the model was trained on %s"
                    .formatted(
                            Quote.names(csv.columns()), Quote.names(known.get().names())));
        }
        int[] counts = counts(csv.data());
        requireTwo(csv.data(), counts, "column " + Quote.text(csv.label()));
        Split split = Split.stratified(csv.data(), TEST_SHARE, seed);
        if (validation) {
            split = Split.stratified(split.train(), 1.0 / VALIDATION_PART, seed);
        }
        List<String> notes = new ArrayList<>(csv.notes());
        int[] tested = counts(split.test());
        List<String> rare = IntStream.range(0, counts.length)
                .filter(label -> counts[label] < RARE)
                .mapToObj(label -> "%s (%d)".formatted(csv.data().className(label), counts[label]))
                .toList();
        if (!rare.isEmpty()) {
            long untested = IntStream.of(tested).filter(count -> count == 0).count();
            notes.add("few rows of some classes, so that little can be learnt of them: %s%s"
                    .formatted(
                            Quote.names(rare), untested == 0 ? "" : "; of %,d no row is tested".formatted(untested)));
        }
        Standardization standard =
                known.isPresent() ? known.get().standardization() : Standardization.of(split.train());
        return new TrainingData(
                standard.apply(split.train()),
                standard.apply(split.test()),
                Optional.of(TableForm.of(csv, standard)),
                List.copyOf(notes));
    }

    private static int[] counts(Dataset data) {
        int[] counts = new int[data.classes()];
        for (int i = 0; i < data.size(); i++) {
            counts[data.label(i)]++;
        }
        return counts;
    }

    private static void requireTwo(Dataset data, int[] counts, String where) {
        int[] there = IntStream.range(0, counts.length)
                .filter(label -> counts[label] > 0)
                .toArray();
        if (there.length < 2) {
            throw new DataException(
                    "all %,d samples are of class %s, the only one in %s; a network needs at least two to tell apart"
                            .formatted(data.size(), Quote.text(data.className(there[0])), where));
        }
    }
}
