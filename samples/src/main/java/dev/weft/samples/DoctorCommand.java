package dev.weft.samples;

import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import dev.weft.backend.Finding;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft doctor}: whether training on the GPU will work, and if not, why and what to do. */
@Command(
        name = "doctor",
        description = "Looks whether training on the GPU will work; if not, says why and what to do.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  weft doctor", "", "Exit codes: 0 training on the GPU will work, 1 it will not."})
final class DoctorCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.found("JDK", Machine.jdk()));
        findings.add(
                Machine.vectorBits() > 0
                        ? Finding.found("Vector API", Machine.vectorBits() + " bit, for the CPU backend")
                        : Finding.missing(
                                "Vector API",
                                "missing; training on the CPU is several times slower without it",
                                "start java with --add-modules jdk.incubator.vector"));
        boolean usable = false;
        for (BackendProvider provider : Backends.providers()) {
            List<Finding> own = provider.diagnose();
            findings.addAll(own);
            usable |= !own.isEmpty() && own.stream().allMatch(finding -> finding.ok() || !finding.required());
        }
        PrintWriter out = spec.commandLine().getOut();
        for (Finding finding : findings) {
            String mark = finding.ok()
                    ? terminal.green("ok")
                    : finding.required() ? terminal.red("no") : terminal.yellow("--");
            out.printf("%s  %s: %s%n", mark, finding.what(), finding.detail());
            if (!finding.fix().isEmpty()) {
                out.printf("    %s%n", finding.fix());
            }
        }
        out.println(
                usable ? "Training on the GPU will work." : "Training on the GPU will not work; the CPU will be used.");
        out.flush();
        return usable ? 0 : 1;
    }
}
