package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Launches of {@code check_finite.cu}, {@code sgd_update.cu}, {@code adam_update.cu} and {@code state_update.cu}. */
final class UpdateKernels {
    private UpdateKernels() {}

    static List<Launch> checkFinite(Op.CheckFinite op, Binding binding) {
        int n = op.x().elements();
        int quads = ElementWiseKernels.quads(n, op.x());
        int threads = ElementWiseKernels.threads(n, quads);
        return List.of(binding.elementWise(
                "check_finite", "check_finite", threads, Binding.STATE, n, quads, op.x(), 0, 0, Binding.NULL));
    }

    /** Two tensors at once: loss and gradients. */
    static List<Op> matchCheckFinite2(List<Op> rest, Binding binding) {
        boolean two = Candidate.at(rest, 0, Op.CheckFinite.class) != null
                && Candidate.at(rest, 1, Op.CheckFinite.class) != null;
        return two ? rest.subList(0, 2) : List.of();
    }

    static List<Launch> checkFinite2(List<Op> ops, Binding binding) {
        TensorRef x0 = ((Op.CheckFinite) ops.get(0)).x();
        TensorRef x1 = ((Op.CheckFinite) ops.get(1)).x();
        int n0 = x0.elements();
        int n1 = x1.elements();
        int quads0 = ElementWiseKernels.quads(n0, x0);
        int quads1 = ElementWiseKernels.quads(n1, x1);
        int threads = Math.max(ElementWiseKernels.threads(n0, quads0), ElementWiseKernels.threads(n1, quads1));
        return List.of(binding.elementWise(
                "check_finite", "check_finite", threads, Binding.STATE, n0, quads0, x0, n1, quads1, x1));
    }

    static List<Launch> sgd(Op.SgdUpdate op, Binding binding) {
        int n = op.w().elements();
        boolean momentum = op.velocity() != null;
        int quads = momentum
                ? ElementWiseKernels.quads(n, op.w(), op.dw(), op.velocity())
                : ElementWiseKernels.quads(n, op.w(), op.dw());
        return List.of(binding.elementWise(
                "sgd_update",
                "sgd_update",
                ElementWiseKernels.threads(n, quads),
                n,
                quads,
                Binding.STATE,
                new Binding.Rates(op.optimizer()),
                (float) op.learningRateScale(),
                (float) op.momentum(),
                op.nesterov() ? 1 : 0,
                (float) op.weightDecay(),
                op.w(),
                op.dw(),
                momentum ? op.velocity() : Binding.NULL));
    }

    static List<Launch> adam(Op.AdamUpdate op, Binding binding) {
        int n = op.w().elements();
        int quads = ElementWiseKernels.quads(n, op.w(), op.dw(), op.m(), op.v());
        return List.of(binding.elementWise(
                "adam_update",
                "adam_update",
                ElementWiseKernels.threads(n, quads),
                n,
                quads,
                Binding.STATE,
                new Binding.Rates(op.optimizer()),
                (float) op.learningRateScale(),
                (float) op.beta1(),
                (float) (1 - op.beta1()),
                (float) op.beta2(),
                (float) (1 - op.beta2()),
                (float) op.epsilon(),
                (float) op.weightDecay(),
                op.w(),
                op.dw(),
                op.m(),
                op.v()));
    }

    static List<Launch> state(Op.StateUpdate op, Binding binding) {
        int n = op.x().elements();
        int quads = ElementWiseKernels.quads(n, op.x(), op.state());
        return List.of(binding.elementWise(
                "state_update",
                "state_update",
                ElementWiseKernels.threads(n, quads),
                n,
                quads,
                Binding.STATE,
                op.x(),
                op.state()));
    }
}
