package dev.weft.backend;

import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.Program;

/**
 * Consecutive steps of a program, and everything that changes between them. Step {@code first + i} works on the rows
 * that begin at {@code offset + i batch} in the order of the data set.
 *
 * @param first number of the first step, from 0; with the element index it counts the random numbers
 * @param count how many steps, at most {@link #MAX_COUNT}
 * @param offset where the first step's batch begins
 * @param validRows rows of each batch that count; those after them are padding
 * @param optimizers how many optimizers the program has, see {@link Program#optimizers}
 * @param rates {@link #RATES} values for each optimizer of each step: the learning rate and up to {@link #CORRECTIONS} corrections,
 *     those of optimizer k in step i from {@code RATES (i optimizers + k)}; may be longer
 */
public record StepRange(long first, int count, int offset, int validRows, int optimizers, double[] rates) {
    /** Values for each optimizer of each step in {@link #rates}. */
    public static final int RATES = 8;

    /** How many corrections an optimizer may have, see {@link Optimizer#correction}. */
    public static final int CORRECTIONS = RATES - 1;

    /** The largest {@link #count}, so that a backend can allocate what it keeps for each step of a run. */
    public static final int MAX_COUNT = 1024;

    public StepRange {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException("a run has 1 to %d steps, got %d".formatted(MAX_COUNT, count));
        }
        if (optimizers < 1 || rates.length < count * optimizers * RATES) {
            throw new IllegalArgumentException(
                    "%d steps of %d optimizers need %d rates, and at least 1 optimizer, got %d"
                            .formatted(count, optimizers, count * optimizers * RATES, rates.length));
        }
    }

    /** One step of a program without updates. */
    public static StepRange single(int offset, int validRows) {
        return new StepRange(0, 1, offset, validRows, 1, new double[RATES]);
    }

    /** The first steps of a program with all rates 0: its updates change no parameter. All rows are valid. */
    public static StepRange withoutLearning(Program program, int count) {
        int optimizers = program.optimizers();
        return new StepRange(0, count, 0, program.batch(), optimizers, new double[count * optimizers * RATES]);
    }

    /** Step i of this range alone. */
    public StepRange at(int i, int batch) {
        double[] one = new double[optimizers * RATES];
        System.arraycopy(rates, i * one.length, one, 0, one.length);
        return new StepRange(first + i, 1, offset + i * batch, validRows, optimizers, one);
    }

    /**
     * Fills in the rates of one optimizer for all steps of this range.
     *
     * @param k the optimizer's number in the program
     * @param steps how many steps the whole training has
     */
    public void fillRates(int k, Optimizer optimizer, Schedule schedule, long steps, long stepsPerEpoch) {
        for (int i = 0; i < count; i++) {
            long step = first + i;
            int at = at(i, k, 0);
            rates[at] = optimizer.learningRate() * schedule.factor(step, steps, stepsPerEpoch);
            for (int n = 0; n < optimizer.corrections(); n++) {
                rates[at + 1 + n] = optimizer.correction(n, step + 1);
            }
        }
    }

    /** The learning rate of optimizer {@code k} in step {@code i} of this range. */
    public double learningRate(int i, int k) {
        return rates[at(i, k, 0)];
    }

    /** Correction number {@code n}, from 0, of optimizer {@code k} in step {@code i}, see {@link Optimizer#correction}. */
    public double correction(int i, int k, int n) {
        return rates[at(i, k, 1 + n)];
    }

    private int at(int i, int k, int value) {
        return (i * optimizers + k) * RATES + value;
    }

    /**
     * For backends, before a run. A program without updates reads no rates, and takes any range.
     *
     * @throws IllegalArgumentException if the program updates, and has another number of optimizers
     */
    public void checkFits(Program program) {
        if (optimizers != program.optimizers() && program.updates()) {
            throw new IllegalArgumentException("program %s has %d optimizers, the steps have rates for %d"
                    .formatted(program.name(), program.optimizers(), optimizers));
        }
    }
}
