package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.graph.Graph;
import dev.weft.layer.Cells;
import dev.weft.tensor.Shape;
import org.junit.jupiter.api.Test;

class LstmRowsTest {
    @Test
    void aStepIsARowOfAnImageOrAnElementOfAVector() {
        assertThat(shape(LstmRows.graph(), "reshape1")).isEqualTo(Shape.of(28, 28));
        assertThat(shape(LstmRows.graph(Shape.of(3, 5, 7), 2), "reshape1")).isEqualTo(Shape.of(15, 7));
        assertThat(shape(LstmRows.graph(Shape.of(4), 3), "reshape1")).isEqualTo(Shape.of(4, 1));
    }

    @Test
    void bothDirectionsGiveTwiceAsManyOutputs() {
        assertThat(shape(LstmRows.graph(), "lstm1")).isEqualTo(Shape.of(128));
        Graph both = LstmRows.graph(Shape.of(1, 28, 28), 10, Cells.gru(), true);
        assertThat(shape(both, "bidirectional1")).isEqualTo(Shape.of(256));
        assertThat(both.output().shape()).isEqualTo(Shape.of(10));
    }

    private static Shape shape(Graph graph, String name) {
        return graph.nodes().stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow()
                .shape();
    }
}
