package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.cuda.LibraryFetch;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        footer = "  weft cuda fetch",
        subcommands = CudaCommand.Fetch.class)
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
                    "Puts cuBLAS and cuDNN into Weft's cache: out of a Maven artifact of 2 GB, which Maven downloads, or"
                            + " out of a file.",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {
                "  weft cuda fetch --yes",
                "  weft cuda fetch --from cuda-12.6-9.5-1.5.11-linux-x86_64-redist.jar --yes"
            })
    static final class Fetch implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--from", paramLabel = "FILE", description = "The artifact's file, in place of a download.")
        private Path from;

        @Option(names = "--yes", description = "Go ahead; without it sizes and licence notice are shown, and no more.")
        private boolean yes;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            Path target = LibraryFetch.cache();
            out.println(LibraryFetch.LICENCE);
            if (from != null) {
                List<LibraryFetch.Part> parts = LibraryFetch.parts(from);
                parts.forEach(part -> out.printf("%,15d bytes  %s%n", part.bytes(), part.file()));
                out.printf(
                        "%,15d bytes  in all, into %s%n",
                        parts.stream().mapToLong(LibraryFetch.Part::bytes).sum(), target);
            } else {
                out.printf(
                        "Maven will download %s, about 2 GB; of it about 0.8 GB go into %s%n",
                        LibraryFetch.ARTIFACT, target);
            }
            out.flush();
            if (!yes) {
                out.println("Nothing was done. If you agree, say so: weft cuda fetch --yes"
                        + (from == null ? "" : " --from " + from));
                out.flush();
                return 0;
            }
            if (from == null) {
                download(out, target);
            } else {
                extract(from, out, target);
            }
            out.printf("%s holds cuBLAS and cuDNN; try: weft doctor%n", target);
            out.flush();
            return 0;
        }

        private static void extract(Path archive, PrintWriter out, Path target) {
            LibraryFetch.extract(archive, target, part -> {
                out.println("extracting " + part.file());
                out.flush();
            });
        }

        /** By Maven, with its settings for mirrors and proxies; it verifies the artifact's checksum. */
        private static void download(PrintWriter out, Path target) {
            Path folder = null;
            try {
                folder = Files.createTempDirectory("weft-cuda-");
                Process maven = new ProcessBuilder(
                                "mvn",
                                "--batch-mode",
                                "--strict-checksums",
                                "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy",
                                // groupId:artifactId:version:type:classifier
                                "-Dartifact=" + LibraryFetch.ARTIFACT,
                                "-DoutputDirectory=" + folder)
                        .directory(folder.toFile())
                        .inheritIO()
                        .start();
                if (maven.waitFor() != 0) {
                    throw new DataException(
                            "Maven could not download %s; download it elsewhere and name the file with --from"
                                    .formatted(LibraryFetch.ARTIFACT));
                }
                try (var files = Files.list(folder)) {
                    extract(files.findFirst().orElseThrow(), out, target);
                }
            } catch (IOException e) {
                throw new DataException(
                        "cannot run mvn: %s; install Maven, or name the artifact's file with --from"
                                .formatted(e.getMessage()),
                        e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DataException("interrupted while Maven was downloading", e);
            } finally {
                deleteFiles(folder);
            }
        }

        private static void deleteFiles(Path folder) {
            if (folder == null) {
                return;
            }
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
                Files.delete(folder);
            } catch (IOException e) {
                throw new DataException("cannot delete " + folder + ": " + e.getMessage(), e);
            }
        }
    }
}
