package dev.weft.program;

import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.program.Summary.Row;
import dev.weft.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SummaryTest {

    /** Worked out by hand: conv1 28 x 28 x 6 x 25, conv2 10 x 10 x 16 x 150, linear 400 x 120, 120 x 84, 84 x 10. */
    @Test
    void lenet5() {
        Summary summary = Summary.of(LeNet.GRAPH);

        assertThat(summary.rows()).hasSameSizeAs(LeNet.GRAPH.nodes());
        assertThat(summary.rows().get(0)).isEqualTo(new Row("input", "", List.of(), Shape.of(1, 28, 28), 0, 0));
        assertThat(summary.rows().get(1))
                .isEqualTo(new Row(
                        "conv1", "conv2d 5x5 stride 1 pad 2, add_bias", List.of(), Shape.of(6, 28, 28), 156, 117_600));
        assertThat(summary.rows())
                .filteredOn(row -> row.parameters() > 0)
                .extracting(Row::multiplyAdds)
                .containsExactly(117_600L, 240_000L, 48_000L, 10_080L, 840L);
        assertThat(summary.parameters()).isEqualTo(61_706);
        assertThat(summary.parameterBytes()).isEqualTo(246_824);
        assertThat(summary.multiplyAdds()).isEqualTo(416_520);
    }

    /** What a layer shares is counted once; its products are its own. */
    @Test
    void sharedParametersAreCountedOnce() {
        Graph.Builder b = Graph.builder(Shape.of(7));
        Node code = b.add("encoder", linear(3), b.input());
        Node y = b.tie("decoder", linear(7).transposed(), Map.of("weight", "encoder.weight"), code);
        Summary summary = Summary.of(b.build(b.reuse("again", "encoder", y)));

        assertThat(summary.rows().subList(2, 4))
                .containsExactly(
                        new Row("decoder", "mat_mul a b, add_bias", List.of("encoder.weight"), Shape.of(7), 7, 21),
                        new Row(
                                "again",
                                "mat_mul a b', add_bias",
                                List.of("encoder.bias", "encoder.weight"),
                                Shape.of(3),
                                0,
                                21));
        assertThat(summary.parameters()).isEqualTo(21 + 3 + 7);
    }
}
