package dev.weft.samples;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The network that a command is about. */
final class NetworkArgument {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NETWORK",
            completionCandidates = NetworkNames.class,
            description = "One of ${COMPLETION-CANDIDATES}.")
    private String name;

    Network network() {
        return Network.named(spec.commandLine(), name);
    }
}
