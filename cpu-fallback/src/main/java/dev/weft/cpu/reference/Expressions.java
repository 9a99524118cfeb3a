package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Evaluation;
import dev.weft.op.expr.Expr.Kind;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Functions of elements, rules and reductions. The magnitude of a value is here a bound, in units of unit roundoff, of what
 * an evaluation with rounding after each operation may be off, to first order: that of its arguments times what the operation
 * makes of them, and its own rounding (Higham, Accuracy and Stability of Numerical Algorithms, 3.3).
 */
final class Expressions {
    /** Of the functions that backends compute by polynomials, in units of unit roundoff. */
    private static final double ELEMENTARY = 6;

    /** An absolute error that underflow adds to each operation, in units of unit roundoff. */
    private static final double UNDERFLOW = Float.MIN_NORMAL;

    /** Unit roundoff of the coarsest backends. */
    private static final double FLOAT_ROUNDOFF = 0x1p-24;

    private Expressions() {}

    static void map(Op.Map op, Tensors t) {
        List<Cells> x = op.x().stream().map(t::cells).toList();
        Cells y = t.cells(op.y());
        double[] operands = new double[x.size()];
        Values values = new Values(op.function().code());
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
        Values values = new Values(op.code());
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

    /** The nodes of a code for one element. */
    private static final class Values {
        private final Code code;
        private final double[] values;
        private final double[] errors;
        private final double[][] arguments;
        private final double[][] argumentErrors;

        Values(Code code) {
            this.code = code;
            values = new double[code.nodes().size()];
            errors = new double[values.length];
            arguments = new double[values.length][];
            argumentErrors = new double[values.length][];
            for (int i = 0; i < values.length; i++) {
                arguments[i] = new double[code.nodes().get(i).reads().size()];
                argumentErrors[i] = new double[arguments[i].length];
            }
        }

        double result(int k) {
            return values[code.results().get(k)];
        }

        /** The bound, and what one rounding of the value may take. */
        double magnitude(int k) {
            return Math.max(errors[code.results().get(k)], Math.abs(result(k)));
        }

        void compute(double[] operands, double[] scalars) {
            for (int i = 0; i < values.length; i++) {
                Code.Node node = code.nodes().get(i);
                switch (node.kind()) {
                    case OPERAND -> set(i, operands[node.index()], 0);
                    case CONSTANT -> set(i, node.value(), roundingOf(node.value()));
                    case SCALAR -> set(i, scalars[node.index()], Math.abs(scalars[node.index()]));
                    default -> compute(i, node);
                }
            }
        }

        /** What a constant loses where it is no float. */
        private static double roundingOf(double constant) {
            return (float) constant == constant ? 0 : Math.abs(constant);
        }

        private void set(int i, double value, double error) {
            values[i] = value;
            errors[i] = error;
        }

        private void compute(int i, Code.Node node) {
            double[] x = arguments[i];
            double[] e = argumentErrors[i];
            for (int k = 0; k < x.length; k++) {
                x[k] = values[node.reads().get(k)];
                e[k] = errors[node.reads().get(k)];
            }
            double value = Evaluation.value(node.kind(), x);
            set(i, value, error(node.kind(), value, x, e));
        }

        private static double error(Kind kind, double value, double[] x, double[] e) {
            double rounding = Math.abs(value) + UNDERFLOW;
            return switch (kind) {
                case ADD, SUBTRACT -> e[0] + e[1] + rounding;
                case MULTIPLY -> product(x[0], e[1]) + product(x[1], e[0]) + rounding;
                case DIVIDE -> (e[0] + product(value, e[1])) / Math.abs(x[1]) + rounding;
                case MINIMUM, MAXIMUM -> near(x[0] - x[1], e[0] + e[1]) ? e[0] + e[1] : value == x[0] ? e[0] : e[1];
                case NEGATE, ABSOLUTE -> e[0];
                case SIGN -> near(x[0], e[0]) ? 1 / FLOAT_ROUNDOFF : 0;
                // near 0 the root of what the argument may be off
                case SQRT ->
                    Math.min(
                                    product(Evaluation.slope(kind, x[0]), e[0]),
                                    Math.sqrt(e[0] * FLOAT_ROUNDOFF) / FLOAT_ROUNDOFF)
                            + rounding;
                case SELECT ->
                    (x[0] < x[1] ? e[2] : e[3])
                            + (near(x[0] - x[1], e[0] + e[1])
                                    ? Math.abs(x[2] - x[3]) / FLOAT_ROUNDOFF + e[2] + e[3]
                                    : 0);
                default -> product(Evaluation.slope(kind, x[0]), e[0]) + ELEMENTARY * rounding;
            };
        }

        /** Whether rounding may have changed the sign of a difference. */
        private static boolean near(double difference, double error) {
            return error > 0 && Math.abs(difference) <= 2 * FLOAT_ROUNDOFF * error;
        }

        /** 0 for an argument without an error, even where the slope is infinite. */
        private static double product(double slope, double error) {
            return error == 0 ? 0 : Math.abs(slope) * error;
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
