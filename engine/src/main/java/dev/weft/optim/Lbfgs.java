package dev.weft.optim;

import dev.weft.WeftException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * L-BFGS, the quasi-Newton method of limited memory, with a line search for the strong Wolfe conditions (Nocedal and Wright,
 * "Numerical Optimization", second edition 2006, algorithms 7.4 and 7.5, 3.5 and 3.6). For smooth functions without noise; a
 * training on whole batches is one, see {@link dev.weft.train.LbfgsTrainer}.
 *
 * @param memory how many pairs of steps and changes of the gradient are remembered
 * @param iterations at most
 * @param tolerance the largest absolute value of the gradient at which the search ends
 */
public record Lbfgs(int memory, int iterations, double tolerance) {
    private static final double SUFFICIENT_DECREASE = 1e-4;
    private static final double CURVATURE = 0.9;
    private static final int MOST_DOUBLINGS = 50;
    private static final int MOST_DIVISIONS = 30;

    public Lbfgs {
        if (memory < 1 || iterations < 1) {
            throw new IllegalArgumentException(
                    "memory and iterations must be at least 1, got %d and %d".formatted(memory, iterations));
        }
        Optimizer.range("tolerance", tolerance, 0, Double.POSITIVE_INFINITY);
    }

    /** With a memory of 10, at most 100 iterations and a tolerance of 1e-5. */
    public static Lbfgs of() {
        return new Lbfgs(10, 100, 1e-5);
    }

    /** A function to minimise. */
    @FunctionalInterface
    public interface Objective {
        /**
         * The value at {@code x}; infinite or NaN where there is none.
         *
         * @param gradient takes the gradient
         */
        double at(double[] x, double[] gradient);
    }

    /** Looks on. */
    @FunctionalInterface
    public interface Observer {
        /**
         * An iteration is done.
         *
         * @param number from 1
         * @return whether to go on
         */
        boolean done(int number, double[] x, double value);
    }

    /** Why a search has ended. */
    public enum End {
        /** The gradient is as small as the tolerance. */
        CONVERGED,
        /** All iterations are done. */
        ITERATIONS,
        /** No step along the direction lowers the value: it is at a minimum, up to rounding. */
        NO_LOWER_VALUE,
        /** The observer wanted it. */
        OBSERVER
    }

    /** Where a search has ended. */
    public record Result(double[] x, double value, int iterations, int evaluations, End end) {}

    /** A step with its change of the gradient, and 1 over their product. */
    private record Pair(double[] s, double[] y, double rho) {}

    /** A place along a line: where it is, with value, gradient, and slope along the line. */
    private record Point(double step, double[] x, double value, double[] gradient, double slope) {}

    /** Minimises a function from {@code start}. */
    public Result minimise(Objective objective, double[] start) {
        return minimise(objective, start, (number, x, value) -> true);
    }

    /**
     * Minimises a function.
     *
     * @throws WeftException if the function has no finite value and gradient at {@code start}
     */
    public Result minimise(Objective objective, double[] start, Observer observer) {
        Search search = new Search(objective);
        Point at = search.start(start);
        Deque<Pair> pairs = new ArrayDeque<>();
        for (int k = 1; k <= iterations; k++) {
            if (largest(at.gradient) <= tolerance) {
                return search.result(at, k - 1, End.CONVERGED);
            }
            double[] direction = direction(at.gradient, pairs);
            if (!(dot(direction, at.gradient) < 0)) {
                pairs.clear();
                direction = direction(at.gradient, pairs);
            }
            // the gradient says how steep it is, not how far to go
            double first = pairs.isEmpty() ? Math.min(1, 1 / norm(at.gradient)) : 1;
            Point next = search.along(at, direction, first);
            if (next == null) {
                return search.result(at, k - 1, End.NO_LOWER_VALUE);
            }
            double[] s = difference(next.x, at.x);
            double[] y = difference(next.gradient, at.gradient);
            double curvature = dot(s, y);
            if (curvature > 0) {
                pairs.addLast(new Pair(s, y, 1 / curvature));
                if (pairs.size() > memory) {
                    pairs.removeFirst();
                }
            }
            at = next;
            if (!observer.done(k, at.x, at.value)) {
                return search.result(at, k, End.OBSERVER);
            }
        }
        return search.result(at, iterations, largest(at.gradient) <= tolerance ? End.CONVERGED : End.ITERATIONS);
    }

    /** Algorithm 7.4: minus the inverse Hessian, as the pairs have it, times the gradient. */
    private static double[] direction(double[] gradient, Deque<Pair> pairs) {
        double[] q = gradient.clone();
        double[] alpha = new double[pairs.size()];
        int i = alpha.length;
        for (Iterator<Pair> newestFirst = pairs.descendingIterator(); newestFirst.hasNext(); ) {
            Pair pair = newestFirst.next();
            i--;
            alpha[i] = pair.rho * dot(pair.s, q);
            add(q, -alpha[i], pair.y);
        }
        double scale = pairs.isEmpty() ? 1 : 1 / (pairs.getLast().rho * dot(pairs.getLast().y, pairs.getLast().y));
        for (int j = 0; j < q.length; j++) {
            q[j] *= scale;
        }
        for (Pair pair : pairs) {
            double beta = pair.rho * dot(pair.y, q);
            add(q, alpha[i++] - beta, pair.s);
        }
        for (int j = 0; j < q.length; j++) {
            q[j] = -q[j];
        }
        return q;
    }

    /** The line search. */
    private static final class Search {
        private final Objective objective;
        private int evaluations;
        private Point origin;
        private double[] direction;

        Search(Objective objective) {
            this.objective = objective;
        }

        Result result(Point at, int iterations, End end) {
            return new Result(at.x, at.value, iterations, evaluations, end);
        }

        Point start(double[] x) {
            direction = new double[x.length];
            origin = new Point(0, x.clone(), 0, null, 0);
            origin = at(0);
            if (!Double.isFinite(origin.value) || !Double.isFinite(largest(origin.gradient))) {
                throw new WeftException("L-BFGS cannot begin where the value or its gradient is not finite");
            }
            return origin;
        }

        /** What is not finite counts as infinitely high. */
        private Point at(double step) {
            double[] x = origin.x.clone();
            add(x, step, direction);
            double[] gradient = new double[x.length];
            double value = objective.at(x, gradient);
            evaluations++;
            double slope = dot(gradient, direction);
            return new Point(
                    step,
                    x,
                    Double.isFinite(value) && Double.isFinite(slope) ? value : Double.POSITIVE_INFINITY,
                    gradient,
                    slope);
        }

        private boolean tooHigh(Point p) {
            return !(p.value <= origin.value + SUFFICIENT_DECREASE * p.step * origin.slope);
        }

        private boolean flatEnough(Point p) {
            return Math.abs(p.slope) <= -CURVATURE * origin.slope;
        }

        /** Algorithm 3.5. Null where no step lowers the value. */
        Point along(Point from, double[] towards, double first) {
            direction = towards;
            origin = new Point(0, from.x, from.value, from.gradient, dot(from.gradient, towards));
            Point before = origin;
            Point p = at(first);
            for (int i = 1; i < MOST_DOUBLINGS; i++) {
                if (tooHigh(p) || i > 1 && p.value >= before.value) {
                    return zoom(before, p);
                }
                if (flatEnough(p)) {
                    return p;
                }
                if (p.slope >= 0) {
                    return zoom(p, before);
                }
                before = p;
                p = at(2 * p.step);
            }
            return before;
        }

        /** Algorithm 3.6, between the lower end and another one. */
        private Point zoom(Point lowest, Point end) {
            Point low = lowest;
            Point high = end;
            for (int i = 0; i < MOST_DIVISIONS; i++) {
                Point p = at(between(low, high));
                if (tooHigh(p) || p.value >= low.value) {
                    high = p;
                } else {
                    if (flatEnough(p)) {
                        return p;
                    }
                    if (p.slope * (high.step - low.step) >= 0) {
                        high = low;
                    }
                    low = p;
                }
            }
            return low.value < origin.value ? low : null;
        }

        /** The minimum of the cubic through values and slopes (equation 3.59), a tenth of the way from both ends at least. */
        private static double between(Point a, Point b) {
            double way = b.step - a.step;
            double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
            double d2 = Math.signum(way) * Math.sqrt(d1 * d1 - a.slope * b.slope);
            double share = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
            boolean known = share >= 0.1 && share <= 0.9;
            return a.step + way * (known ? share : 0.5);
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /** NaN where one is. */
    private static double largest(double[] a) {
        double largest = 0;
        for (double value : a) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static void add(double[] a, double factor, double[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] += factor * b[i];
        }
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = a.clone();
        add(difference, -1, b);
        return difference;
    }
}
