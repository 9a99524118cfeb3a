package dev.weft.cpu.reference;

import dev.weft.op.Op;

/** The check for non-finite values, the optimizers' updates and those of layers' states. */
final class Updates {
    private Updates() {}

    static void checkFinite(Op.CheckFinite op, Tensors t) {
        Cells x = t.cells(op.x());
        for (int i = 0; i < x.length(); i++) {
            if (!Double.isFinite(x.get(i))) {
                t.setNonFinite();
            }
        }
    }

    static void sgd(Op.SgdUpdate op, Tensors t) {
        if (t.nonFiniteStep() >= 0) {
            return;
        }
        Cells w = t.cells(op.w());
        Cells dw = t.cells(op.dw());
        Cells velocity = op.velocity() == null ? null : t.cells(op.velocity());
        double rate = t.learningRate(op.optimizer()) * op.learningRateScale();
        for (int i = 0; i < w.length(); i++) {
            double g = dw.get(i) + op.weightDecay() * w.get(i);
            double magnitude = Math.abs(dw.get(i)) + Math.abs(op.weightDecay() * w.get(i));
            double direction = g;
            double directionMagnitude = magnitude;
            if (velocity != null) {
                double decayed = op.momentum() * velocity.get(i);
                double v = decayed + g;
                double vMagnitude = Math.abs(decayed) + magnitude;
                velocity.set(i, v, vMagnitude);
                direction = op.nesterov() ? g + op.momentum() * v : v;
                directionMagnitude = op.nesterov() ? magnitude + op.momentum() * vMagnitude : vMagnitude;
            }
            w.set(i, w.get(i) - rate * direction, Math.abs(w.get(i)) + rate * directionMagnitude);
        }
    }

    static void adam(Op.AdamUpdate op, Tensors t) {
        if (t.nonFiniteStep() >= 0) {
            return;
        }
        Cells w = t.cells(op.w());
        Cells dw = t.cells(op.dw());
        Cells m = t.cells(op.m());
        Cells v = t.cells(op.v());
        double rate = t.learningRate(op.optimizer()) * op.learningRateScale();
        double c1 = t.correction(op.optimizer(), 0);
        double c2 = t.correction(op.optimizer(), 1);
        for (int i = 0; i < w.length(); i++) {
            double g = dw.get(i);
            double first = op.beta1() * m.get(i) + (1 - op.beta1()) * g;
            double firstMagnitude = op.beta1() * Math.abs(m.get(i)) + (1 - op.beta1()) * Math.abs(g);
            double second = op.beta2() * v.get(i) + (1 - op.beta2()) * g * g;
            m.set(i, first, firstMagnitude);
            v.set(i, second, second);
            double scale = c1 / (Math.sqrt(second * c2) + op.epsilon());
            double decay = op.weightDecay() * w.get(i);
            w.set(
                    i,
                    w.get(i) - rate * (first * scale + decay),
                    Math.abs(w.get(i)) + rate * (firstMagnitude * scale + Math.abs(decay)));
        }
    }

    static void state(Op.StateUpdate op, Tensors t) {
        if (t.nonFiniteStep() >= 0) {
            return;
        }
        Cells x = t.cells(op.x());
        Cells state = t.cells(op.state());
        for (int i = 0; i < x.length(); i++) {
            state.set(i, x.get(i), Math.abs(x.get(i)));
        }
    }
}
