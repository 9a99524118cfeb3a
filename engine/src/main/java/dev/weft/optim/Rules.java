package dev.weft.optim;

import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToDoubleFunction;

/**
 * The field's optimizers, each the formula of its paper. {@code w} is a parameter, {@code g} its gradient, {@code lr} the
 * learning rate, t the step counted from 1; what is remembered begins at 0. {@link RuleOptimizer#of} makes an optimizer of one;
 * {@link Optimizers} knows them by name, with their usual settings and rates.
 *
 * <p>AdamW and NadamW are {@link #adam} and {@link #nadam} with {@link RuleOptimizer#decoupledWeightDecay}. Adafactor (Shazeer and
 * Stern 2018) is none of them: it needs sums over rows and columns of each matrix, a rule knows elements alone.
 */
public final class Rules {
    private Rules() {}

    /**
     * {@code v = momentum v + g}, {@code w = w - lr v}; in Nesterov's form {@code w = w - lr (g + momentum v)} (Sutskever et al.
     * 2013); without momentum {@code w = w - lr g}. What {@link Sgd} computes.
     */
    public static Rule sgd(double momentum, boolean nesterov) {
        share("momentum", momentum);
        if (momentum == 0) {
            return Rule.of(
                    "sgd", 0, (w, g, s, r) -> List.of(w.minus(r.learningRate().times(g))));
        }
        return Rule.of(nesterov ? "nesterov" : "momentum", 1, (w, g, s, r) -> {
            Expr v = s.get(0).times(momentum).plus(g);
            Expr direction = nesterov ? v.times(momentum).plus(g) : v;
            return List.of(w.minus(r.learningRate().times(direction)), v);
        });
    }

    /** {@code v = v + g^2}, {@code w = w - lr g / (sqrt(v) + epsilon)} (Duchi et al. 2011, JMLR 12); epsilon is mostly 1e-10. */
    public static Rule adagrad(double epsilon) {
        positive(epsilon);
        return Rule.of("adagrad", 1, (w, g, s, r) -> {
            Expr v = s.get(0).plus(g.square());
            return List.of(w.minus(r.learningRate().times(g).over(v.sqrt().plus(epsilon))), v);
        });
    }

    /**
     * {@code v = decay v + (1 - decay) g^2}, {@code d = sqrt(u + epsilon) / sqrt(v + epsilon) g}, {@code u = decay u + (1 -
     * decay) d^2}, {@code w = w - lr d} (Zeiler 2012, arXiv 1212.5701, whose lr is 1, decay 0.95 and epsilon 1e-6).
     */
    public static Rule adadelta(double decay, double epsilon) {
        share("decay", decay);
        positive(epsilon);
        return Rule.of("adadelta", 2, (w, g, s, r) -> {
            Expr v = mean(s.get(0), decay, g.square());
            Expr d = s.get(1).plus(epsilon).sqrt().over(v.plus(epsilon).sqrt()).times(g);
            return List.of(w.minus(r.learningRate().times(d)), v, mean(s.get(1), decay, d.square()));
        });
    }

    /**
     * {@code v = decay v + (1 - decay) g^2}, {@code d = g / (sqrt(v) + epsilon)}; centred with {@code a = decay a + (1 - decay) g}
     * and {@code v - a^2} in place of v; with a momentum {@code u = momentum u + d} in place of d; {@code w = w - lr d} (Tieleman
     * and Hinton 2012, lecture 6e, whose decay is 0.9; centred: Graves 2013, arXiv 1308.0850). Centred and with a gradient that
     * hardly changes {@code v - a^2} is 0 but for rounding, so that epsilon decides: 1e-4 is Graves's.
     */
    public static Rule rmsprop(double decay, double epsilon, double momentum, boolean centred) {
        share("decay", decay);
        positive(epsilon);
        share("momentum", momentum);
        int slots = 1 + (centred ? 1 : 0) + (momentum == 0 ? 0 : 1);
        return Rule.of("rmsprop", slots, (w, g, s, r) -> {
            Expr v = mean(s.get(0), decay, g.square());
            Expr a = centred ? mean(s.get(1), decay, g) : null;
            Expr variance = centred ? v.minus(a.square()).max(0) : v;
            Expr d = g.over(variance.sqrt().plus(epsilon));
            Expr direction =
                    momentum == 0 ? d : s.get(slots - 1).times(momentum).plus(d);
            Expr next = w.minus(r.learningRate().times(direction));
            if (centred) {
                return momentum == 0 ? List.of(next, v, a) : List.of(next, v, a, direction);
            }
            return momentum == 0 ? List.of(next, v) : List.of(next, v, direction);
        });
    }

    /**
     * {@code m = beta1 m + (1 - beta1) g}, {@code v = beta2 v + (1 - beta2) g^2}, {@code w = w - lr (m / (1 - beta1^t)) / (sqrt(v
     * / (1 - beta2^t)) + epsilon)} (Kingma and Ba 2015, arXiv 1412.6980: 0.9, 0.999, 1e-8). What {@link Adam} computes.
     */
    public static Rule adam(double beta1, double beta2, double epsilon) {
        betas(beta1, beta2);
        positive(epsilon);
        return Rule.of("adam", 2, (w, g, s, r) -> {
            Expr m = mean(s.get(0), beta1, g);
            Expr v = mean(s.get(1), beta2, g.square());
            Expr direction = m.times(r.ofStep(correction(beta1)))
                    .over(v.times(r.ofStep(correction(beta2))).sqrt().plus(epsilon));
            return List.of(w.minus(r.learningRate().times(direction)), m, v);
        });
    }

    /**
     * {@code m = beta1 m + (1 - beta1) g}, {@code u = max(beta2 u, |g|)}, {@code w = w - lr / (1 - beta1^t) m / (u + epsilon)}
     * (Kingma and Ba 2015, section 7.1, with the rate 0.002 and without epsilon, which keeps 0/0 away).
     */
    public static Rule adamax(double beta1, double beta2, double epsilon) {
        betas(beta1, beta2);
        positive(epsilon);
        return Rule.of("adamax", 2, (w, g, s, r) -> {
            Expr m = mean(s.get(0), beta1, g);
            Expr u = s.get(1).times(beta2).max(g.abs());
            Expr rate = r.learningRate().times(r.ofStep(correction(beta1)));
            return List.of(w.minus(rate.times(m).over(u.plus(epsilon))), m, u);
        });
    }

    /**
     * Adam with Nesterov's momentum: {@code mu_t = beta1 (1 - 0.96^(t decay) / 2)}, and in place of Adam's corrected m {@code mu_(t+1)
     * m / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 ... mu_t)} (Dozat 2016, "Incorporating Nesterov momentum into
     * Adam", with the schedule of its experiments; m itself decays by beta1, as in PyTorch and Keras).
     *
     * @param decay of the schedule, 0.004 there
     */
    public static Rule nadam(double beta1, double beta2, double epsilon, double decay) {
        betas(beta1, beta2);
        positive(epsilon);
        Optimizer.range("schedule decay", decay, 0, Double.POSITIVE_INFINITY);
        return Rule.of("nadam", 2, (w, g, s, r) -> {
            LongToDoubleFunction mu = t -> beta1 * (1 - 0.5 * StrictMath.pow(0.96, t * decay));
            RunningProduct product = new RunningProduct(mu);
            Expr m = s.get(0).times(beta1).plus(g.times(1 - beta1));
            Expr v = mean(s.get(1), beta2, g.square());
            Expr ofMean =
                    r.ofStep(t -> mu.applyAsDouble(t + 1) / (1 - product.applyAsDouble(t) * mu.applyAsDouble(t + 1)));
            Expr ofGradient = r.ofStep(t -> (1 - mu.applyAsDouble(t)) / (1 - product.applyAsDouble(t)));
            Expr direction = m.times(ofMean)
                    .plus(g.times(ofGradient))
                    .over(v.times(r.ofStep(correction(beta2))).sqrt().plus(epsilon));
            return List.of(w.minus(r.learningRate().times(direction)), m, v);
        });
    }

    /**
     * Adam with the largest v so far in place of v, which it also remembers (Reddi et al. 2018, arXiv 1904.09237; with Adam's
     * corrections, which the paper leaves out).
     */
    public static Rule amsgrad(double beta1, double beta2, double epsilon) {
        betas(beta1, beta2);
        positive(epsilon);
        return Rule.of("amsgrad", 3, (w, g, s, r) -> {
            Expr m = mean(s.get(0), beta1, g);
            Expr v = mean(s.get(1), beta2, g.square());
            Expr largest = s.get(2).max(v);
            Expr direction = m.times(r.ofStep(correction(beta1)))
                    .over(largest.times(r.ofStep(correction(beta2))).sqrt().plus(epsilon));
            return List.of(w.minus(r.learningRate().times(direction)), m, v, largest);
        });
    }

    /**
     * Adam whose adaptive rate is rectified: {@code rho = 2 / (1 - beta2) - 1}, {@code rho_t = rho - 2 t beta2^t / (1 - beta2^t)};
     * where {@code rho_t > 4} Adam's direction times {@code sqrt((rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t))}, before
     * {@code m / (1 - beta1^t)} (Liu et al. 2020, arXiv 1908.03265).
     */
    public static Rule radam(double beta1, double beta2, double epsilon) {
        betas(beta1, beta2);
        positive(epsilon);
        return Rule.of("radam", 2, (w, g, s, r) -> {
            Expr m = mean(s.get(0), beta1, g);
            Expr v = mean(s.get(1), beta2, g.square());
            Expr corrected = m.times(r.ofStep(correction(beta1)));
            Expr rectification = r.ofStep(t -> rectification(beta2, t));
            Expr adaptive = corrected
                    .times(rectification)
                    .over(v.times(r.ofStep(correction(beta2))).sqrt().plus(epsilon));
            Expr direction = Expr.constant(0).lessThan(rectification, adaptive, corrected);
            return List.of(w.minus(r.learningRate().times(direction)), m, v);
        });
    }

    private static double rectification(double beta2, long t) {
        double rho = 2 / (1 - beta2) - 1;
        double power = StrictMath.pow(beta2, t);
        double rhoT = rho - 2 * t * power / (1 - power);
        return rhoT > 4 ? Math.sqrt((rhoT - 4) * (rhoT - 2) * rho / ((rho - 4) * (rho - 2) * rhoT)) : 0;
    }

    /**
     * {@code w = w - lr sign(beta1 m + (1 - beta1) g)}, {@code m = beta2 m + (1 - beta2) g} (Chen et al. 2023, arXiv 2302.06675:
     * 0.9, 0.99, and a rate a third to a tenth of Adam's).
     */
    public static Rule lion(double beta1, double beta2) {
        betas(beta1, beta2);
        return Rule.of("lion", 1, (w, g, s, r) -> {
            Expr direction = mean(s.get(0), beta1, g).sign();
            return List.of(w.minus(r.learningRate().times(direction)), mean(s.get(0), beta2, g));
        });
    }

    private static void share(String name, double value) {
        Optimizer.range(name, value, 0, 1);
    }

    private static void betas(double beta1, double beta2) {
        share("beta1", beta1);
        share("beta2", beta2);
    }

    private static void positive(double epsilon) {
        Optimizer.range("epsilon", epsilon, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
    }

    /** {@code decay mean + (1 - decay) x}. */
    private static Expr mean(Expr mean, double decay, Expr x) {
        return mean.times(decay).plus(x.times(1 - decay));
    }

    /** {@code 1 / (1 - beta^t)}. */
    private static LongToDoubleFunction correction(double beta) {
        return t -> 1 / (1 - StrictMath.pow(beta, t));
    }

    /** {@code f(1) f(2) ... f(t)}, which is quick for one t after the other. */
    private static final class RunningProduct implements LongToDoubleFunction {
        private final LongToDoubleFunction f;
        private long last;
        private double product = 1;

        RunningProduct(LongToDoubleFunction f) {
            this.f = f;
        }

        @Override
        public synchronized double applyAsDouble(long t) {
            if (t < last) {
                last = 0;
                product = 1;
            }
            while (last < t) {
                last++;
                product *= f.applyAsDouble(last);
            }
            return product;
        }
    }

    // ---------------------------------------------------------------- what is made of a rule

    /** The rule with {@code l1 sign(w) + weightDecay w} added to the gradient, with the weight decay of the parameter's group. */
    static Rule coupled(Rule rule, double l1) {
        return new Rule(
                rule.name(),
                rule.slots(),
                (w, g, s, r) -> rule.formula().next(w, g.plus(penalty(w, l1, r.weightDecay())), s, r));
    }

    /** The rule whose parameters also shrink by {@code lr (l1 sign(w) + weightDecay w)} (Loshchilov and Hutter 2019, arXiv 1711.05101). */
    static Rule decoupled(Rule rule, double l1) {
        return new Rule(rule.name(), rule.slots(), (w, g, s, r) -> {
            List<Expr> next = new ArrayList<>(rule.formula().next(w, g, s, r));
            if (l1 != 0 || r.weightDecay() != 0) {
                Expr shrink = r.learningRate().times(penalty(w, l1, r.weightDecay()));
                next.set(0, next.get(0).minus(shrink));
            }
            return next;
        });
    }

    private static Expr penalty(Expr w, double l1, double l2) {
        Expr sum = l1 == 0 ? Expr.constant(0) : w.sign().times(l1);
        return l2 == 0 ? sum : sum.plus(w.times(l2));
    }

    /** The rule with gradients between {@code -limit} and {@code limit}. */
    static Rule clipped(Rule rule, double limit) {
        return new Rule(
                rule.name(),
                rule.slots(),
                (w, g, s, r) -> rule.formula().next(w, g.max(-limit).min(limit), s, r));
    }

    /**
     * The rule with the mean gradient of {@code steps} steps, every so many steps; between them nothing changes but the sum that
     * is remembered. The rule's t counts the steps in which something changes.
     */
    static Rule accumulated(Rule rule, int steps) {
        int slots = rule.slots();
        return new Rule(rule.name(), slots + 1, (w, g, s, r) -> {
            Expr sum = s.get(slots).plus(g);
            Expr waits = r.ofStep(t -> t % steps == 0 ? 0 : 1);
            Rule.Context slower = new Rule.Context() {
                @Override
                public Expr learningRate() {
                    return r.learningRate();
                }

                @Override
                public double weightDecay() {
                    return r.weightDecay();
                }

                @Override
                public Expr ofStep(LongToDoubleFunction ofStep) {
                    return r.ofStep(t -> ofStep.applyAsDouble((t + steps - 1) / steps));
                }
            };
            List<Expr> next = rule.formula().next(w, sum.over(steps), s.subList(0, slots), slower);
            List<Expr> results = new ArrayList<>();
            for (int k = 0; k < next.size(); k++) {
                Expr before = k == 0 ? w : s.get(k - 1);
                results.add(waits.lessThan(0.5, next.get(k), before));
            }
            results.add(waits.lessThan(0.5, Expr.constant(0), sum));
            return results;
        });
    }

    /**
     * The rule, and every {@code steps} steps {@code slow = slow + share (w - slow)}, {@code w = slow}; slow begins as the
     * parameter (Zhang et al. 2019, arXiv 1907.08610).
     */
    static Rule lookahead(Rule rule, int steps, double share) {
        int slots = rule.slots();
        return new Rule("lookahead " + rule.name(), slots + 1, (w, g, s, r) -> {
            List<Expr> next = new ArrayList<>(rule.formula().next(w, g, s.subList(0, slots), r));
            Expr first = r.ofStep(t -> t == 1 ? 1 : 0);
            Expr waits = r.ofStep(t -> t % steps == 0 ? 0 : 1);
            Expr slow = first.lessThan(0.5, s.get(slots), w);
            Expr moved = slow.plus(next.get(0).minus(slow).times(share));
            next.add(waits.lessThan(0.5, moved, slow));
            next.set(0, waits.lessThan(0.5, moved, next.get(0)));
            return next;
        });
    }

    /**
     * The rule, which also remembers the mean {@code (1 - decay) (w_t + decay w_(t-1) + decay^2 w_(t-2) ...) / (1 - decay^t)} of
     * the parameter's values after each step (Polyak and Juditsky 1992; the last of what is remembered).
     */
    static Rule averaged(Rule rule, double decay) {
        int slots = rule.slots();
        return new Rule(rule.name(), slots + 1, (w, g, s, r) -> {
            List<Expr> next = new ArrayList<>(rule.formula().next(w, g, s.subList(0, slots), r));
            Expr before = r.ofStep(t -> decay * (1 - StrictMath.pow(decay, t - 1)) / (1 - StrictMath.pow(decay, t)));
            Expr now = r.ofStep(t -> (1 - decay) / (1 - StrictMath.pow(decay, t)));
            next.add(s.get(slots).times(before).plus(next.get(0).times(now)));
            return next;
        });
    }
}
