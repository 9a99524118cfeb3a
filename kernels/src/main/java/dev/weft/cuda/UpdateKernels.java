package dev.weft.cuda;

import dev.weft.op.Op;
import java.util.List;

/** Launches of {@code check_finite.cu}, {@code sgd_update.cu} and {@code adam_update.cu}. */
final class UpdateKernels {
    private UpdateKernels() {}

    static List<Launch> checkFinite(Op.CheckFinite op, Binding binding) {
        int n = op.x().elements();
        int quads = ElementWiseKernels.quads(n, op.x());
        return List.of(binding.elementWise(
                "check_finite",
                "check_finite",
                ElementWiseKernels.threads(n, quads),
                Binding.STATE,
                n,
                quads,
                op.x(),
                0,
                0,
                Binding.NULL));
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
                Binding.RATES,
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
                Binding.RATES,
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
}
