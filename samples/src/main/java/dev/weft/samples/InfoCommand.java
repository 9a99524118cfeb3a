package dev.weft.samples;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import dev.weft.data.DataFetcher;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft info}: what Weft finds on this machine. */
@Command(
        name = "info",
        description =
                "Shows machine, JDK and Vector API, the backends and why one is not usable, and the cache folder.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = "  weft info")
final class InfoCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    InfoCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        new TextTable()
                .left("")
                .left("")
                .row("weft", Machine.weft())
                .row("processor", "%s, %d cores".formatted(Machine.cpu(), Machine.cores()))
                .row("memory", gigabytes(Machine.memoryBytes()))
                .row("system", Machine.os())
                .row("JDK", Machine.jdk())
                .row("Java heap", "at most " + gigabytes(Runtime.getRuntime().maxMemory()))
                .row("Vector API", vectorApi())
                .row("cache", DataFetcher.defaultCache())
                .print(out);
        out.println();

        TextTable backends = new TextTable().left("backend").left("usable").left("");
        String best = "none";
        for (BackendProvider provider : Backends.providers()) {
            Found found = find(provider);
            if (found.usable && best.equals("none")) {
                best = provider.name();
            }
            backends.row(
                    provider.name(), found.usable ? terminal.green("yes") : terminal.yellow("no"), found.description);
        }
        backends.row("auto", "", "takes " + best).print(out);
        out.flush();
        return 0;
    }

    /** A backend's description, or why it is not usable. */
    private record Found(boolean usable, String description) {}

    private static Found find(BackendProvider provider) {
        Optional<String> reason = provider.unusable();
        if (reason.isPresent()) {
            return new Found(false, reason.get());
        }
        try (Backend backend = provider.open(BackendOptions.defaults())) {
            return new Found(true, backend.description().replaceFirst("^" + backend.name() + ": ", ""));
        } catch (WeftException e) {
            return new Found(false, e.getMessage());
        }
    }

    private static String vectorApi() {
        int bits = Machine.vectorBits();
        return bits > 0 ? bits + " bit" : "missing: start java with --add-modules jdk.incubator.vector";
    }

    private static String gigabytes(long bytes) {
        return "%.1f GB".formatted(bytes * 1e-9);
    }
}
