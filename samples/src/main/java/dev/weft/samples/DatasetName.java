package dev.weft.samples;

import java.util.Locale;

/** The kinds of data that the command line trains on. */
enum DatasetName {
    MNIST,
    FASHION_MNIST,
    IDX,
    CSV;

    /** What its samples are called. */
    String samples() {
        return this == CSV ? "rows" : "images";
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
