package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** What training minimises: one value for each row of the batch, averaged over the rows. */
public interface Loss {

    /** I32 where the target of a row is its class, REAL where it is a tensor like the output. */
    DType targetType();

    /**
     * Emits the ops that compute the loss of each row.
     *
     * @param output the graph's output {@code [N,...]}
     * @param target classes {@code [N]}, or values of the output's shape
     * @return the loss of each row, {@code [N]}
     */
    TensorRef lower(Lowering lowering, TensorRef output, TensorRef target);

    /**
     * Emits the ops that compute the loss of each element, to which weights of elements and masks apply: of an element of the
     * output, or of a distribution along its last axis. Of a whole row where a loss knows no smaller part.
     *
     * @return {@code [N,...]}
     */
    default TensorRef elements(Lowering lowering, TensorRef output, TensorRef target) {
        return lower(lowering, output, target);
    }

    /** A formula of output and target, averaged over the elements of a row: a loss of one's own. */
    static Loss of(Function function) {
        return new ElementLoss(function);
    }

    /**
     * {@code -log softmax(x)[label]} for logits {@code x[N,C]} and classes {@code label[N]}. The graph ends in logits,
     * without a softmax of its own.
     */
    static Loss softmaxCrossEntropy() {
        return new CategoricalCrossEntropy(0, 0, List.of());
    }

    /** {@link #softmaxCrossEntropy} with the targets {@code (1 - smoothing) [j = label] + smoothing / C} (Szegedy et al. 2016, arXiv 1512.00567). */
    static Loss smoothedCrossEntropy(double smoothing) {
        return new CategoricalCrossEntropy(smoothing, 0, List.of());
    }

    /** {@link #softmaxCrossEntropy} times a weight for the label's class; the mean over rows counts each row once. */
    static Loss weightedCrossEntropy(List<Double> classWeights) {
        return new CategoricalCrossEntropy(0, 0, classWeights);
    }

    /** {@link #softmaxCrossEntropy} times {@code (1 - p[label])^focus} (Lin et al. 2017, arXiv 1708.02002, where focus is 2). */
    static Loss focalCrossEntropy(int focus) {
        return new CategoricalCrossEntropy(0, focus, List.of());
    }

    /** {@code -sum over j of t[j] log softmax(x)[j]} for targets that are probabilities. */
    static Loss softTargetCrossEntropy() {
        return new SoftTargetCrossEntropy(false);
    }

    /** {@code sum over j of t[j] (log t[j] - log softmax(x)[j])} for targets that are probabilities (Kullback and Leibler 1951). */
    static Loss kullbackLeibler() {
        return new SoftTargetCrossEntropy(true);
    }

    /** {@code mean over j of (x[j] - target[j])^2} for outputs and targets of one shape. */
    static Loss meanSquaredError() {
        return new MeanSquaredError();
    }

    /** {@code mean over j of |x[j] - target[j]|}; its derivative at 0 is 0. */
    static Loss meanAbsoluteError() {
        return of(Losses.absoluteError());
    }

    /** {@code d^2 / 2} where {@code |d| < delta}, else {@code delta (|d| - delta / 2)}, with {@code d = x - target} (Huber 1964). */
    static Loss huber(double delta) {
        return of(Losses.huber(delta));
    }

    /** {@code log cosh(x - target)}, computed without overflow. */
    static Loss logCosh() {
        return of(Losses.logCosh());
    }

    /** {@code log(1 + e^x) - target x} for logits x and targets from 0 to 1. */
    static Loss binaryCrossEntropy() {
        return of(Losses.binaryCrossEntropy());
    }

    /** {@code -target log p - (1 - target) log(1 - p)} for probabilities p; logarithms are at least -100. */
    static Loss binaryCrossEntropyOfProbabilities() {
        return of(Losses.binaryCrossEntropyOfProbabilities());
    }

    /** {@link #binaryCrossEntropy} times {@code (1 - q)^focus}, q the probability of the target, which is 0 or 1 (Lin et al. 2017). */
    static Loss binaryFocal(int focus) {
        if (focus < 1) {
            throw new IllegalArgumentException("the focus must be at least 1, got " + focus);
        }
        return of(Losses.binaryFocal(focus));
    }

    /** {@code e^x - target x}: the negative logarithm of the likelihood of counts under Poisson distributions of mean {@code e^x}, without its constant. */
    static Loss poisson() {
        return of(Losses.poisson());
    }

    /** {@code (s + (target - m)^2 e^-s) / 2} for outputs {@code [2D,...]} of means m, then logarithms of variances s (Nix and Weigend 1994). */
    static Loss gaussianLikelihood() {
        return new GaussianLikelihood();
    }

    /** {@code max(0, 1 - target x)} for targets -1 and 1. */
    static Loss hinge() {
        return of(Losses.hinge());
    }

    /** The square of {@link #hinge}. */
    static Loss squaredHinge() {
        return of(Losses.squaredHinge());
    }

    /**
     * A loss of values for targets that are classes: the target is 1 at the row's class and {@code others} elsewhere, 0 for most
     * losses, -1 for {@link #hinge}.
     */
    static Loss ofClasses(Loss loss, double others) {
        return new OfClasses(loss, others);
    }

    /** {@code 1 - x target / (|x| |target|)} along the last axis. */
    static Loss cosine() {
        return new CosineDistance();
    }
}
