package dev.weft.samples;

import dev.weft.data.DataSource;
import dev.weft.data.Mnist;
import java.nio.file.Path;

/** Where the command line gets its data; tests put small sets in its place. */
@FunctionalInterface
interface MnistLoader {
    /** As {@link Mnist#load(Path, boolean, DataSource.Progress)}. */
    Mnist load(Path folder, boolean offline, DataSource.Progress progress);
}
