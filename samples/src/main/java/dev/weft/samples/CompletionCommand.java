package dev.weft.samples;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft completion}: lets bash complete commands, options and names. */
@Command(
        name = "completion",
        description = "Prints a script that lets bash complete weft's commands, options and names.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(weft completion)",
            "  weft completion > ~/.local/share/bash-completion/completions/weft",
            "",
            "The first holds for the running shell; the second installs it for all to come."
        })
final class CompletionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("weft", spec.root().commandLine()));
        out.flush();
        return 0;
    }
}
