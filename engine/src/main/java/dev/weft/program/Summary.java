package dev.weft.program;

import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a network is made of and what it costs.
 *
 * @param rows one for each layer, the input first
 */
public record Summary(List<Row> rows) {
    /** Parameters are float. */
    private static final int PARAMETER_BYTES = 4;

    /**
     * One layer.
     *
     * @param layer its name
     * @param ops what it does for a prediction: {@code conv2d 5x5 pad 2, add_bias}
     * @param tied the parameters that it shares with layers before it, by their names in the graph
     * @param output the shape of one sample of its output
     * @param parameters how many trained values it has for itself
     * @param multiplyAdds multiplications, each with an addition, of its products for one sample; 0 for layers without products
     */
    public record Row(String layer, String ops, List<String> tied, Shape output, long parameters, long multiplyAdds) {

        /** What the parameters take, as float. */
        public long parameterBytes() {
            return parameters * PARAMETER_BYTES;
        }
    }

    /** Copies the rows. */
    public Summary {
        rows = List.copyOf(rows);
    }

    /** The summary of a network. */
    public static Summary of(Graph graph) {
        List<Op> ops = Step.prediction(GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 0))
                .compile(null, 1)
                .program()
                .ops();
        List<Row> rows = new ArrayList<>();
        for (Node node : graph.nodes()) {
            List<Op> own =
                    ops.stream().filter(op -> op.layer().equals(node.name())).toList();
            rows.add(new Row(
                    node.name(),
                    own.stream().map(Program::title).collect(Collectors.joining(", ")),
                    node.tied().values().stream().sorted().toList(),
                    node.shape(),
                    node.parameters().stream()
                            .mapToLong(parameter -> parameter.shape().elements())
                            .sum(),
                    Cost.of(own).flops() / 2));
        }
        return new Summary(rows);
    }

    /** How many trained values there are in all. */
    public long parameters() {
        return rows.stream().mapToLong(Row::parameters).sum();
    }

    /** What all parameters take, as float. */
    public long parameterBytes() {
        return rows.stream().mapToLong(Row::parameterBytes).sum();
    }

    /** Multiplications, each with an addition, of all products for one sample. */
    public long multiplyAdds() {
        return rows.stream().mapToLong(Row::multiplyAdds).sum();
    }
}
