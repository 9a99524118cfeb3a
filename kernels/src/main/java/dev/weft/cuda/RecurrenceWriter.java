package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Formulas;
import dev.weft.op.expr.Cell.Group;
import dev.weft.op.expr.Cell.Part;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Expr.Kind;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Writes the kernels of recurrent layers. A block takes one row of the batch through all steps, so what a sequence gives does not
 * depend on its neighbours, and all threads of a block know whether the sequence has ended. A thread has every so many units: it
 * sums up their products, a term after the other, and computes their formulas in registers. What units tell each other, and what
 * they remember from step to step, is in slots of a number for each unit: in shared memory, or in device memory where there is not enough of
 * it. Sizes are constants of the text.
 *
 * <pre>{@code
 * for each step t of the sequence:                        backwards, in the other order:
 *     for each part of the cell:                              for each part of the cell, the last one first:
 *         products of the vectors in slots, formulas              formulas
 *         wait for all units                                      wait; add the transposed products to gradients in slots
 *     the states of the next step                             the gradients of the step before
 * }</pre>
 */
final class RecurrenceWriter extends PtxText {
    /** Threads of a block, at most. */
    static final int MOST_THREADS = 256;

    /** What every block may have without asking for more. */
    private static final int MOST_SHARED = 48 << 10;

    private static final String SHARED = "slots";

    /** The most terms of a running sum, whose error grows with their number. */
    private static final int TERMS = 2048;

    /** Terms of a pass, whose loads do not wait for each other. More, as the assembler would take them, need too many registers. */
    private static final int TERMS_OF_PASS = 8;

    private final Cell cell;
    private final int steps;
    private final int units;
    private final boolean reverse;
    private final List<Object> arguments = new ArrayList<>();
    private final Map<Value, Place> places = new HashMap<>();
    private final Set<Value> slots = new LinkedHashSet<>();
    private final Map<Value, String> registers = new HashMap<>();
    private int labels;

    private String thread;
    private String threads;
    private String row;
    private String slotsAt;
    /** The current unit's offset in bytes. */
    private String unit;

    /**
     * Where the numbers of all units are.
     *
     * @param base register with an address, to which {@code offset} bytes and the unit's own are added
     */
    private record Place(String space, String base, long offset) {}

    /** A tensor {@code [N,T,parts H]}, and the register with the address of the current step. */
    private record Steps(String pointer, String at, int parts) {}

    private final List<Steps> ofSteps = new ArrayList<>();

    private RecurrenceWriter(String kernel, Cell cell, int steps, int units, boolean reverse) {
        super(kernel);
        this.cell = cell;
        this.steps = steps;
        this.units = units;
        this.reverse = reverse;
    }

    /**
     * A kernel with what it is launched with.
     *
     * @param arguments its parameters, in order
     * @param sharedBytes of a block; 0 where {@code arguments} hold memory for the slots
     */
    record Written(String kernel, String text, List<Object> arguments, int sharedBytes) {}

    /** How many bytes a row's slots take in device memory; 0 where shared memory holds them. */
    static long slotBytes(int slots, int units) {
        long bytes = 4L * slots * units;
        return bytes <= MOST_SHARED ? 0 : bytes;
    }

    // ---------------------------------------------------------------- forward

    /**
     * @param transposed for each group its weights {@code [H,P H]}
     * @param memory gives so many bytes of device memory
     */
    static Written forward(String kernel, Op.Recurrence op, List<?> transposed, LongFunction<Object> memory) {
        RecurrenceWriter writer = new RecurrenceWriter(kernel, op.cell(), op.steps(), op.units(), op.reverse());
        writer.slotsOfForward();
        return writer.written(kernel, op.y().shape().get(0), memory, () -> writer.writeForward(op, transposed));
    }

    private void slotsOfForward() {
        slots.addAll(values(Source.STATE, cell.states()));
        slots.addAll(values(Source.NEXT, cell.states()));
        for (Group group : cell.groups()) {
            slots.add(group.vector());
        }
        for (Part part : cell.parts()) {
            for (Value value : part.forward().reads()) {
                boolean ofOther =
                        value.source() == Source.PRODUCT && !part.products().contains(value.index());
                if (ofOther || value.source() == Source.KEPT) {
                    slots.add(value);
                }
            }
        }
    }

    private void writeForward(Op.Recurrence op, List<?> transposed) {
        String length = length(op.lengths());
        put(op.x(), values(Source.INPUT, cell.inputs()));
        putWeights(op.v());
        List<String> w = transposed.stream().map(this::operand).toList();
        List<String> start = op.start().stream().map(this::operand).toList();
        List<String> last = op.last().stream().map(this::operand).toList();
        Place y = steps(op.y());
        List<Place> previous = op.previous().stream().map(this::steps).toList();
        List<Place> kept = op.kept().stream().map(this::steps).toList();
        List<Place> given = new ArrayList<>(List.of(y));
        given.addAll(previous);
        given.addAll(kept);
        String rowAt = ofRow(1);
        units(() -> {
            for (int k = 0; k < cell.states(); k++) {
                store(slot(Source.STATE, k), start.isEmpty() ? constant(0) : load(ofRow(start.get(k), rowAt)));
            }
        });
        line("bar.sync 0;");
        loop(length, reverse, ended -> {
            if (ended) {
                units(() -> given.forEach(place -> store(place, constant(0))));
                return;
            }
            for (int p = 0; p < cell.parts().size(); p++) {
                Part part = cell.parts().get(p);
                boolean first = p == 0;
                units(() -> {
                    for (int k = 0; first && k < previous.size(); k++) {
                        store(previous.get(k), load(slot(Source.STATE, k)));
                    }
                    registers.clear();
                    for (int g = 0; g < cell.groups().size(); g++) {
                        if (part.products().containsAll(cell.groups().get(g).products())) {
                            multiply(cell.groups().get(g), w.get(g));
                        }
                    }
                    compute(part.forward(), (value, x) -> {
                        if (slots.contains(value)) {
                            store(places.get(value), x);
                        }
                        if (value.source() == Source.KEPT && !kept.isEmpty()) {
                            store(kept.get(value.index()), x);
                        }
                    });
                });
                line("bar.sync 0;");
            }
            units(() -> {
                for (int k = 0; k < cell.states(); k++) {
                    String next = load(slot(Source.NEXT, k));
                    store(slot(Source.STATE, k), next);
                    if (k == 0) {
                        store(y, next);
                    }
                }
            });
            line("bar.sync 0;");
        });
        units(() -> {
            for (int k = 0; k < cell.states(); k++) {
                store(ofRow(last.get(k), rowAt), load(slot(Source.STATE, k)));
            }
        });
    }

    /** The products of a group for the current unit, in registers. */
    private void multiply(Group group, String transposed) {
        List<String> sums = group.products().stream()
                .map(product -> number("mov.f32", constant(0)))
                .toList();
        Place vector = places.get(group.vector());
        String x = address();
        line("add.u64 %s, %s, %d;", x, vector.base, vector.offset);
        String w = sum(transposed, unit);
        sumUp(units, sums, parts -> {
            String factor = number();
            line("ld.%s.f32 %s, [%s];", vector.space, factor, x);
            for (int i = 0; i < sums.size(); i++) {
                String weight = number();
                line("ld.global.f32 %s, [%s+%d];", weight, w, 4L * i * units);
                line("fma.rn.f32 %s, %s, %s, %s;", parts.get(i), weight, factor, parts.get(i));
            }
            line("add.u64 %s, %s, 4;", x, x);
            line("add.u64 %s, %s, %d;", w, w, 4L * sums.size() * units);
        });
        for (int i = 0; i < sums.size(); i++) {
            Value product = new Value(Source.PRODUCT, group.products().get(i));
            registers.put(product, sums.get(i));
            if (slots.contains(product)) {
                store(places.get(product), sums.get(i));
            }
        }
    }

    // ---------------------------------------------------------------- backward

    static Written backward(String kernel, Op.RecurrenceBackward op, LongFunction<Object> memory) {
        RecurrenceWriter writer = new RecurrenceWriter(kernel, op.cell(), op.steps(), op.units(), op.reverse());
        writer.slotsOfBackward();
        return writer.written(kernel, op.dx().shape().get(0), memory, () -> writer.writeBackward(op));
    }

    private void slotsOfBackward() {
        slots.addAll(values(Source.NEXT_GRADIENT, cell.states()));
        slots.addAll(values(Source.STATE_GRADIENT, cell.states()));
        slots.addAll(values(Source.WEIGHT_GRADIENT, cell.weights().size()));
        for (Group group : cell.groups()) {
            slots.add(gradientOfVector(group));
        }
    }

    private static Value gradientOfVector(Group group) {
        boolean state = group.vector().source() == Source.STATE;
        return new Value(
                state ? Source.STATE_GRADIENT : Source.KEPT_GRADIENT,
                group.vector().index());
    }

    private void writeBackward(Op.RecurrenceBackward op) {
        String length = length(op.lengths());
        putWeights(op.v());
        List<String> w = op.w().stream().map(this::operand).toList();
        if (op.x() != null) {
            put(op.x(), values(Source.INPUT, cell.inputs()));
        }
        for (int k = 0; k < op.previous().size(); k++) {
            put(op.previous().get(k), List.of(new Value(Source.STATE, k)));
        }
        for (int k = 0; k < op.kept().size(); k++) {
            put(op.kept().get(k), List.of(new Value(Source.KEPT, k)));
        }
        Value output = new Value(Source.OUTPUT_GRADIENT, 0);
        if (op.dy() == null) {
            registers.put(output, constant(0));
        } else {
            put(op.dy(), List.of(output));
        }
        List<String> dlast = op.dlast().stream().map(this::operand).toList();
        put(op.dx(), values(Source.INPUT_GRADIENT, cell.inputs()));
        List<Value> given = new ArrayList<>(values(Source.INPUT_GRADIENT, cell.inputs()));
        for (int g = 0; g < op.dproducts().size(); g++) {
            List<Value> ofGroup = cell.groups().get(g).products().stream()
                    .map(product -> new Value(Source.PRODUCT_GRADIENT, product))
                    .toList();
            put(op.dproducts().get(g), ofGroup);
            given.addAll(ofGroup);
        }
        int weights = cell.weights().size();
        String dv = op.dv() == null ? null : operand(op.dv());
        List<String> dstart = op.dstart().stream().map(this::operand).toList();
        String rowAt = ofRow(1);
        String weightsAt = ofRow(weights);
        units(() -> {
            for (int k = 0; k < cell.states(); k++) {
                store(slot(Source.NEXT_GRADIENT, k), dlast.isEmpty() ? constant(0) : load(ofRow(dlast.get(k), rowAt)));
            }
            for (int q = 0; q < weights; q++) {
                store(ofWeight(dv, weightsAt, q), constant(0));
            }
        });
        loop(length, !reverse, ended -> {
            if (ended) {
                units(() -> given.forEach(value -> store(places.get(value), constant(0))));
                return;
            }
            for (int p = cell.parts().size() - 1; p >= 0; p--) {
                Part part = cell.parts().get(p);
                boolean first = p == cell.parts().size() - 1;
                units(() -> {
                    for (Value value : slots) {
                        if (first && value.source() == Source.KEPT_GRADIENT) {
                            store(places.get(value), constant(0));
                        }
                    }
                    compute(part.backward(), (value, x) -> store(places.get(value), x));
                });
                line("bar.sync 0;");
                for (int g = 0; g < cell.groups().size(); g++) {
                    if (part.products().containsAll(cell.groups().get(g).products())) {
                        String matrix = w.get(g);
                        Group group = cell.groups().get(g);
                        units(() -> multiplyBack(group, matrix));
                    }
                }
            }
            units(() -> {
                for (int q = 0; q < weights; q++) {
                    Place sum = ofWeight(dv, weightsAt, q);
                    store(sum, number("add.rn.f32", load(sum), load(slot(Source.WEIGHT_GRADIENT, q))));
                }
                for (int k = 0; k < cell.states(); k++) {
                    store(slot(Source.NEXT_GRADIENT, k), load(slot(Source.STATE_GRADIENT, k)));
                }
            });
        });
        units(() -> {
            for (int k = 0; k < dstart.size(); k++) {
                store(ofRow(dstart.get(k), rowAt), load(slot(Source.NEXT_GRADIENT, k)));
            }
        });
    }

    /** Adds to the gradient of the vector that a group has multiplied, at the current unit. */
    private void multiplyBack(Group group, String matrix) {
        Source source = cell.inputGradientsAreThoseOfProducts() ? Source.INPUT_GRADIENT : Source.PRODUCT_GRADIENT;
        Place gradients = places.get(new Value(source, group.products().get(0)));
        String x = address();
        line("add.u64 %s, %s, %d;", x, gradients.base, gradients.offset);
        String w = sum(matrix, unit);
        Place y = places.get(gradientOfVector(group));
        String sum = number("mov.f32", constant(0));
        sumUp(group.products().size() * units, List.of(sum), parts -> {
            String factor = number();
            String weight = number();
            line("ld.global.f32 %s, [%s];", factor, x);
            line("ld.global.f32 %s, [%s];", weight, w);
            line("fma.rn.f32 %s, %s, %s, %s;", parts.get(0), weight, factor, parts.get(0));
            line("add.u64 %s, %s, 4;", x, x);
            line("add.u64 %s, %s, %d;", w, w, 4L * units);
        });
        store(y, number("add.rn.f32", load(y), sum));
    }

    // ---------------------------------------------------------------- the kernel

    private Written written(String kernel, int rows, LongFunction<Object> memory, Runnable body) {
        bound(MOST_THREADS, 2);
        thread = integer();
        threads = integer();
        row = integer();
        line("mov.u32 %s, %%tid.x;", thread);
        line("mov.u32 %s, %%ntid.x;", threads);
        line("mov.u32 %s, %%ctaid.x;", row);
        long bytes = slotBytes(slots.size(), units);
        String space = bytes == 0 ? "shared" : "global";
        if (bytes == 0) {
            declareShared(SHARED);
            slotsAt = address();
            line("mov.u64 %s, %s;", slotsAt, SHARED);
        } else {
            slotsAt = at(operand(memory.apply(bytes * rows)), row, Math.toIntExact(bytes));
        }
        for (Value value : slots) {
            places.put(value, new Place(space, slotsAt, 4L * units * places.size()));
        }
        body.run();
        return new Written(kernel, text(), arguments, bytes == 0 ? 4 * slots.size() * units : 0);
    }

    /** A parameter with an address. */
    private String operand(Object tensor) {
        arguments.add(tensor);
        return pointer();
    }

    private static List<Value> values(Source source, int count) {
        return IntStream.range(0, count).mapToObj(i -> new Value(source, i)).toList();
    }

    private Place slot(Source source, int index) {
        return places.get(new Value(source, index));
    }

    /** A tensor that holds a number for each row, step and unit. */
    private Place steps(TensorRef x) {
        return new Place("global", stepsOf(x, 1).at, 0);
    }

    /** Says that values are in a tensor {@code [N,T,count H]}, in this order. */
    private void put(TensorRef x, List<Value> values) {
        Steps all = stepsOf(x, values.size());
        for (int i = 0; i < values.size(); i++) {
            // a value that products multiply has a slot, too
            places.putIfAbsent(values.get(i), new Place("global", all.at, 4L * i * units));
        }
    }

    private Steps stepsOf(TensorRef x, int parts) {
        Steps all = new Steps(operand(x), address(), parts);
        ofSteps.add(all);
        return all;
    }

    private void putWeights(TensorRef v) {
        if (v != null) {
            String pointer = operand(v);
            for (int q = 0; q < cell.weights().size(); q++) {
                places.put(new Value(Source.WEIGHT, q), new Place("global", pointer, 4L * q * units));
            }
        }
    }

    /** The row's offset in a tensor {@code [N,parts H]}. */
    private String ofRow(int parts) {
        String offset = address();
        line("mul.wide.u32 %s, %s, %d;", offset, row, 4 * parts * units);
        return offset;
    }

    private Place ofRow(String pointer, String rowAt) {
        return new Place("global", sum(pointer, rowAt), 0);
    }

    private Place ofWeight(String dv, String weightsAt, int q) {
        return new Place("global", sum(dv, weightsAt), 4L * q * units);
    }

    private String sum(String pointer, String offset) {
        String address = address();
        line("add.u64 %s, %s, %s;", address, pointer, offset);
        return address;
    }

    /** The length of the row's sequence, at least 0 and at most that of all. */
    private String length(TensorRef lengths) {
        if (lengths == null) {
            return integer("mov.u32", Integer.toString(steps));
        }
        String length = integer();
        line("ld.global.s32 %s, [%s];", length, at(operand(lengths), row, Integer.BYTES));
        line("max.s32 %s, %s, 0;", length, length);
        line("min.s32 %s, %s, %d;", length, length, steps);
        return length;
    }

    /**
     * A loop over all steps.
     *
     * @param body is given whether the sequence has not begun or has ended
     */
    private void loop(String length, boolean fromTheLast, Consumer<Boolean> body) {
        String step = integer("mov.u32", Integer.toString(fromTheLast ? steps - 1 : 0));
        String first = integer();
        line("mul.lo.u32 %s, %s, %d;", first, row, steps);
        repeat(steps, () -> {
            String number = integer("add.u32", first, step);
            for (Steps each : ofSteps) {
                String offset = address();
                line("mul.wide.u32 %s, %s, %d;", offset, number, 4 * each.parts * units);
                line("add.u64 %s, %s, %s;", each.at, each.pointer, offset);
            }
            String outside = predicate();
            String ended = label();
            String next = label();
            line("setp.ge.s32 %s, %s, %s;", outside, step, length);
            line("@%s bra %s;", outside, ended);
            body.accept(false);
            line("bra %s;", next);
            begin(ended);
            body.accept(true);
            begin(next);
            line("add.s32 %s, %s, %d;", step, step, fromTheLast ? -1 : 1);
        });
    }

    /**
     * Adds up so many terms, in pieces of at most {@link #TERMS} that are added up in order.
     *
     * @param term adds the next term to each of the registers that it is given
     */
    private void sumUp(int count, List<String> sums, Consumer<List<String>> term) {
        if (count <= TERMS) {
            addTerms(count, sums, term);
            return;
        }
        List<String> parts = sums.stream().map(sum -> number()).toList();
        repeat(count / TERMS, () -> addPiece(TERMS, sums, parts, term));
        if (count % TERMS > 0) {
            addPiece(count % TERMS, sums, parts, term);
        }
    }

    private void addPiece(int count, List<String> sums, List<String> parts, Consumer<List<String>> term) {
        parts.forEach(part -> line("mov.f32 %s, %s;", part, constant(0)));
        addTerms(count, parts, term);
        for (int i = 0; i < sums.size(); i++) {
            line("add.rn.f32 %s, %s, %s;", sums.get(i), sums.get(i), parts.get(i));
        }
    }

    private void addTerms(int count, List<String> sums, Consumer<List<String>> term) {
        if (count >= TERMS_OF_PASS) {
            repeat(count / TERMS_OF_PASS, () -> addInRow(TERMS_OF_PASS, sums, term));
        }
        addInRow(count % TERMS_OF_PASS, sums, term);
    }

    private static void addInRow(int count, List<String> sums, Consumer<List<String>> term) {
        for (int i = 0; i < count; i++) {
            term.accept(sums);
        }
    }

    private void repeat(int count, Runnable body) {
        String i = integer("mov.u32", "0");
        String again = label();
        begin(again);
        line(".pragma \"nounroll\";");
        body.run();
        line("add.u32 %s, %s, 1;", i, i);
        String more = predicate();
        line("setp.lt.u32 %s, %s, %d;", more, i, count);
        line("@%s bra %s;", more, again);
    }

    /** The units of each thread, one after the other. */
    private void units(Runnable body) {
        String number = integer("mov.u32", thread);
        String again = label();
        String end = label();
        begin(again);
        String done = predicate();
        line("setp.ge.u32 %s, %s, %d;", done, number, units);
        line("@%s bra %s;", done, end);
        unit = address();
        line("mul.wide.u32 %s, %s, 4;", unit, number);
        body.run();
        line("add.u32 %s, %s, %s;", number, number, threads);
        line("bra %s;", again);
        begin(end);
    }

    private String label() {
        return "$at_" + labels++;
    }

    private void begin(String label) {
        body.append(label).append(":\n");
    }

    // ---------------------------------------------------------------- values of a unit

    private String load(Place place) {
        String x = number();
        line("ld.%s.f32 %s, [%s+%d];", place.space, x, sum(place.base, unit), place.offset);
        return x;
    }

    private void store(Place place, String x) {
        String value = x.startsWith("%") ? x : number("mov.f32", x);
        line("st.%s.f32 [%s+%d], %s;", place.space, sum(place.base, unit), place.offset, value);
    }

    private interface Results {
        void put(Value value, String x);
    }

    private void compute(Formulas formulas, Results results) {
        Code code = formulas.code().writtenOut();
        String[] values = new String[code.nodes().size()];
        for (int i = 0; i < values.length; i++) {
            Code.Node node = code.nodes().get(i);
            if (node.kind() == Kind.OPERAND) {
                Value value = formulas.reads().get(node.index());
                values[i] = registers.containsKey(value) ? registers.get(value) : load(places.get(value));
            } else if (node.kind() == Kind.CONSTANT) {
                values[i] = constant((float) node.value());
            } else {
                values[i] = operation(
                        node.kind(),
                        node.reads().stream().map(read -> values[read]).toArray(String[]::new));
            }
        }
        for (int k = 0; k < formulas.writes().size(); k++) {
            results.put(formulas.writes().get(k), values[code.results().get(k)]);
        }
    }
}
