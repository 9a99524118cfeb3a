package dev.weft.samples;

import dev.weft.loss.Loss;
import dev.weft.spec.Named;
import dev.weft.spec.Spec;
import java.util.Iterator;

/**
 * A loss as the command line names it, with settings where it has some: {@code cross-entropy:smoothing=0.1}. All of them take
 * classes; those of values compare the outputs with 1 for the class and 0 for the others, hinge losses with 1 and -1.
 */
public record LossName(String text) {
    static final LossName CROSS_ENTROPY = new LossName("cross-entropy");

    private static final Named<Loss> KINDS = new Named<>("loss");

    static {
        KINDS.add("cross-entropy", LossName::crossEntropy);
        KINDS.add("focal", s -> Loss.focalCrossEntropy(s.whole("focus", 2)));
        KINDS.add("binary-cross-entropy", s -> Loss.ofClasses(Loss.binaryCrossEntropy(), 0));
        KINDS.add("binary-focal", s -> Loss.ofClasses(Loss.binaryFocal(s.whole("focus", 2)), 0));
        KINDS.add("squared-error", s -> Loss.ofClasses(Loss.meanSquaredError(), 0));
        KINDS.add("absolute-error", s -> Loss.ofClasses(Loss.meanAbsoluteError(), 0));
        KINDS.add("huber", s -> Loss.ofClasses(Loss.huber(s.number("delta", 1)), 0));
        KINDS.add("log-cosh", s -> Loss.ofClasses(Loss.logCosh(), 0));
        KINDS.add("poisson", s -> Loss.ofClasses(Loss.poisson(), 0));
        KINDS.add("hinge", s -> Loss.ofClasses(Loss.hinge(), -1));
        KINDS.add("squared-hinge", s -> Loss.ofClasses(Loss.squaredHinge(), -1));
        KINDS.add("cosine", s -> Loss.ofClasses(Loss.cosine(), 0));
    }

    private static Loss crossEntropy(Spec s) {
        double smoothing = s.number("smoothing", 0);
        return smoothing == 0 ? Loss.softmaxCrossEntropy() : Loss.smoothedCrossEntropy(smoothing);
    }

    /** All names, for completion. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return KINDS.names().iterator();
        }
    }

    /**
     * Reads a name with settings.
     *
     * @throws dev.weft.WeftException if there is no such loss or setting; the message lists what there is
     */
    static LossName of(String text) {
        LossName made = new LossName(text);
        made.create();
        return made;
    }

    Loss create() {
        return KINDS.make(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
