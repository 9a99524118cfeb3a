package dev.weft.samples.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures several sides of one comparison. First each is warmed up by the rule of {@link Rule}; then the sides take
 * turns, one value each, so that whatever the machine does meanwhile meets all of them alike.
 */
final class Sampler {
    /** So many values before and after are compared to tell whether a side is warm. */
    private static final int WINDOW = 5;

    private static final double STEADY = 0.02;

    private final Rule rule;

    Sampler(Rule rule) {
        this.rule = rule;
    }

    /**
     * When a side is warm, and how much is measured. A side is warm after at least {@code minWarmUpSeconds}, as soon as the
     * median of its last five values is within 2 % of that of the five before; after {@code maxWarmUpSeconds} it is measured
     * in any case, and the record tells that it was not steady.
     *
     * @param minValueSeconds a value is the mean over as many executions as it takes to last that long
     * @param values how many values are measured
     * @param maxSeconds fewer where they would take longer than that, but at least {@code minValues}
     */
    record Rule(
            double minWarmUpSeconds,
            double maxWarmUpSeconds,
            double minValueSeconds,
            int values,
            int minValues,
            double maxSeconds) {}

    /** What is measured. */
    @FunctionalInterface
    interface Timed {
        /** Executes it so many times, and returns the seconds that all of them took. */
        double seconds(int executions);
    }

    /**
     * The values of one side.
     *
     * @param executions behind each value
     * @param seconds of one execution, in the order of measurement
     */
    record Measured(WarmUp warmUp, int executions, double[] seconds) {}

    /**
     * What came before the measurement.
     *
     * @param values how many were thrown away
     * @param steady whether the times had settled
     */
    public record WarmUp(int values, double seconds, boolean steady) {}

    /** @param maxExecutions the largest number that the sides can be asked for at once */
    List<Measured> measure(List<Timed> sides, int maxExecutions) {
        List<WarmUp> warmUps = new ArrayList<>();
        int[] executions = new int[sides.size()];
        for (int i = 0; i < executions.length; i++) {
            executions[i] = executions(sides.get(i), maxExecutions);
            warmUps.add(warmUp(sides.get(i), executions[i]));
        }
        List<List<Double>> values = new ArrayList<>();
        sides.forEach(side -> values.add(new ArrayList<>()));
        long start = System.nanoTime();
        for (int n = 0; n < rule.values; n++) {
            if (n >= rule.minValues && since(start) > rule.maxSeconds * sides.size()) {
                break;
            }
            for (int i = 0; i < executions.length; i++) {
                values.get(i).add(sides.get(i).seconds(executions[i]) / executions[i]);
            }
        }
        List<Measured> measured = new ArrayList<>();
        for (int i = 0; i < executions.length; i++) {
            double[] seconds =
                    values.get(i).stream().mapToDouble(Double::doubleValue).toArray();
            measured.add(new Measured(warmUps.get(i), executions[i], seconds));
        }
        return measured;
    }

    /** So many that a value lasts long enough; found by doubling, which is the beginning of the warm-up. */
    private int executions(Timed side, int maxExecutions) {
        int executions = 1;
        while (executions < maxExecutions && side.seconds(executions) < rule.minValueSeconds) {
            executions = Math.min(2 * executions, maxExecutions);
        }
        return executions;
    }

    private WarmUp warmUp(Timed side, int executions) {
        List<Double> values = new ArrayList<>();
        long start = System.nanoTime();
        while (true) {
            values.add(side.seconds(executions));
            double seconds = since(start);
            boolean steady = steady(values);
            if (steady && seconds >= rule.minWarmUpSeconds || seconds >= rule.maxWarmUpSeconds) {
                return new WarmUp(values.size(), seconds, steady);
            }
        }
    }

    static boolean steady(List<Double> values) {
        int n = values.size();
        if (n < 2 * WINDOW) {
            return false;
        }
        double before = median(values.subList(n - 2 * WINDOW, n - WINDOW));
        double last = median(values.subList(n - WINDOW, n));
        return Math.abs(last / before - 1) <= STEADY;
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
