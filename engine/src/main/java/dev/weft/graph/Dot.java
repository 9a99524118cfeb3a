package dev.weft.graph;

import dev.weft.layer.Parameter;
import dev.weft.tensor.DType;
import java.util.stream.Collectors;

/** Draws a graph in the language of Graphviz: a box for each layer, an arrow with a shape for each value, a dashed one for parameters that are shared. */
public final class Dot {
    private Dot() {}

    /** The text for the program {@code dot}. */
    public static String of(Graph graph) {
        StringBuilder dot = new StringBuilder("digraph network {\n")
                .append("  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];\n")
                .append("  edge [fontname=\"Helvetica\", fontsize=10];\n");
        for (Node node : graph.nodes()) {
            dot.append("  \"%s\" [label=\"%s\"%s];\n".formatted(node.name(), label(node), color(node)));
        }
        for (Node node : graph.nodes()) {
            for (Node input : node.inputs()) {
                arrow(dot, input, node.name());
            }
            for (Node owner : graph.nodes()) {
                String tied = owner.parameters().stream()
                        .map(Parameter::name)
                        .filter(node.tied()::containsValue)
                        .map(name -> name.substring(owner.name().length() + 1))
                        .collect(Collectors.joining(", "));
                if (!tied.isEmpty()) {
                    dot.append("  \"%s\" -> \"%s\" [label=\" %s\", style=dashed];\n"
                            .formatted(owner.name(), node.name(), tied));
                }
            }
        }
        boolean one = graph.outputs().size() == 1;
        for (Node output : graph.outputs()) {
            String name = one ? "output" : output.name();
            // no layer's name has a colon
            dot.append("  \":%s\" [label=\"%s\", shape=plaintext, style=\"\"];\n".formatted(name, name));
            arrow(dot, output, ":" + name);
        }
        return dot.append("}\n").toString();
    }

    private static void arrow(StringBuilder dot, Node from, String to) {
        String type = from.type() == DType.REAL ? "" : from.type() + " ";
        dot.append("  \"%s\" -> \"%s\" [label=\" %s%s\"];\n".formatted(from.name(), to, type, from.shape()));
    }

    /** The node's name, and a line for each of its parameters. */
    private static String label(Node node) {
        StringBuilder label = new StringBuilder(node.name());
        for (Parameter parameter : node.parameters()) {
            String name = parameter.name().substring(node.name().length() + 1);
            label.append("\\n").append(name).append(' ').append(parameter.shape());
        }
        return label.toString();
    }

    /** Layers with something to learn stand out. */
    private static String color(Node node) {
        return node.parameters().isEmpty() && node.tied().isEmpty() ? "" : ", fillcolor=lightblue";
    }
}
