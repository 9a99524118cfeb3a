package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.random.Philox;
import java.util.Arrays;

/** Activations, sums, dropout and constants. */
final class ElementWiseKernels {
    private ElementWiseKernels() {}

    static Phase[] activation(Op.Activation op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        Binding.Range body = switch (op.function()) {
            case RELU -> (from, n) -> primitives.relu(x.a, x.at + from, y.a, y.at + from, n);
            case SIGMOID ->
                (from, n) -> {
                    for (int i = from; i < from + n; i++) {
                        y.a[y.at + i] = (float) (1 / (1 + StrictMath.exp(-x.a[x.at + i])));
                    }
                };
            case TANH ->
                (from, n) -> {
                    for (int i = from; i < from + n; i++) {
                        y.a[y.at + i] = (float) StrictMath.tanh(x.a[x.at + i]);
                    }
                };
        };
        return new Phase[] {Binding.elementWise(x.length, body)};
    }

    static Phase[] activationBackward(Op.ActivationBackward op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals y = binding.reals(op.y());
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        Binding.Range body = switch (op.function()) {
            case RELU ->
                (from, n) -> primitives.reluBackward(y.a, y.at + from, dy.a, dy.at + from, dx.a, dx.at + from, n);
            case SIGMOID ->
                (from, n) -> {
                    for (int i = from; i < from + n; i++) {
                        float value = y.a[y.at + i];
                        dx.a[dx.at + i] = dy.a[dy.at + i] * value * (1 - value);
                    }
                };
            case TANH ->
                (from, n) -> {
                    for (int i = from; i < from + n; i++) {
                        float value = y.a[y.at + i];
                        dx.a[dx.at + i] = dy.a[dy.at + i] * (1 - value * value);
                    }
                };
        };
        return new Phase[] {Binding.elementWise(y.length, body)};
    }

    static Phase[] add(Op.Add op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals a = binding.reals(op.a());
        Reals b = binding.reals(op.b());
        Reals y = binding.reals(op.y());
        return new Phase[] {
            Binding.elementWise(
                    y.length, (from, n) -> primitives.add(a.a, a.at + from, b.a, b.at + from, y.a, y.at + from, n))
        };
    }

    static Phase[] dropout(Op.Dropout op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        Bytes mask = binding.bytes(op.mask());
        float scale = (float) op.scale();
        int[][] words = new int[binding.threads()][4];
        Phase.Body body = (part, thread) -> {
            int end = Math.min(x.length, (part + 1) * DROPOUT_ELEMENTS);
            for (int i = part * DROPOUT_ELEMENTS; i < end; i++) {
                if (i % 4 == 0) {
                    Philox.words(op.seed(), op.stream(), step.number, i / 4, words[thread]);
                }
                boolean keep = Integer.compareUnsigned(words[thread][i % 4], op.threshold()) >= 0;
                mask.a[mask.at + i] = (byte) (keep ? 1 : 0);
                y.a[y.at + i] = keep ? x.a[x.at + i] * scale : 0;
            }
        };
        return new Phase[] {new Phase((x.length + DROPOUT_ELEMENTS - 1) / DROPOUT_ELEMENTS, body)};
    }

    /** Elements of a part of dropout's work: a multiple of 4, the elements that share a block of random words. */
    private static final int DROPOUT_ELEMENTS = 4096;

    static Phase[] dropoutBackward(Op.DropoutBackward op, Binding binding) {
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        Bytes mask = binding.bytes(op.mask());
        float scale = (float) op.scale();
        return new Phase[] {
            Binding.elementWise(dy.length, (from, n) -> {
                for (int i = from; i < from + n; i++) {
                    dx.a[dx.at + i] = mask.a[mask.at + i] != 0 ? dy.a[dy.at + i] * scale : 0;
                }
            })
        };
    }

    static Phase[] fill(Op.Fill op, Binding binding) {
        Reals y = binding.reals(op.y());
        return new Phase[] {
            Binding.elementWise(
                    y.length, (from, n) -> Arrays.fill(y.a, y.at + from, y.at + from + n, (float) op.value()))
        };
    }
}
