package dev.weft.loss;

import dev.weft.ShapeException;
import dev.weft.layer.LogSoftmax;
import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * {@code -sum over j of q[j] log p[j]} with {@code p = softmax(x)} along the last axis and {@code q = (1 - smoothing) [j =
 * label] + smoothing / C}, times {@code (1 - p[label])^focus}, times the weight of the label's class.
 *
 * @param smoothing from 0 to below 1 (Szegedy et al. 2016, arXiv 1512.00567)
 * @param focus a whole number; 0 for none (Lin et al. 2017, arXiv 1708.02002)
 * @param classWeights none for 1 everywhere
 */
record CategoricalCrossEntropy(double smoothing, int focus, List<Double> classWeights) implements OfElements {

    CategoricalCrossEntropy {
        if (!(smoothing >= 0 && smoothing < 1)) {
            throw new IllegalArgumentException("label smoothing must be at least 0 and below 1, got " + smoothing);
        }
        if (focus < 0) {
            throw new IllegalArgumentException("the focus must be at least 0, got " + focus);
        }
        for (double weight : classWeights) {
            if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("class weights must be at least 0, got " + classWeights);
            }
        }
        classWeights = List.copyOf(classWeights);
    }

    @Override
    public DType targetType() {
        return DType.I32;
    }

    @Override
    public TensorRef lower(Lowering l, TensorRef output, TensorRef labels) {
        if (output.shape().rank() != labels.shape().rank() + 1) {
            throw new ShapeException(
                    l.layer(), "softmax cross-entropy needs logits [N,C], got %s for %s".formatted(output, labels));
        }
        if (smoothing == 0
                && focus == 0
                && classWeights.isEmpty()
                && output.shape().rank() == 2) {
            TensorRef p = l.inner("probabilities", output.shape().sample());
            TensorRef rows = l.inner("rows", Shape.of());
            l.emit(new Op.SoftmaxCrossEntropy(l.layer(), output, labels, p, rows));
            return rows;
        }
        return OfElements.super.lower(l, output, labels);
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef labels) {
        int last = output.shape().rank() - 1;
        int classes = output.shape().get(last);
        TensorRef logP = output.like(l.layer() + ".log p");
        LogSoftmax.emit(l, "", output, logP);
        TensorRef oneHot = output.like(l.layer() + ".one hot");
        l.emit(new Op.OneHot(l.layer(), labels, oneHot));
        Function term = Function.of(
                "smoothed cross-entropy",
                (logp, hot) -> hot.times(1 - smoothing)
                        .plus(smoothing / classes)
                        .times(logp)
                        .negative());
        TensorRef loss = l.reduce("of labels", Op.Reduction.SUM, l.map("terms", term, logP, oneHot), last, last + 1);
        if (focus > 0) {
            TensorRef p = l.map("p", Functions.EXP, logP);
            TensorRef ofLabel = l.reduce(
                    "p of labels",
                    Op.Reduction.SUM,
                    l.map("p at labels", Functions.MULTIPLY, p, oneHot),
                    last,
                    last + 1);
            Function focused = Function.of(
                    "focus", (x, q) -> x.times(power(Expr.constant(1).minus(q), focus)));
            loss = l.map("focused", focused, loss, ofLabel);
        }
        if (classWeights.isEmpty()) {
            return loss;
        }
        if (classWeights.size() != classes) {
            throw new IllegalArgumentException(
                    "there are %d class weights for outputs of %d classes".formatted(classWeights.size(), classes));
        }
        Function weighted = Function.of("class weight", (x, label) -> x.times(weight(label, 0, classes)));
        return l.map("weighted", weighted, loss, labels);
    }

    static Expr power(Expr x, int exponent) {
        Expr power = x;
        for (int i = 1; i < exponent; i++) {
            power = power.times(x);
        }
        return power;
    }

    /** The weight of a class from {@code from} to before {@code to}, by halving. */
    private Expr weight(Expr label, int from, int to) {
        if (to - from == 1) {
            return Expr.constant(classWeights.get(from));
        }
        int middle = (from + to) / 2;
        return label.lessThan(middle - 0.5, weight(label, from, middle), weight(label, middle, to));
    }
}
