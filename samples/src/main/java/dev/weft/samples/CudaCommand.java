package dev.weft.samples;

import dev.weft.cuda.LibraryFetch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft cuda}: NVIDIA's libraries. */
@Command(
        name = "cuda",
        description = "NVIDIA's libraries cuBLAS and cuDNN, which Weft can use and does not need.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = "  weft cuda fetch")
final class CudaCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "weft cuda needs a command: fetch");
    }

    /** {@code weft cuda fetch}. */
    @Command(
            name = "fetch",
            description =
                    "Puts cuBLAS and cuDNN into Weft's cache: out of a Maven artifact, which Maven downloads, or out of a"
                            + " file.",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {
                "  weft cuda fetch",
                "  weft cuda fetch --yes --from cuda-12.6-9.5-1.5.11-linux-x86_64-redist.jar",
                "",
                "Exit codes: 0 done, 1 not done."
            })
    static final class Fetch implements Callable<Integer> {
        private final Terminal terminal;

        @Spec
        private CommandSpec spec;

        @Option(names = "--from", paramLabel = "FILE", description = "The artifact's file, in place of a download.")
        private Path from;

        @Option(names = "--yes", description = "Go ahead without asking, for scripts.")
        private boolean yes;

        Fetch(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            LibraryFetch fetch = LibraryFetch.intoCache();
            out.printf("Into %s:%n", fetch.target());
            fetch.libraries().forEach(library -> out.printf("%,15d bytes  %s%n", library.bytes(), library.file()));
            out.printf("%,15d bytes  in all%n%n", fetch.bytes());
            if (from == null) {
                out.printf(
                        "Maven downloads %s, %,d bytes,%nto the same disk. This file is deleted afterwards.%n%n",
                        LibraryFetch.ARTIFACT, fetch.archive().bytes());
            }
            out.println(LibraryFetch.LICENCE);
            out.flush();
            if (!yes && !agreed(out)) {
                out.println("Nothing was done." + (terminal.interactive() ? "" : " If you agree, add --yes."));
                out.flush();
                return 1;
            }
            try (DownloadDisplay display =
                    new DownloadDisplay(spec.commandLine().getErr(), terminal.interactive())) {
                if (from == null) {
                    fetch.download(display::show);
                } else {
                    fetch.extract(from, display::show);
                }
            }
            out.printf(
                    "%s holds cuBLAS and cuDNN; see: weft doctor%nTo be rid of them: rm -r %s%n",
                    fetch.target(), fetch.target());
            out.flush();
            return 0;
        }

        private boolean agreed(PrintWriter out) {
            if (!terminal.interactive()) {
                return false;
            }
            out.print("Go ahead? [y/N] ");
            out.flush();
            try {
                String answer =
                        new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
                return answer != null && answer.strip().matches("(?i)y|yes");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
