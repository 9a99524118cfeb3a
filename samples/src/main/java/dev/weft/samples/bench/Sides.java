package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The sides of a comparison. The first one is what the others are compared with: the CPU at its best, if it takes part. */
final class Sides {
    private static final String CPU = "cpu";

    private Sides() {}

    /**
     * Opens all combinations of backends, kernels and threads.
     *
     * @param sides filled as they are opened, so that all that are open can be closed
     */
    static void open(
            List<Side> sides,
            List<String> names,
            List<Kernels> kernels,
            List<String> threads,
            BenchCommand.SideOpener opener,
            CommandLine command) {
        List<String> ordered = new ArrayList<>(new LinkedHashSet<>(names));
        if (ordered.remove(CPU)) {
            ordered.add(0, CPU);
        }
        List<String> unknown =
                new ArrayList<>(kernels.stream().map(Kernels::name).toList());
        for (String name : ordered) {
            BackendProvider provider = provider(name, command);
            unknown.removeAll(provider.kernels());
            List<Kernels> wanted = kernels.stream()
                    .filter(choice -> provider.kernels().contains(choice.name()))
                    .toList();
            for (Kernels choice : wanted.isEmpty() ? List.of(Kernels.ownChoice()) : wanted) {
                for (int count : name.equals(CPU) ? threads(threads, command) : Set.of(0)) {
                    BackendOptions options = new BackendOptions(Math.max(1, count), choice);
                    Backend backend = opener.open(name, options);
                    sides.add(new Side(id(name, choice, count), name, choice, count, backend));
                }
            }
        }
        if (!unknown.isEmpty()) {
            String message = "none of the backends has kernels " + String.join(", ", unknown);
            for (BackendProvider provider : Backends.providers()) {
                if (ordered.contains(provider.name())) {
                    message += "; %s has %s".formatted(provider.name(), String.join(", ", provider.kernels()));
                } else if (provider.unusable().isPresent()) {
                    message += "; %s is not usable: %s"
                            .formatted(provider.name(), provider.unusable().get());
                }
            }
            throw new ParameterException(command, message);
        }
    }

    private static BackendProvider provider(String name, CommandLine command) {
        return Backends.providers().stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        command,
                        "there is no backend '%s'; there are %s"
                                .formatted(
                                        name,
                                        Backends.providers().stream()
                                                .map(BackendProvider::name)
                                                .collect(Collectors.joining(", ")))));
    }

    /** The most threads first. */
    private static Set<Integer> threads(List<String> texts, CommandLine command) {
        List<Integer> counts = new ArrayList<>();
        for (String text : texts) {
            boolean number = text.matches("[1-9]\\d{0,3}");
            if (!number && !text.equals("all")) {
                throw new ParameterException(command, "--threads takes numbers and all, got '%s'".formatted(text));
            }
            counts.add(
                    number ? Integer.parseInt(text) : BackendOptions.defaults().threads());
        }
        counts.sort(java.util.Comparator.reverseOrder());
        return new LinkedHashSet<>(counts);
    }

    private static String id(String name, Kernels kernels, int threads) {
        String id = kernels.name().equals(Kernels.OWN_CHOICE) ? name : name + " " + kernels;
        return threads == 0 ? id : "%s %d thread%s".formatted(id, threads, threads == 1 ? "" : "s");
    }
}
