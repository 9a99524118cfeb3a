package dev.weft.samples;

import dev.weft.graph.Dot;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft graph}: how a network's layers are connected. */
@Command(
        name = "graph",
        description = "Shows how a network's layers are connected.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  weft graph lenet5", "  weft graph lenet5 --dot | dot -Tpng -o lenet5.png"})
final class GraphCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private NetworkArgument argument;

    @Option(names = "--dot", description = "Write the graph in the language of Graphviz, for a picture.")
    private boolean dot;

    @Override
    public Integer call() {
        Graph graph = argument.network().graph();
        PrintWriter out = spec.commandLine().getOut();
        if (dot) {
            out.print(Dot.of(graph));
        } else {
            print(graph, out);
        }
        out.flush();
        return 0;
    }

    private static void print(Graph graph, PrintWriter out) {
        TextTable table = new TextTable().left("layer").left("output").left("reads");
        for (Node node : graph.nodes()) {
            String reads = Stream.concat(
                            node.inputs().stream().map(Node::name),
                            node.tied().values().stream().sorted())
                    .collect(Collectors.joining(", "));
            table.row(node.name(), node.shape(), reads);
        }
        if (graph.outputs().size() > 1) {
            table.line();
            for (Node output : graph.outputs()) {
                table.row("output", output.shape(), output.name());
            }
        }
        table.print(out);
    }
}
