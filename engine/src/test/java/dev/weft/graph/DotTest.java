package dev.weft.graph;

import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.conv2d;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.tensor.Shape;
import org.junit.jupiter.api.Test;

class DotTest {
    @Test
    void aBoxForEachLayerAndAnArrowForEachValue() {
        Graph.Builder g = Graph.builder(Shape.of(2, 8, 8));
        Node conv = g.add("a.b-c", conv2d(2, 3).padding(1).withoutBias(), g.input());
        Graph graph = g.build(g.add("output", add(), conv, g.input()));

        assertThat(Dot.of(graph).lines().map(String::strip))
                .startsWith("digraph network {")
                .endsWith("}")
                .contains(
                        "\"input\" [label=\"input\"];",
                        "\"a.b-c\" [label=\"a.b-c\\nweight [2,2,3,3]\", fillcolor=lightblue];",
                        "\"input\" -> \"a.b-c\" [label=\" [2,8,8]\"];",
                        "\"a.b-c\" -> \"output\" [label=\" [2,8,8]\"];",
                        "\"input\" -> \"output\" [label=\" [2,8,8]\"];",
                        "\"output\" -> \":output\" [label=\" [2,8,8]\"];");
    }
}
