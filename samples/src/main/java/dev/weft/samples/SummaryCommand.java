package dev.weft.samples;

import dev.weft.io.GraphFile;
import dev.weft.program.Summary;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft summary}: a network's layers. */
@Command(
        name = "summary",
        description = "Shows a network's layers: output shapes, parameters, bytes, multiply-adds.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft summary lenet5",
            "  weft summary lenet5 --json > mine.json",
            "  weft summary --network mine.json",
            "  weft summary --from runs/best/model.safetensors",
            "",
            "Shapes and multiply-adds are those of one image, bytes those of the parameters," + " as float."
        })
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private NetworkArgument argument;

    @Option(
            names = "--json",
            description = "Write the network as JSON, to be changed and trained: weft train --network FILE.json.")
    private boolean json;

    @Override
    public Integer call() {
        Network network = argument.network();
        if (json) {
            spec.commandLine().getOut().print(GraphFile.write(network.graph()));
            spec.commandLine().getOut().flush();
            return 0;
        }
        Summary summary = Summary.of(network.graph());
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s: %s%n%n", network.name(), network.description());
        TextTable table = new TextTable()
                .left("layer")
                .left("ops")
                .left("output")
                .right("parameters")
                .right("bytes")
                .right("multiply-adds");
        for (Summary.Row row : summary.rows()) {
            table.row(
                    row.layer(),
                    row.tied().isEmpty() ? row.ops() : row.ops() + " with " + String.join(", ", row.tied()),
                    row.output(),
                    blankZero(row.parameters()),
                    blankZero(row.parameterBytes()),
                    blankZero(row.multiplyAdds()));
        }
        table.line();
        table.row("total", "", "", summary.parameters(), summary.parameterBytes(), summary.multiplyAdds());
        table.print(out);
        out.flush();
        return 0;
    }

    private static Object blankZero(long number) {
        return number == 0 ? "" : number;
    }
}
