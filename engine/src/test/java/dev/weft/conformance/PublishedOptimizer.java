package dev.weft.conformance;

import static java.lang.Math.abs;
import static java.lang.Math.max;
import static java.lang.Math.pow;
import static java.lang.Math.signum;
import static java.lang.Math.sqrt;

/** One parameter under an optimizer as its paper has it, written in double and without any of the engine's code. */
@FunctionalInterface
interface PublishedOptimizer {
    /**
     * The parameter's next value.
     *
     * @param g its gradient
     * @param t the step, from 1
     */
    double next(double w, double g, int t);

    static PublishedOptimizer sgd(double lr) {
        return (w, g, t) -> w - lr * g;
    }

    /** Sutskever et al. 2013, equations 1 and 2, with the velocity divided by {@code -lr}. */
    static PublishedOptimizer momentum(double lr, double momentum) {
        double[] v = new double[1];
        return (w, g, t) -> {
            v[0] = momentum * v[0] + g;
            return w - lr * v[0];
        };
    }

    /** Sutskever et al. 2013, equations 3 and 4, of the point at which the gradient is taken. */
    static PublishedOptimizer nesterov(double lr, double momentum) {
        double[] v = new double[1];
        return (w, g, t) -> {
            double before = w + lr * momentum * v[0];
            v[0] = momentum * v[0] + g;
            return before - lr * v[0] - lr * momentum * v[0];
        };
    }

    /** Duchi et al. 2011. */
    static PublishedOptimizer adagrad(double lr, double epsilon) {
        double[] sum = new double[1];
        return (w, g, t) -> {
            sum[0] += g * g;
            return w - lr * g / (sqrt(sum[0]) + epsilon);
        };
    }

    /** Zeiler 2012, algorithm 1. */
    static PublishedOptimizer adadelta(double lr, double rho, double epsilon) {
        double[] squares = new double[1];
        double[] updates = new double[1];
        return (w, g, t) -> {
            squares[0] = rho * squares[0] + (1 - rho) * g * g;
            double dx = -sqrt(updates[0] + epsilon) / sqrt(squares[0] + epsilon) * g;
            updates[0] = rho * updates[0] + (1 - rho) * dx * dx;
            return w + lr * dx;
        };
    }

    /** Tieleman and Hinton 2012; centred: Graves 2013, equations 38 to 41. */
    static PublishedOptimizer rmsprop(double lr, double decay, double epsilon, double momentum, boolean centred) {
        double[] squares = new double[1];
        double[] mean = new double[1];
        double[] buffer = new double[1];
        return (w, g, t) -> {
            squares[0] = decay * squares[0] + (1 - decay) * g * g;
            mean[0] = decay * mean[0] + (1 - decay) * g;
            double variance = centred ? squares[0] - mean[0] * mean[0] : squares[0];
            buffer[0] = momentum * buffer[0] + g / (sqrt(max(variance, 0)) + epsilon);
            return w - lr * buffer[0];
        };
    }

    /** Kingma and Ba 2015, algorithm 1; with weight decay Loshchilov and Hutter 2019, algorithm 2. */
    static PublishedOptimizer adam(double lr, double beta1, double beta2, double epsilon, double weightDecay) {
        double[] m = new double[1];
        double[] v = new double[1];
        return (w, g, t) -> {
            m[0] = beta1 * m[0] + (1 - beta1) * g;
            v[0] = beta2 * v[0] + (1 - beta2) * g * g;
            double mHat = m[0] / (1 - pow(beta1, t));
            double vHat = v[0] / (1 - pow(beta2, t));
            return w - lr * (mHat / (sqrt(vHat) + epsilon) + weightDecay * w);
        };
    }

    /** Kingma and Ba 2015, algorithm 2. */
    static PublishedOptimizer adamax(double lr, double beta1, double beta2, double epsilon) {
        double[] m = new double[1];
        double[] u = new double[1];
        return (w, g, t) -> {
            m[0] = beta1 * m[0] + (1 - beta1) * g;
            u[0] = max(beta2 * u[0], abs(g));
            return w - lr / (1 - pow(beta1, t)) * m[0] / (u[0] + epsilon);
        };
    }

    /** Dozat 2016, with weight decay as AdamW has it. */
    static PublishedOptimizer nadam(
            double lr, double beta1, double beta2, double epsilon, double scheduleDecay, double weightDecay) {
        double[] m = new double[1];
        double[] v = new double[1];
        double[] product = {1};
        return (w, g, t) -> {
            double mu = beta1 * (1 - 0.5 * pow(0.96, t * scheduleDecay));
            double next = beta1 * (1 - 0.5 * pow(0.96, (t + 1) * scheduleDecay));
            product[0] *= mu;
            m[0] = beta1 * m[0] + (1 - beta1) * g;
            v[0] = beta2 * v[0] + (1 - beta2) * g * g;
            double mBar = next * m[0] / (1 - product[0] * next) + (1 - mu) * g / (1 - product[0]);
            double vHat = v[0] / (1 - pow(beta2, t));
            return w - lr * mBar / (sqrt(vHat) + epsilon) - lr * weightDecay * w;
        };
    }

    /** Reddi et al. 2018, algorithm 2, with the corrections of Adam. */
    static PublishedOptimizer amsgrad(double lr, double beta1, double beta2, double epsilon) {
        double[] m = new double[1];
        double[] v = new double[1];
        double[] largest = new double[1];
        return (w, g, t) -> {
            m[0] = beta1 * m[0] + (1 - beta1) * g;
            v[0] = beta2 * v[0] + (1 - beta2) * g * g;
            largest[0] = max(largest[0], v[0]);
            double mHat = m[0] / (1 - pow(beta1, t));
            return w - lr * mHat / (sqrt(largest[0] / (1 - pow(beta2, t))) + epsilon);
        };
    }

    /** Liu et al. 2020, algorithm 2, with an epsilon as Adam has it. */
    static PublishedOptimizer radam(double lr, double beta1, double beta2, double epsilon) {
        double[] m = new double[1];
        double[] v = new double[1];
        double longest = 2 / (1 - beta2) - 1;
        return (w, g, t) -> {
            m[0] = beta1 * m[0] + (1 - beta1) * g;
            v[0] = beta2 * v[0] + (1 - beta2) * g * g;
            double mHat = m[0] / (1 - pow(beta1, t));
            double length = longest - 2 * t * pow(beta2, t) / (1 - pow(beta2, t));
            if (length <= 4) {
                return w - lr * mHat;
            }
            double r = sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
            return w - lr * r * mHat / (sqrt(v[0] / (1 - pow(beta2, t))) + epsilon);
        };
    }

    /** Chen et al. 2023, algorithm 2. */
    static PublishedOptimizer lion(double lr, double beta1, double beta2) {
        double[] m = new double[1];
        return (w, g, t) -> {
            double next = w - lr * signum(beta1 * m[0] + (1 - beta1) * g);
            m[0] = beta2 * m[0] + (1 - beta2) * g;
            return next;
        };
    }

    /** An optimizer of {@code g + l1 sign(w) + l2 w}. */
    static PublishedOptimizer coupled(PublishedOptimizer inner, double l1, double l2) {
        return (w, g, t) -> inner.next(w, g + l1 * signum(w) + l2 * w, t);
    }

    /** An optimizer whose parameters also shrink by {@code lr (l1 sign(w) + l2 w)}. */
    static PublishedOptimizer decoupled(PublishedOptimizer inner, double lr, double l1, double l2) {
        return (w, g, t) -> inner.next(w, g, t) - lr * (l1 * signum(w) + l2 * w);
    }

    static PublishedOptimizer clipped(PublishedOptimizer inner, double limit) {
        return (w, g, t) -> inner.next(w, max(-limit, Math.min(limit, g)), t);
    }

    static PublishedOptimizer accumulated(PublishedOptimizer inner, int steps) {
        double[] sum = new double[1];
        return (w, g, t) -> {
            sum[0] += g;
            if (t % steps != 0) {
                return w;
            }
            double mean = sum[0] / steps;
            sum[0] = 0;
            return inner.next(w, mean, t / steps);
        };
    }

    /** Zhang et al. 2019, algorithm 1. */
    static PublishedOptimizer lookahead(PublishedOptimizer inner, int steps, double share) {
        double[] slow = new double[1];
        return (w, g, t) -> {
            if (t == 1) {
                slow[0] = w;
            }
            double fast = inner.next(w, g, t);
            if (t % steps != 0) {
                return fast;
            }
            slow[0] += share * (fast - slow[0]);
            return slow[0];
        };
    }
}
