package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Functions of elements, rules and reductions. */
final class Expressions {
    private Expressions() {}

    static void map(Op.Map op, Tensors t) {
        List<Cells> x = op.x().stream().map(t::cells).toList();
        Cells y = t.cells(op.y());
        double[] operands = new double[x.size()];
        CodeValues values = new CodeValues(op.function().code());
        List<int[]> strides = new ArrayList<>();
        for (int k = 0; k < operands.length; k++) {
            strides.add(strides(op.x().get(k), op.axes().get(k), op.y().shape().rank()));
        }
        for (int i = 0; i < y.length(); i++) {
            for (int k = 0; k < operands.length; k++) {
                operands[k] = x.get(k).get(place(i, op.y().shape(), strides.get(k)));
            }
            values.compute(operands, new double[0]);
            y.set(i, values.result(0), values.magnitude(0));
        }
    }

    /** What an operand's place grows by along each axis of the result; 0 along those that it lacks. */
    private static int[] strides(TensorRef x, List<Integer> axes, int rank) {
        int[] strides = new int[rank];
        int stride = 1;
        for (int own = axes.size() - 1; own >= 0; own--) {
            strides[axes.get(own)] = stride;
            stride *= x.shape().get(own);
        }
        return strides;
    }

    private static int place(int element, Shape shape, int[] strides) {
        int place = 0;
        int rest = element;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            place += rest % shape.get(axis) * strides[axis];
            rest /= shape.get(axis);
        }
        return place;
    }

    static void rule(Op.RuleUpdate op, Tensors t) {
        if (t.nonFiniteStep() >= 0) {
            return;
        }
        List<Cells> cells = new ArrayList<>(List.of(t.cells(op.w()), t.cells(op.dw())));
        op.state().forEach(state -> cells.add(t.cells(state)));
        double[] scalars = new double[op.code().scalars()];
        for (int k = 0; k < scalars.length; k++) {
            scalars[k] = k == 0 ? t.learningRate(op.optimizer()) : t.correction(op.optimizer(), k - 1);
        }
        double[] operands = new double[cells.size()];
        CodeValues values = new CodeValues(op.code());
        for (int i = 0; i < cells.get(0).length(); i++) {
            for (int k = 0; k < operands.length; k++) {
                operands[k] = cells.get(k).get(i);
            }
            values.compute(operands, scalars);
            for (int k = 0; k < op.code().results().size(); k++) {
                cells.get(k == 0 ? 0 : k + 1).set(i, values.result(k), values.magnitude(k));
            }
        }
    }

    static void reduce(Op.Reduce op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        Shape shape = op.x().shape();
        int inner = product(shape, op.to(), shape.rank());
        int terms = product(shape, op.from(), op.to());
        int counted = op.reducesBatch() ? terms / shape.get(0) * t.validRows() : terms;
        for (int i = 0; i < y.length(); i++) {
            int first = i / inner * terms * inner + i % inner;
            double sum = 0;
            double magnitude = 0;
            double largest = Double.NEGATIVE_INFINITY;
            for (int r = 0; r < counted; r++) {
                double value = x.get(first + r * inner);
                sum += value;
                magnitude += Math.abs(value);
                largest = Math.max(largest, value);
            }
            switch (op.reduction()) {
                case SUM -> y.set(i, sum, magnitude);
                case MEAN -> y.set(i, sum / counted, magnitude / counted);
                case MAX -> y.set(i, largest, Math.abs(largest));
            }
        }
    }

    private static int product(Shape shape, int from, int to) {
        int product = 1;
        for (int axis = from; axis < to; axis++) {
            product *= shape.get(axis);
        }
        return product;
    }

    static void oneHot(Op.OneHot op, Tensors t) {
        Cells labels = t.cells(op.labels());
        Cells y = t.cells(op.y());
        int classes = op.y().shape().get(op.y().shape().rank() - 1);
        for (int i = 0; i < y.length(); i++) {
            y.set(i, labels.getInt(i / classes) == i % classes ? 1 : 0, 1);
        }
    }
}
