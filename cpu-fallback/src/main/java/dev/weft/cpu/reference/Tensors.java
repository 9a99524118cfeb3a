package dev.weft.cpu.reference;

import dev.weft.backend.StepRange;
import dev.weft.tensor.TensorRef;
import java.util.HashMap;
import java.util.Map;

/** What the ops of a program work on: the cells of all tensors, and the state of the current step. */
final class Tensors {
    private final Map<TensorRef, Cells> cells = new HashMap<>();

    private StepRange steps;
    private int index;
    private int batch;
    private long nonFiniteStep;

    /** Adds the memory of tensors that stand alone. */
    void add(TensorRef root, Cells memory) {
        cells.put(root, memory);
    }

    /** The cells of a tensor, or of a view of one. */
    Cells cells(TensorRef tensor) {
        Cells own = cells.get(tensor);
        if (own == null && tensor.base() != null && cells.containsKey(tensor.base())) {
            own = cells.get(tensor.base()).view(tensor);
            cells.put(tensor, own);
        }
        if (own == null) {
            throw new IllegalArgumentException("no memory was given for " + tensor);
        }
        return own;
    }

    /** Begins a run: forgets an old non-finite value. */
    void begin(StepRange range, int rowsOfABatch) {
        steps = range;
        batch = rowsOfABatch;
        index = 0;
        nonFiniteStep = -1;
    }

    void step(int i) {
        index = i;
    }

    /** Number of the current step, from 0. */
    long stepNumber() {
        return steps.first() + index;
    }

    /** Where this step's batch begins in the order of the data set. */
    int batchOffset() {
        return steps.offset() + index * batch;
    }

    int validRows() {
        return steps.validRows();
    }

    double learningRate(int optimizer) {
        return steps.learningRate(index, optimizer);
    }

    double correction(int optimizer, int n) {
        return steps.correction(index, optimizer, n);
    }

    /** The latch: the first step that met a non-finite value, or -1. */
    long nonFiniteStep() {
        return nonFiniteStep;
    }

    void setNonFinite() {
        if (nonFiniteStep < 0) {
            nonFiniteStep = stepNumber();
        }
    }
}
