package dev.weft.backend;

import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;

/**
 * Consecutive steps of a program, and everything that changes between them. Step {@code first + i} works on the rows
 * that begin at {@code offset + i batch} in the order of the data set.
 *
 * @param first number of the first step, from 0; with the element index it counts the random numbers
 * @param count how many steps, at most {@link #MAX_COUNT}
 * @param offset where the first step's batch begins
 * @param validRows rows of each batch that count; those after them are padding
 * @param rates three values for each step: learning rate, first and second bias correction; may be longer
 */
public record StepRange(long first, int count, int offset, int validRows, double[] rates) {
    /** Values for each step in {@link #rates}. */
    public static final int RATES = 3;

    /** The largest {@link #count}, so that a backend can allocate what it keeps for each step of a run. */
    public static final int MAX_COUNT = 1024;

    public StepRange {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException("a run has 1 to %d steps, got %d".formatted(MAX_COUNT, count));
        }
    }

    /** One step of a program without updates. */
    public static StepRange single(int offset, int validRows) {
        return new StepRange(0, 1, offset, validRows, new double[RATES]);
    }

    /** Step i of this range alone. */
    public StepRange at(int i, int batch) {
        double[] one = new double[RATES];
        System.arraycopy(rates, i * RATES, one, 0, RATES);
        return new StepRange(first + i, 1, offset + i * batch, validRows, one);
    }

    /**
     * Fills {@code rates} for steps {@code first} to {@code first + count - 1}.
     *
     * @param steps how many steps the whole training has
     */
    public static void fillRates(
            double[] rates,
            Optimizer optimizer,
            Schedule schedule,
            long first,
            int count,
            long steps,
            long stepsPerEpoch) {
        for (int i = 0; i < count; i++) {
            long step = first + i;
            rates[i * RATES] = optimizer.learningRate() * schedule.factor(step, steps, stepsPerEpoch);
            rates[i * RATES + 1] = optimizer.biasCorrection1(step + 1);
            rates[i * RATES + 2] = optimizer.biasCorrection2(step + 1);
        }
    }

    public double learningRate(int i) {
        return rates[i * RATES];
    }

    public double biasCorrection1(int i) {
        return rates[i * RATES + 1];
    }

    public double biasCorrection2(int i) {
        return rates[i * RATES + 2];
    }
}
