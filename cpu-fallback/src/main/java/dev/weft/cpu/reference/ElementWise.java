package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.random.Philox;

/** Activations, sums, dropout and constants. */
final class ElementWise {
    private ElementWise() {}

    static void activation(Op.Activation op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        for (int i = 0; i < x.length(); i++) {
            double value = switch (op.function()) {
                case RELU -> x.get(i) > 0 || Double.isNaN(x.get(i)) ? x.get(i) : 0;
                case SIGMOID -> 1 / (1 + Math.exp(-x.get(i)));
                case TANH -> Math.tanh(x.get(i));
            };
            y.set(i, value, Math.abs(value));
        }
    }

    static void activationBackward(Op.ActivationBackward op, Tensors t) {
        Cells y = t.cells(op.y());
        Cells dy = t.cells(op.dy());
        Cells dx = t.cells(op.dx());
        for (int i = 0; i < y.length(); i++) {
            double value = y.get(i);
            double gradient = dy.get(i);
            switch (op.function()) {
                case RELU -> dx.set(i, value > 0 ? gradient : 0, Math.abs(gradient));
                case SIGMOID -> dx.set(i, gradient * value * (1 - value), Math.abs(gradient) * value * (1 + value));
                case TANH -> dx.set(i, gradient * (1 - value * value), Math.abs(gradient) * (1 + value * value));
            }
        }
    }

    static void add(Op.Add op, Tensors t) {
        Cells a = t.cells(op.a());
        Cells b = t.cells(op.b());
        Cells y = t.cells(op.y());
        for (int i = 0; i < y.length(); i++) {
            y.set(i, a.get(i) + b.get(i), Math.abs(a.get(i)) + Math.abs(b.get(i)));
        }
    }

    static void dropout(Op.Dropout op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        Cells mask = t.cells(op.mask());
        int[] words = new int[4];
        for (int i = 0; i < x.length(); i++) {
            Philox.words(op.seed(), op.stream(), t.stepNumber(), i / 4, words);
            int keep = Integer.compareUnsigned(words[i % 4], op.threshold()) < 0 ? 0 : 1;
            double value = keep == 0 ? 0 : x.get(i) * op.scale();
            mask.set(i, keep, 0);
            y.set(i, value, Math.abs(value));
        }
    }

    static void dropoutBackward(Op.DropoutBackward op, Tensors t) {
        Cells dy = t.cells(op.dy());
        Cells mask = t.cells(op.mask());
        Cells dx = t.cells(op.dx());
        for (int i = 0; i < dy.length(); i++) {
            double value = mask.getInt(i) == 0 ? 0 : dy.get(i) * op.scale();
            dx.set(i, value, Math.abs(value));
        }
    }

    static void fill(Op.Fill op, Tensors t) {
        Cells y = t.cells(op.y());
        for (int i = 0; i < y.length(); i++) {
            y.set(i, op.value(), Math.abs(op.value()));
        }
    }
}
