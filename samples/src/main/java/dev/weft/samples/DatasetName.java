package dev.weft.samples;

import java.util.Locale;

/** The kinds of data that the command line trains on. */
enum DatasetName {
    MNIST,
    FASHION_MNIST,
    IDX,
    CSV;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
