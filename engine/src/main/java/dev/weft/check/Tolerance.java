package dev.weft.check;

import dev.weft.op.Op;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * How far the result of each kind of op may be from the reference: {@code |value - reference| <= c u magnitude}, with the
 * unit roundoff u of the backend and the magnitude that the reference gives for the element. There is one c for each kind
 * of op, for all shapes and values and for all backends. Storing the result, half a unit in the last place, takes 1 of it.
 */
public final class Tolerance {

    /** The op moves values or counts: the result is the rounded reference itself. */
    private static final double EXACT = 0;

    /** One operation, correctly rounded. */
    private static final double ONE_ROUNDING = 1;

    /** A few operations in a row, each with its rounding, and constants that are rounded themselves. */
    private static final double FEW_ROUNDINGS = 4;

    /**
     * A sum over a pooling window: a plain sum of n terms errs by (n - 1) u at worst and about sqrt(n) / 3 u for terms of
     * one sign. Windows are small; large ones, up to the whole image, have to be summed up with more digits.
     */
    private static final double WINDOW_SUM = 8;

    /**
     * A sum over a whole dimension, or over all rows and positions of a batch, of whatever length. A running sum of n terms of
     * one sign errs by about sqrt(n) / 3 u, of both signs by less than 1 u: longer sums than some thousand terms have to be made
     * of pieces, and the conformance suite has sums of 100,000 terms of one sign for each op that adds up. A missing term
     * still shows in any sum of fewer than 1 / (32 u) = 500,000 terms like it.
     */
    private static final double LONG_SUM = 32;

    /** An elementary function within four units in the last place, which is what the fast ones of devices reach. */
    private static final double ELEMENTARY_FUNCTION = 8;

    /** A formula whose magnitude is a bound of its rounding errors to first order: what higher orders add is less than that. */
    private static final double TO_FIRST_ORDER = 2;

    private static final Map<Class<? extends Op>, Double> FACTORS = new LinkedHashMap<>();

    static {
        FACTORS.put(Op.MatMul.class, LONG_SUM);
        FACTORS.put(Op.AddBias.class, ONE_ROUNDING);
        FACTORS.put(Op.BiasGradient.class, LONG_SUM);
        FACTORS.put(Op.Conv2d.class, LONG_SUM);
        FACTORS.put(Op.Conv2dInputGradient.class, LONG_SUM);
        FACTORS.put(Op.Conv2dFilterGradient.class, LONG_SUM);
        FACTORS.put(Op.MaxPool2d.class, EXACT);
        FACTORS.put(Op.MaxPool2dBackward.class, WINDOW_SUM);
        FACTORS.put(Op.AvgPool2d.class, WINDOW_SUM);
        FACTORS.put(Op.AvgPool2dBackward.class, WINDOW_SUM);
        // sigmoid and tanh; ReLU is exact
        FACTORS.put(Op.Activation.class, ELEMENTARY_FUNCTION);
        // two products and a difference; ReLU is exact
        FACTORS.put(Op.ActivationBackward.class, FEW_ROUNDINGS);
        FACTORS.put(Op.Add.class, ONE_ROUNDING);
        // the scale is rounded, then the product
        FACTORS.put(Op.Dropout.class, FEW_ROUNDINGS);
        FACTORS.put(Op.DropoutBackward.class, FEW_ROUNDINGS);
        FACTORS.put(Op.Fill.class, EXACT);
        // two rounded constants, a product, a sum; exact from 0 to 1
        FACTORS.put(Op.RandomUniform.class, FEW_ROUNDINGS);
        // a standard normal number within 6, two rounded constants, a product, a sum
        FACTORS.put(Op.RandomNormal.class, 10.0);
        FACTORS.put(Op.Bernoulli.class, EXACT);
        FACTORS.put(Op.Reshape.class, EXACT);
        FACTORS.put(Op.Concat.class, EXACT);
        FACTORS.put(Op.Slice.class, EXACT);
        // exponentials, their sum over the row, a quotient
        FACTORS.put(Op.Softmax.class, LONG_SUM);
        FACTORS.put(Op.SoftmaxBackward.class, LONG_SUM);
        FACTORS.put(Op.SoftmaxCrossEntropy.class, LONG_SUM);
        FACTORS.put(Op.SoftmaxCrossEntropyBackward.class, FEW_ROUNDINGS);
        FACTORS.put(Op.SquaredError.class, LONG_SUM);
        // a difference, a rounded constant, two products
        FACTORS.put(Op.SquaredErrorBackward.class, FEW_ROUNDINGS);
        FACTORS.put(Op.BatchMean.class, LONG_SUM);
        FACTORS.put(Op.BatchMeanBackward.class, FEW_ROUNDINGS);
        FACTORS.put(Op.CountCorrect.class, EXACT);
        // two rounded constants, a product, a sum
        FACTORS.put(Op.GatherRows.class, FEW_ROUNDINGS);
        // no values, but a latch
        FACTORS.put(Op.CheckFinite.class, EXACT);
        // up to four rounded constants and seven operations, of which no term meets more than eight
        FACTORS.put(Op.SgdUpdate.class, 8.0);
        // the same with six constants, a square root and a quotient
        FACTORS.put(Op.AdamUpdate.class, 16.0);
        // the magnitude bounds all roundings to first order
        FACTORS.put(Op.Map.class, TO_FIRST_ORDER);
        FACTORS.put(Op.RuleUpdate.class, TO_FIRST_ORDER);
        FACTORS.put(Op.Reduce.class, LONG_SUM);
        FACTORS.put(Op.OneHot.class, EXACT);
        // the magnitude bounds all roundings of all steps to first order
        FACTORS.put(Op.Recurrence.class, TO_FIRST_ORDER);
        FACTORS.put(Op.RecurrenceBackward.class, TO_FIRST_ORDER);
        FACTORS.put(Op.Embedding.class, EXACT);
        FACTORS.put(Op.EmbeddingGradient.class, LONG_SUM);
        FACTORS.put(Op.SequenceMask.class, EXACT);
        FACTORS.put(Op.StateUpdate.class, EXACT);
    }

    private Tolerance() {}

    /** The factor c for an op. */
    public static double of(Op op) {
        if (op instanceof Op.Activation a && a.function() == Op.Nonlinearity.RELU
                || op instanceof Op.ActivationBackward b && b.function() == Op.Nonlinearity.RELU
                || op instanceof Op.RandomUniform u && u.low() == 0 && u.high() == 1) {
            return EXACT;
        }
        Double factor = FACTORS.get(op.getClass());
        if (factor == null) {
            throw new IllegalArgumentException("no tolerance for op " + op.name());
        }
        return factor;
    }

    /** The kinds of op that have a tolerance: all of them, or a test fails. */
    public static Set<Class<? extends Op>> kinds() {
        return java.util.Collections.unmodifiableSet(FACTORS.keySet());
    }
}
