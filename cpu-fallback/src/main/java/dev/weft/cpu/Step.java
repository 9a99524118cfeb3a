package dev.weft.cpu;

import dev.weft.backend.StepRange;

/** The state of the current step, which kernels read. */
final class Step {
    long number;
    int batchOffset;
    int validRows;
    private StepRange steps;
    private int index;
    /** The latch: the first step of the run that met a non-finite value, or -1. */
    volatile long nonFiniteStep = -1;

    void set(StepRange steps, int i, int batch) {
        this.steps = steps;
        index = i;
        number = steps.first() + i;
        batchOffset = steps.offset() + i * batch;
        validRows = steps.validRows();
    }

    float learningRate(int optimizer) {
        return (float) steps.learningRate(index, optimizer);
    }

    float correction(int optimizer, int n) {
        return (float) steps.correction(index, optimizer, n);
    }
}
