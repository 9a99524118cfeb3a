package dev.weft.cpu;

import dev.weft.op.Op;

/** The check for non-finite values, the optimizers' updates and those of layers' states. */
final class UpdateKernels {
    private UpdateKernels() {}

    static Kernel checkFinite(Op.CheckFinite op, Binding binding) {
        Primitives primitives = binding.primitives();
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        return Kernel.whole(Binding.elementWise(x.length, (from, n, thread) -> {
            if (step.nonFiniteStep < 0 && !primitives.allFinite(x.a, x.at + from, n)) {
                step.nonFiniteStep = step.number;
            }
        }));
    }

    static Kernel sgd(Op.SgdUpdate op, Binding binding) {
        Primitives primitives = binding.primitives();
        Step step = binding.step();
        Reals w = binding.reals(op.w());
        Reals dw = binding.reals(op.dw());
        Reals v = op.velocity() == null ? null : binding.reals(op.velocity());
        return Kernel.whole(Binding.elementWise(w.length, (from, n, thread) -> {
            if (step.nonFiniteStep >= 0) {
                return;
            }
            Primitives.SgdConstants constants = new Primitives.SgdConstants(
                    (float) op.momentum(),
                    (float) op.weightDecay(),
                    step.learningRate(op.optimizer()) * (float) op.learningRateScale());
            if (v == null) {
                primitives.sgd(w.a, w.at + from, dw.a, dw.at + from, n, constants);
            } else if (op.nesterov()) {
                primitives.nesterov(w.a, w.at + from, dw.a, dw.at + from, v.a, v.at + from, n, constants);
            } else {
                primitives.momentum(w.a, w.at + from, dw.a, dw.at + from, v.a, v.at + from, n, constants);
            }
        }));
    }

    static Kernel adam(Op.AdamUpdate op, Binding binding) {
        Primitives primitives = binding.primitives();
        Step step = binding.step();
        Reals w = binding.reals(op.w());
        Reals dw = binding.reals(op.dw());
        Reals m = binding.reals(op.m());
        Reals v = binding.reals(op.v());
        return Kernel.whole(Binding.elementWise(w.length, (from, n, thread) -> {
            if (step.nonFiniteStep >= 0) {
                return;
            }
            Primitives.AdamConstants constants = new Primitives.AdamConstants(
                    (float) op.beta1(),
                    (float) (1 - op.beta1()),
                    (float) op.beta2(),
                    (float) (1 - op.beta2()),
                    (float) op.epsilon(),
                    (float) op.weightDecay(),
                    step.learningRate(op.optimizer()) * (float) op.learningRateScale(),
                    step.correction(op.optimizer(), 0),
                    step.correction(op.optimizer(), 1));
            primitives.adam(w.a, w.at + from, dw.a, dw.at + from, m.a, m.at + from, v.a, v.at + from, n, constants);
        }));
    }

    static Kernel state(Op.StateUpdate op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Reals state = binding.reals(op.state());
        return Kernel.whole(Binding.elementWise(state.length, (from, n, thread) -> {
            if (step.nonFiniteStep < 0) {
                System.arraycopy(x.a, x.at + from, state.a, state.at + from, n);
            }
        }));
    }
}
