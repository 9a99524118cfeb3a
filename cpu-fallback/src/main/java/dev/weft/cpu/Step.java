package dev.weft.cpu;

import dev.weft.backend.StepRange;

/** The state of the current step, which kernels read. */
final class Step {
    long number;
    int batchOffset;
    int validRows;
    float learningRate;
    float biasCorrection1;
    float biasCorrection2;
    /** The latch: the first step of the run that met a non-finite value, or -1. */
    volatile long nonFiniteStep = -1;

    void set(StepRange steps, int i, int batch) {
        number = steps.first() + i;
        batchOffset = steps.offset() + i * batch;
        validRows = steps.validRows();
        learningRate = (float) steps.learningRate(i);
        biasCorrection1 = (float) steps.biasCorrection1(i);
        biasCorrection2 = (float) steps.biasCorrection2(i);
    }
}
