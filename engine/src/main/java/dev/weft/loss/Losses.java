package dev.weft.loss;

import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;

/** The formulas of losses that are averaged over elements: {@code x} is an output, {@code t} its target. */
final class Losses {
    private Losses() {}

    static Function absoluteError() {
        return Function.of("absolute error", (x, t) -> x.minus(t).abs());
    }

    static Function huber(double delta) {
        if (!(delta > 0 && delta < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("Huber's delta must be above 0, got " + delta);
        }
        return Function.of("huber " + delta, (x, t) -> {
            Expr size = x.minus(t).abs();
            return size.lessThan(
                    delta,
                    x.minus(t).square().times(0.5),
                    size.minus(0.5 * delta).times(delta));
        });
    }

    static Function logCosh() {
        return Function.of("log cosh", (x, t) -> {
            Expr size = x.minus(t).abs();
            return size.plus(size.times(-2).softplus()).minus(Math.log(2));
        });
    }

    static Function binaryCrossEntropy() {
        return Function.of("binary cross-entropy", Losses::ofLogits);
    }

    private static Expr ofLogits(Expr x, Expr t) {
        return x.softplus().minus(t.times(x));
    }

    static Function binaryCrossEntropyOfProbabilities() {
        return Function.of("binary cross-entropy of probabilities", (p, t) -> {
            Expr one = Expr.constant(1);
            Expr logP = p.log().max(-100);
            Expr logRest = p.negative().log1p().max(-100);
            return t.times(logP).plus(one.minus(t).times(logRest)).negative();
        });
    }

    static Function binaryFocal(int focus) {
        return Function.of("binary focal " + focus, (x, t) -> {
            Expr loss = ofLogits(x, t);
            Expr miss = Expr.constant(1).minus(loss.negative().exp());
            return loss.times(CategoricalCrossEntropy.power(miss, focus));
        });
    }

    static Function poisson() {
        return Function.of("poisson", (x, t) -> x.exp().minus(t.times(x)));
    }

    static Function hinge() {
        return Function.of("hinge", (x, t) -> Expr.constant(1).minus(t.times(x)).max(0));
    }

    static Function squaredHinge() {
        return Function.of(
                "squared hinge",
                (x, t) -> Expr.constant(1).minus(t.times(x)).max(0).square());
    }
}
