package dev.weft.graph;

import dev.weft.layer.Parameter;

/** Draws a graph in the language of Graphviz: a box for each layer, an arrow with a shape for each value. */
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
                dot.append("  \"%s\" -> \"%s\" [label=\" %s\"];\n".formatted(input.name(), node.name(), input.shape()));
            }
        }
        // no layer's name has a colon
        dot.append("  \":output\" [label=\"output\", shape=plaintext, style=\"\"];\n");
        Node last = graph.output();
        dot.append("  \"%s\" -> \":output\" [label=\" %s\"];\n".formatted(last.name(), last.shape()));
        return dot.append("}\n").toString();
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
        return node.parameters().isEmpty() ? "" : ", fillcolor=lightblue";
    }
}
