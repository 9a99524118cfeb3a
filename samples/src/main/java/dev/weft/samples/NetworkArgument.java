package dev.weft.samples;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The network that a command is about: one that it knows, one of a description, or that of a model file. */
final class NetworkArgument {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NETWORK",
            arity = "0..1",
            completionCandidates = NetworkNames.class,
            description = "One of ${COMPLETION-CANDIDATES}.")
    private String name;

    @Option(
            names = "--network",
            paramLabel = "FILE",
            description = "A network that the file describes, in its place; weft summary --json shows how.")
    private Path description;

    @Option(names = "--from", paramLabel = "FILE", description = "The network of a model file, in its place.")
    private Path model;

    Network network() {
        return Network.chosen(spec.commandLine(), name, description, model);
    }
}
