package dev.weft.samples;

import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.optim.Lbfgs;
import dev.weft.optim.Optimizers;
import dev.weft.optim.RuleOptimizer;
import dev.weft.spec.Spec;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * An optimizer as the command line names it, with settings where it has some: {@code rmsprop:decay=0.9}. One of
 * {@link Optimizers}, or {@code lbfgs}.
 */
public record OptimizerName(String text) {
    static final OptimizerName SGD = new OptimizerName("sgd");
    static final OptimizerName ADAM = new OptimizerName("adam");
    private static final String LBFGS = "lbfgs";

    /** All names, for completion and messages. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return names().iterator();
        }
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(Optimizers.names());
        names.add(LBFGS);
        return names;
    }

    /**
     * Reads a name with settings.
     *
     * @throws WeftException if there is no such optimizer or setting; the message lists what there is
     */
    static OptimizerName of(String text) {
        Spec spec = Spec.parse("optimizer", text);
        if (!names().contains(spec.name())) {
            throw new WeftException("there is no optimizer %s; there are %s"
                    .formatted(Quote.text(spec.name()), String.join(", ", names())));
        }
        OptimizerName made = new OptimizerName(text);
        if (made.isLbfgs()) {
            made.lbfgs(1);
        } else {
            made.create(1);
        }
        return made;
    }

    private Spec spec() {
        return Spec.parse("optimizer", text);
    }

    /** Whether it is L-BFGS, which takes whole batches and no learning rate. */
    boolean isLbfgs() {
        return spec().name().equals(LBFGS);
    }

    /** Whether its weight decay is a setting of its own, apart from the gradient. */
    boolean decaysByItself() {
        return spec().name().endsWith("w");
    }

    double usualLearningRate() {
        return Optimizers.of(text).learningRate();
    }

    /** The optimizer with this learning rate. */
    public RuleOptimizer create(double learningRate) {
        return Optimizers.of(text, learningRate);
    }

    /** L-BFGS with so many iterations at most. */
    Lbfgs lbfgs(int iterations) {
        Spec spec = spec();
        try {
            Lbfgs made = new Lbfgs(spec.whole("memory", 10), iterations, spec.number("tolerance", 1e-5));
            spec.requireAllRead();
            return made;
        } catch (IllegalArgumentException e) {
            throw new WeftException("optimizer lbfgs: " + e.getMessage());
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
