package dev.weft.samples;

import static dev.weft.layer.Layers.bidirectional;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.reshape;

import dev.weft.graph.Graph;
import dev.weft.layer.Cells;
import dev.weft.layer.Recurrent;
import dev.weft.op.expr.Cell;
import dev.weft.tensor.Shape;

/**
 * A recurrent network that reads an image row by row: the rows of MNIST are 28 steps of 28 values, for 128 units of long
 * short-term memory, whose last output is classified (Le, Jaitly and Hinton 2015, arXiv 1504.00941, read it pixel by pixel).
 */
public final class LstmRows {
    private static final int UNITS = 128;

    private LstmRows() {}

    /** Images {@code [1,28,28]} to 10 logits. */
    public static Graph graph() {
        return graph(Shape.of(1, 28, 28), 10);
    }

    /** Images, channel after channel and row after row, or vectors, each of whose elements is a step, to a logit for each class. */
    public static Graph graph(Shape sample, int classes) {
        return graph(sample, classes, Cells.lstm(), false);
    }

    /** The same with another cell, or in both directions. */
    public static Graph graph(Shape sample, int classes, Cell cell, boolean bothDirections) {
        int width = sample.rank() == 3 ? sample.last() : 1;
        Recurrent layer = recurrent(cell, UNITS).last();
        return Graph.sequential(
                sample,
                reshape(Math.toIntExact(sample.elements() / width), width),
                bothDirections ? bidirectional(layer) : layer,
                linear(classes));
    }

    static Network network() {
        return new Network(
                "lstm-rows",
                "128 units of long short-term memory that read an image row by row, then 10",
                LstmRows::graph,
                5,
                128,
                OptimizerName.ADAM,
                2e-3,
                ScheduleName.COSINE);
    }

    /**
     * The network with another cell.
     *
     * @param cell null for the usual one
     */
    static Network with(Network rows, Cell cell, boolean bothDirections) {
        Cell used = cell == null ? Cells.lstm() : cell;
        return rows.with((sample, classes) -> graph(sample, classes, used, bothDirections));
    }
}
