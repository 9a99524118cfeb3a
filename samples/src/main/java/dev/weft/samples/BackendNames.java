package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The names that a backend is asked for by: those on the class path, and {@code auto} for the best usable one. */
public final class BackendNames implements Iterable<String> {
    static final String AUTO = "auto";

    private static List<String> all() {
        return Stream.concat(Stream.of(AUTO), Backends.providers().stream().map(BackendProvider::name))
                .toList();
    }

    @Override
    public Iterator<String> iterator() {
        return all().iterator();
    }

    /**
     * Opens a backend.
     *
     * @throws ParameterException if there is none of this name
     * @throws dev.weft.DeviceException if it is not usable
     */
    static Backend open(CommandLine command, String name, BackendOptions options) {
        if (!all().contains(name)) {
            throw new ParameterException(
                    command, "there is no backend '%s'; there are %s".formatted(name, String.join(", ", all())));
        }
        return name.equals(AUTO) ? Backends.best(options) : Backends.open(name, options);
    }
}
