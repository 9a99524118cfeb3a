package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.random.Philox;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/** Activations, sums, dropout and constants. They are the same loops on tiles and on whole tensors. */
final class ElementWiseKernels {
    private ElementWiseKernels() {}

    /** Work on the elements of a task's tiles, or on a part of a whole tensor. */
    @FunctionalInterface
    private interface Body {
        /**
         * @param from the first element, counted from the first of the operands
         * @param n elements
         */
        void run(Task task, int frame, int from, int n);
    }

    private static Kernel forEachElement(TensorRef y, Binding binding, Body body) {
        if (binding.tiled()) {
            int tile = binding.tiles(y).tile;
            return Kernel.tiled((task, frame, thread) -> body.run(task, frame, 0, task.count() * tile));
        }
        return Kernel.whole(Binding.elementWise(y.elements(), (from, n, thread) -> body.run(Task.WHOLE, 0, from, n)));
    }

    static Kernel activation(Op.Activation op, Binding binding) {
        Primitives primitives = binding.primitives();
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        return forEachElement(op.y(), binding, (task, frame, from, n) -> {
            int xAt = x.at(task, frame) + from;
            int yAt = y.at(task, frame) + from;
            switch (op.function()) {
                case RELU -> primitives.relu(x.reals, xAt, y.reals, yAt, n);
                case SIGMOID -> primitives.sigmoid(x.reals, xAt, y.reals, yAt, n);
                case TANH -> primitives.tanh(x.reals, xAt, y.reals, yAt, n);
            }
        });
    }

    static Kernel activationBackward(Op.ActivationBackward op, Binding binding) {
        Primitives primitives = binding.primitives();
        Operand y = binding.operand(op, op.y());
        Operand dy = binding.operand(op, op.dy());
        Operand dx = binding.operand(op, op.dx());
        return forEachElement(op.dx(), binding, (task, frame, from, n) -> {
            int yAt = y.at(task, frame) + from;
            int dyAt = dy.at(task, frame) + from;
            int dxAt = dx.at(task, frame) + from;
            switch (op.function()) {
                case RELU -> primitives.reluBackward(y.reals, yAt, dy.reals, dyAt, dx.reals, dxAt, n);
                case SIGMOID -> primitives.sigmoidBackward(y.reals, yAt, dy.reals, dyAt, dx.reals, dxAt, n);
                case TANH -> primitives.tanhBackward(y.reals, yAt, dy.reals, dyAt, dx.reals, dxAt, n);
            }
        });
    }

    static Kernel add(Op.Add op, Binding binding) {
        Primitives primitives = binding.primitives();
        Operand a = binding.operand(op, op.a());
        Operand b = binding.operand(op, op.b());
        Operand y = binding.operand(op, op.y());
        return forEachElement(
                op.y(),
                binding,
                (task, frame, from, n) -> primitives.add(
                        a.reals,
                        a.at(task, frame) + from,
                        b.reals,
                        b.at(task, frame) + from,
                        y.reals,
                        y.at(task, frame) + from,
                        n));
    }

    /** The random words are counted along the logical layout, so one sample comes after the other. */
    static Kernel dropout(Op.Dropout op, Binding binding) {
        Step step = binding.step();
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        Operand mask = binding.operand(op, op.mask());
        float scale = (float) op.scale();
        int[][] words = new int[binding.threads()][4];
        if (!binding.tiled()) {
            int n = op.x().elements();
            return Kernel.whole(new Phase((n + DROPOUT_ELEMENTS - 1) / DROPOUT_ELEMENTS, (part, thread) -> {
                int from = part * DROPOUT_ELEMENTS;
                int count = Math.min(n - from, DROPOUT_ELEMENTS);
                drop(op, step.number, from, count, x, y, mask, Task.WHOLE, 0, from, 1, scale, words[thread]);
            }));
        }
        Tiling tiling = binding.tiling();
        int lanes = tiling.lanes();
        int sample = x.tile / lanes;
        return Kernel.tiled((task, frame, thread) -> {
            for (int n = 0; n < task.count() * lanes; n++) {
                // lanes past the last row draw numbers, too, which nobody sees
                int first = (task.first() * lanes + n) * sample;
                int at = n / lanes * x.tile + n % lanes;
                drop(op, step.number, first, sample, x, y, mask, task, frame, at, lanes, scale, words[thread]);
            }
        });
    }

    /** Elements of a part of dropout's work: a multiple of 4, the elements that share a block of random words. */
    private static final int DROPOUT_ELEMENTS = 4096;

    private static void drop(
            Op.Dropout op,
            long stepNumber,
            int first,
            int count,
            Operand x,
            Operand y,
            Operand mask,
            Task task,
            int frame,
            int from,
            int stride,
            float scale,
            int[] words) {
        int xAt = x.at(task, frame) + from;
        int yAt = y.at(task, frame) + from;
        int maskAt = mask.at(task, frame) + from;
        long threshold = Integer.toUnsignedLong(op.threshold());
        for (int i = 0; i < count; i++) {
            int element = first + i;
            if (i == 0 || element % 4 == 0) {
                Philox.words(op.seed(), op.stream(), stepNumber, element / 4, words);
            }
            // 1 where the word is not below the threshold; no branch, since the processor could only guess it
            int keep = (int) ((Integer.toUnsignedLong(words[element % 4]) - threshold) >>> 63) ^ 1;
            mask.bytes[maskAt + i * stride] = (byte) keep;
            y.reals[yAt + i * stride] = kept(x.reals[xAt + i * stride] * scale, keep);
        }
    }

    /** The value where {@code keep} is 1, and 0 where it is 0. */
    private static float kept(float value, int keep) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) & -keep);
    }

    static Kernel dropoutBackward(Op.DropoutBackward op, Binding binding) {
        Operand dy = binding.operand(op, op.dy());
        Operand dx = binding.operand(op, op.dx());
        Operand mask = binding.operand(op, op.mask());
        float scale = (float) op.scale();
        return forEachElement(op.dx(), binding, (task, frame, from, n) -> {
            int dyAt = dy.at(task, frame) + from;
            int dxAt = dx.at(task, frame) + from;
            int maskAt = mask.at(task, frame) + from;
            for (int i = 0; i < n; i++) {
                dx.reals[dxAt + i] = kept(dy.reals[dyAt + i] * scale, mask.bytes[maskAt + i]);
            }
        });
    }

    static Kernel fill(Op.Fill op, Binding binding) {
        Operand y = binding.operand(op, op.y());
        return forEachElement(op.y(), binding, (task, frame, from, n) -> {
            int yAt = y.at(task, frame) + from;
            Arrays.fill(y.reals, yAt, yAt + n, (float) op.value());
        });
    }
}
