package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Formulas;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Recurrent layers, embeddings and masks. Errors are carried from step to step, as {@link CodeValues} carries them from node to
 * node. Those of a vector's elements meet in a product as if they were independent, so their squares are added up (Higham and Mary
 * 2019, A new approach to probabilistic rounding error analysis): the sum of their absolute values would multiply by about
 * the root of the number of units in each step, until after some ten steps no error could be seen any more.
 */
final class Sequences {
    /** What a sum of products may be off, beside its terms' own errors, in units of unit roundoff of their absolute values. */
    private static final double SUM = 16;

    private Sequences() {}

    /** A number for each unit, and how far it may be off. */
    private static final class Units {
        final double[] values;
        final double[] errors;

        Units(int count) {
            values = new double[count];
            errors = new double[count];
        }

        void add(int unit, double value, double error) {
            values[unit] += value;
            errors[unit] += error;
        }

        void load(Cells cells, int from) {
            for (int h = 0; h < values.length; h++) {
                values[h] = cells.get(from + h);
                errors[h] = 0;
            }
        }

        void clear() {
            Arrays.fill(values, 0);
            Arrays.fill(errors, 0);
        }

        void store(Cells cells, int from) {
            for (int h = 0; h < values.length; h++) {
                cells.set(from + h, values[h], Math.max(errors[h], Math.abs(values[h])));
            }
        }

        static void storeZeros(Cells cells, int from, int count) {
            for (int h = 0; h < count; h++) {
                cells.set(from + h, 0, 0);
            }
        }
    }

    /** The values of one row in one step. */
    private static final class Row {
        final Cell cell;
        final int units;
        final int steps;
        final List<Cells> weights;
        final Map<Value, Units> values = new HashMap<>();
        final Map<Formulas, CodeValues> codes = new HashMap<>();

        Row(Cell cell, int units, int steps, List<TensorRef> w, TensorRef v, Tensors t) {
            this.cell = cell;
            this.units = units;
            this.steps = steps;
            weights = w.stream().map(t::cells).toList();
            for (int q = 0; q < cell.weights().size(); q++) {
                of(Source.WEIGHT, q).load(t.cells(v), q * units);
            }
        }

        Units of(Source source, int index) {
            return of(new Value(source, index));
        }

        Units of(Value value) {
            return values.computeIfAbsent(value, key -> new Units(units));
        }

        /** The numbers of the steps that a sequence has, in the order of time. */
        int[] order(int length, boolean reverse) {
            int[] order = new int[length];
            Arrays.setAll(order, i -> reverse ? length - 1 - i : i);
            return order;
        }

        /** A product, whose weights are rows of its group's matrix. */
        void multiply(int product) {
            Cell.Group group = groupOf(product);
            Cells w = weights.get(cell.groups().indexOf(group));
            int first = group.products().indexOf(product) * units * units;
            Units y = of(Source.PRODUCT, product);
            y.clear();
            for (int h = 0; h < units; h++) {
                addProduct(w, first + h * units, 1, of(group.vector()), y, h);
            }
        }

        /** Adds to the gradient of the vector that a product has multiplied. */
        void multiplyBack(int product) {
            Cell.Group group = groupOf(product);
            Cells w = weights.get(cell.groups().indexOf(group));
            int first = group.products().indexOf(product) * units * units;
            Units dx = of(
                    group.vector().source() == Source.STATE ? Source.STATE_GRADIENT : Source.KEPT_GRADIENT,
                    group.vector().index());
            for (int k = 0; k < units; k++) {
                addProduct(w, first + k, units, of(gradient(product)), dx, k);
            }
        }

        /** Adds the product of weights that are {@code stride} apart with a vector. */
        private void addProduct(Cells w, int first, int stride, Units x, Units y, int unit) {
            double sum = 0;
            double size = 0;
            double squares = 0;
            for (int i = 0; i < units; i++) {
                double weight = w.get(first + i * stride);
                sum += weight * x.values[i];
                size += Math.abs(weight * x.values[i]);
                squares += weight * x.errors[i] * weight * x.errors[i];
            }
            y.add(unit, sum, SUM * size + Math.sqrt(squares));
        }

        /** Where the gradient of a product is. */
        Value gradient(int product) {
            return new Value(
                    cell.inputGradientsAreThoseOfProducts() ? Source.INPUT_GRADIENT : Source.PRODUCT_GRADIENT, product);
        }

        private Cell.Group groupOf(int product) {
            return cell.groups().stream()
                    .filter(group -> group.products().contains(product))
                    .findFirst()
                    .orElseThrow();
        }

        void compute(Formulas formulas) {
            CodeValues code = codes.computeIfAbsent(formulas, key -> new CodeValues(key.code()));
            List<Units> reads = formulas.reads().stream().map(this::of).toList();
            List<Units> writes = formulas.writes().stream().map(this::of).toList();
            double[] operands = new double[reads.size()];
            double[] errors = new double[reads.size()];
            for (int h = 0; h < units; h++) {
                for (int k = 0; k < operands.length; k++) {
                    operands[k] = reads.get(k).values[h];
                    errors[k] = reads.get(k).errors[h];
                }
                code.compute(operands, errors, new double[0]);
                for (int k = 0; k < writes.size(); k++) {
                    writes.get(k).values[h] = code.result(k);
                    writes.get(k).errors[h] = code.error(k);
                }
            }
        }

        void move(Source from, Source to) {
            for (int k = 0; k < cell.states(); k++) {
                Units source = of(from, k);
                System.arraycopy(source.values, 0, of(to, k).values, 0, units);
                System.arraycopy(source.errors, 0, of(to, k).errors, 0, units);
            }
        }
    }

    private static int length(TensorRef lengths, int row, int steps, Tensors t) {
        return lengths == null
                ? steps
                : Math.max(0, Math.min(steps, t.cells(lengths).getInt(row)));
    }

    static void recurrence(Op.Recurrence op, Tensors t) {
        int units = op.units();
        int steps = op.steps();
        Cell cell = op.cell();
        Row row = new Row(cell, units, steps, op.w(), op.v(), t);
        List<TensorRef> ofSteps = new ArrayList<>(List.of(op.y()));
        ofSteps.addAll(op.previous());
        ofSteps.addAll(op.kept());
        for (int n = 0; n < op.y().shape().get(0); n++) {
            int length = length(op.lengths(), n, steps, t);
            for (int k = 0; k < cell.states(); k++) {
                row.of(Source.STATE, k).clear();
                if (!op.start().isEmpty()) {
                    row.of(Source.STATE, k).load(t.cells(op.start().get(k)), n * units);
                }
            }
            for (int step : row.order(length, op.reverse())) {
                int at = n * steps + step;
                for (int i = 0; i < cell.inputs(); i++) {
                    row.of(Source.INPUT, i).load(t.cells(op.x()), (at * cell.inputs() + i) * units);
                }
                for (int k = 0; k < op.previous().size(); k++) {
                    row.of(Source.STATE, k).store(t.cells(op.previous().get(k)), at * units);
                }
                for (Cell.Part part : cell.parts()) {
                    part.products().forEach(row::multiply);
                    row.compute(part.forward());
                }
                for (int k = 0; k < op.kept().size(); k++) {
                    row.of(Source.KEPT, k).store(t.cells(op.kept().get(k)), at * units);
                }
                row.of(Source.NEXT, 0).store(t.cells(op.y()), at * units);
                row.move(Source.NEXT, Source.STATE);
            }
            for (TensorRef each : ofSteps) {
                Units.storeZeros(t.cells(each), (n * steps + length) * units, (steps - length) * units);
            }
            for (int k = 0; k < cell.states(); k++) {
                row.of(Source.STATE, k).store(t.cells(op.last().get(k)), n * units);
            }
        }
    }

    static void backward(Op.RecurrenceBackward op, Tensors t) {
        int units = op.units();
        int steps = op.steps();
        Cell cell = op.cell();
        int inputs = cell.inputs();
        Row row = new Row(cell, units, steps, op.w(), op.v(), t);
        for (int n = 0; n < op.dx().shape().get(0); n++) {
            int length = length(op.lengths(), n, steps, t);
            List<Units> weights = new ArrayList<>();
            cell.weights().forEach(weight -> weights.add(new Units(units)));
            for (int k = 0; k < cell.states(); k++) {
                row.of(Source.NEXT_GRADIENT, k).clear();
                if (!op.dlast().isEmpty()) {
                    row.of(Source.NEXT_GRADIENT, k).load(t.cells(op.dlast().get(k)), n * units);
                }
            }
            for (int step : row.order(length, !op.reverse())) {
                int at = n * steps + step;
                for (int k = 0; k < op.previous().size(); k++) {
                    row.of(Source.STATE, k).load(t.cells(op.previous().get(k)), at * units);
                }
                for (int k = 0; k < op.kept().size(); k++) {
                    row.of(Source.KEPT, k).load(t.cells(op.kept().get(k)), at * units);
                    row.of(Source.KEPT_GRADIENT, k).clear();
                }
                for (int i = 0; op.x() != null && i < inputs; i++) {
                    row.of(Source.INPUT, i).load(t.cells(op.x()), (at * inputs + i) * units);
                }
                row.of(Source.OUTPUT_GRADIENT, 0).clear();
                if (op.dy() != null) {
                    row.of(Source.OUTPUT_GRADIENT, 0).load(t.cells(op.dy()), at * units);
                }
                for (int p = cell.parts().size() - 1; p >= 0; p--) {
                    row.compute(cell.parts().get(p).backward());
                    cell.parts().get(p).products().forEach(row::multiplyBack);
                }
                for (int i = 0; i < inputs; i++) {
                    row.of(Source.INPUT_GRADIENT, i).store(t.cells(op.dx()), (at * inputs + i) * units);
                }
                for (int g = 0; g < op.dproducts().size(); g++) {
                    List<Integer> products = cell.groups().get(g).products();
                    for (int i = 0; i < products.size(); i++) {
                        row.of(Source.PRODUCT_GRADIENT, products.get(i))
                                .store(t.cells(op.dproducts().get(g)), (at * products.size() + i) * units);
                    }
                }
                for (int q = 0; q < weights.size(); q++) {
                    Units gradient = row.of(Source.WEIGHT_GRADIENT, q);
                    for (int h = 0; h < units; h++) {
                        double value = gradient.values[h];
                        weights.get(q).add(h, value, gradient.errors[h] + SUM * Math.abs(value));
                    }
                }
                row.move(Source.STATE_GRADIENT, Source.NEXT_GRADIENT);
            }
            int end = n * steps + length;
            int rest = (steps - length) * units;
            Units.storeZeros(t.cells(op.dx()), end * inputs * units, rest * inputs);
            for (int g = 0; g < op.dproducts().size(); g++) {
                int products = cell.groups().get(g).products().size();
                Units.storeZeros(t.cells(op.dproducts().get(g)), end * products * units, rest * products);
            }
            for (int q = 0; q < weights.size(); q++) {
                weights.get(q).store(t.cells(op.dv()), (n * weights.size() + q) * units);
            }
            for (int k = 0; k < op.dstart().size(); k++) {
                row.of(Source.NEXT_GRADIENT, k).store(t.cells(op.dstart().get(k)), n * units);
            }
        }
    }

    static void embedding(Op.Embedding op, Tensors t) {
        Cells table = t.cells(op.table());
        Cells index = t.cells(op.index());
        Cells y = t.cells(op.y());
        int rows = op.table().shape().get(0);
        int width = op.table().shape().last();
        for (int i = 0; i < index.length(); i++) {
            int row = index.getInt(i);
            for (int d = 0; d < width; d++) {
                double value = row < 0 || row >= rows ? Double.NaN : table.get(row * width + d);
                value = row == op.padding() && row >= 0 ? 0 : value;
                y.set(i * width + d, value, Math.abs(value));
            }
        }
    }

    static void embeddingGradient(Op.EmbeddingGradient op, Tensors t) {
        Cells index = t.cells(op.index());
        Cells dy = t.cells(op.dy());
        Cells dtable = t.cells(op.dtable());
        int rows = op.dtable().shape().get(0);
        int width = op.dtable().shape().last();
        Sums sums = new Sums(dtable.length());
        for (int i = 0; i < index.length(); i++) {
            int row = index.getInt(i);
            for (int d = 0; d < width && row >= 0 && row < rows && row != op.padding(); d++) {
                sums.add(row * width + d, dy.get(i * width + d));
            }
        }
        sums.store(dtable);
    }

    static void mask(Op.SequenceMask op, Tensors t) {
        Cells lengths = t.cells(op.lengths());
        Cells y = t.cells(op.y());
        int steps = op.y().shape().get(1);
        for (int i = 0; i < y.length(); i++) {
            y.set(i, i % steps < lengths.getInt(i / steps) ? 1 : 0, 1);
        }
    }
}
