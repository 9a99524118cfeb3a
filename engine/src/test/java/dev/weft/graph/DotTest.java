package dev.weft.graph;

import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import java.util.Map;
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

    @Test
    void everyInputAndOutputHasItsName() {
        Graph.Builder g = Graph.builder();
        Node image = g.input("image", Shape.of(4));
        Node kind = g.input("kind", DType.I32, Shape.of(4));
        Node mean = g.add("mean", linear(2), image);
        Node picking = g.add("picking", new Picking(), mean, kind);

        assertThat(Dot.of(g.build(mean, picking)).lines().map(String::strip))
                .contains(
                        "\"image\" [label=\"image\"];",
                        "\"kind\" -> \"picking\" [label=\" I32 [4]\"];",
                        "\":mean\" [label=\"mean\", shape=plaintext, style=\"\"];",
                        "\"mean\" -> \":mean\" [label=\" [2]\"];",
                        "\"picking\" -> \":picking\" [label=\" [2]\"];")
                .doesNotContain("\":output\" [label=\"output\", shape=plaintext, style=\"\"];");
    }

    @Test
    void sharedParametersAreDashedArrows() {
        Graph.Builder g = Graph.builder(Shape.of(4));
        Node code = g.add("encoder", linear(2), g.input());
        Node y = g.tie("decoder", linear(4).transposed(), Map.of("weight", "encoder.weight"), code);

        assertThat(Dot.of(g.build(g.reuse("again", "encoder", y))).lines().map(String::strip))
                .contains(
                        "\"decoder\" [label=\"decoder\\nbias [4]\", fillcolor=lightblue];",
                        "\"again\" [label=\"again\", fillcolor=lightblue];",
                        "\"encoder\" -> \"decoder\" [label=\" weight\", style=dashed];",
                        "\"encoder\" -> \"again\" [label=\" weight, bias\", style=dashed];");
    }
}
