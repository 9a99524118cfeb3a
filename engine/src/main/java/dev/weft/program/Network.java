package dev.weft.program;

/**
 * A graph with places for its parameters, as steps apply and train it: a {@link dev.weft.train.Model}, or a graph without any
 * values, for those who look at what a step does.
 */
public interface Network {
    /** The graph, the places of its parameters, and how it becomes ops. */
    GraphLowering lowering();
}
