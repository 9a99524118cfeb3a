package dev.weft.tensor;

/** What a tensor is for, which decides how long it lives. */
public enum Role {
    /** Activations, their gradients and scratch: written in every step before they are read; the planner shares their memory. */
    TRANSIENT,
    /** Trained values, in one flat buffer of a model. */
    PARAMETER,
    /** The parameters' gradients, in one flat buffer laid out like the parameters. */
    GRADIENT,
    /** What the optimizer remembers between steps (velocity, moments), laid out like the parameters. */
    OPTIMIZER,
    /** What else a layer remembers between steps, for example running statistics. */
    STATE,
    /** A data set, and the order in which its rows are visited. */
    DATA;

    /** Whether the tensor outlives a step. */
    public boolean persistent() {
        return this != TRANSIENT;
    }
}
