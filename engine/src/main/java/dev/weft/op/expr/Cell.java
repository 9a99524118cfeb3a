package dev.weft.op.expr;

import dev.weft.op.expr.Expr.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One step of a recurrent layer as formulas for one unit, which {@link dev.weft.op.Op.Recurrence} applies to a whole sequence:
 *
 * <pre>{@code
 * Cell elman = Cell.of("elman", 1, s -> List.of(
 *         s.input().plus(s.product(s.state(0))).plus(s.weight(0)).tanh()));
 * }</pre>
 *
 * <p>A unit has its own inputs, states and weights. Units meet in products alone: {@code s.product(v)} is this unit's row of a
 * matrix of recurrent weights, times the vector that {@code v} is over all units, be it a state or something computed in the
 * same step. State 0 is the output. The gradients follow by symbolic differentiation.
 *
 * <p>To compute a step means to go through the {@link #parts}: the products of a part first, then its formulas. Backwards each
 * part runs its other formulas, and then the transposed products. Elementary functions are not computed again backwards: their values are kept.
 */
public final class Cell {

    /** What a formula reads or writes for each unit. */
    public enum Source {
        /** A state before the step. */
        STATE,
        /** What comes from the step's input. */
        INPUT,
        /** A recurrent product. */
        PRODUCT,
        /** A weight of the unit. */
        WEIGHT,
        /** A value that the backward step reads. */
        KEPT,
        /** A state after the step. */
        NEXT,
        /** The gradient of the output after the step, as the layers above give it. */
        OUTPUT_GRADIENT,
        /** The gradient of a state after the step, as the step after it gives it. */
        NEXT_GRADIENT,
        /** The gradient of a state before the step. */
        STATE_GRADIENT,
        /** The gradient of an input. */
        INPUT_GRADIENT,
        /** The gradient of a product. */
        PRODUCT_GRADIENT,
        /** The gradient of a unit's weight, of this step alone. */
        WEIGHT_GRADIENT,
        /** The gradient of a value that products multiply. */
        KEPT_GRADIENT
    }

    /** One of the values of a kind. */
    public record Value(Source source, int index) {}

    /**
     * Formulas that are computed together.
     *
     * @param reads what the operands of the code are
     * @param writes what its results are
     */
    public record Formulas(Code code, List<Value> reads, List<Value> writes) {
        public Formulas {
            reads = List.copyOf(reads);
            writes = List.copyOf(writes);
        }
    }

    /**
     * What can be computed at once between products.
     *
     * @param products the products that come before the formulas
     */
    public record Part(List<Integer> products, Formulas forward, Formulas backward) {}

    /**
     * Products of one vector, whose weights are rows of one matrix.
     *
     * @param vector a {@link Source#STATE} or a {@link Source#KEPT} value
     * @param products the numbers of the products, in the order of their rows
     */
    public record Group(Value vector, List<Integer> products) {}

    /** What a formula is made of. */
    public interface Step {
        /** A state before the step. */
        Expr state(int index);

        /** The unit's next number from the step's input; there are as many as calls. */
        Expr input();

        /** The unit's row of a matrix of its own, times a vector of all units: a state, or a formula of this step. */
        Expr product(Expr vector);

        /** A weight of the unit, as a bias is, with its value before training. */
        Expr weight(double initial);

        /** {@code input() + product(vector) + weight(0)}, what a gate applies its function to. */
        default Expr gate(Expr vector) {
            return input().plus(product(vector)).plus(weight(0));
        }
    }

    /**
     * One of the cell's formulas by itself.
     *
     * @param reads what the function's operands are
     */
    public record Single(Function function, List<Value> reads) {}

    /** The formula of a cell. */
    @FunctionalInterface
    public interface Formula {
        /** The states after the step; the first one is the output. */
        List<Expr> next(Step s);
    }

    private static final Set<Kind> ELEMENTARY = EnumSet.of(
            Kind.EXP, Kind.LOG, Kind.LOG1P, Kind.TANH, Kind.SIGMOID, Kind.SOFTPLUS, Kind.ERF, Kind.SIN, Kind.COS);

    private final String name;
    private final Formula formula;
    private final int states;
    private final int inputs;
    private final List<Double> weights;
    private final List<Group> groups;
    private final List<Part> parts;
    private final int kept;
    private final List<Single> vectors;
    private final List<Single> next;

    private Cell(String name, int states, Formula formula, Build build) {
        this.name = name;
        this.formula = formula;
        this.states = states;
        this.inputs = build.count(Source.INPUT);
        this.weights = List.copyOf(build.weights);
        this.groups = List.copyOf(build.groups);
        this.parts = List.copyOf(build.parts);
        this.kept = build.kept.size();
        this.vectors = build.vectors.stream()
                .map(x -> build.single(name + " vector", x))
                .toList();
        this.next = build.next.stream().map(x -> build.single(name, x)).toList();
    }

    /**
     * A cell of a formula.
     *
     * @param name what listings and messages call it
     * @throws IllegalArgumentException if the formula gives another number of states, or has no input
     */
    public static Cell of(String name, int states, Formula formula) {
        if (states < 1) {
            throw new IllegalArgumentException("cell " + name + " needs a state, which is its output");
        }
        return new Cell(name, states, formula, new Build(name, states, formula));
    }

    /** What listings and messages call it. */
    public String name() {
        return name;
    }

    /** What it was made of. */
    public Formula formula() {
        return formula;
    }

    /** States of a unit; the first one is the output. */
    public int states() {
        return states;
    }

    /** Numbers of a unit that come from the step's input. */
    public int inputs() {
        return inputs;
    }

    /** The values before training of a unit's own weights. */
    public List<Double> weights() {
        return weights;
    }

    /** The products by the vector that they multiply. */
    public List<Group> groups() {
        return groups;
    }

    /** The parts of a step, in order. */
    public List<Part> parts() {
        return parts;
    }

    /** How many values of a unit are kept of each step for the gradients. */
    public int kept() {
        return kept;
    }

    /** For each product the vector that it multiplies, which reads products before it alone. */
    public List<Single> vectors() {
        return vectors;
    }

    /** The states after a step. */
    public List<Single> next() {
        return next;
    }

    /** Whether the gradients depend on the inputs themselves. */
    public boolean gradientsReadInputs() {
        return parts.stream()
                .flatMap(part -> part.backward.reads.stream())
                .anyMatch(value -> value.source == Source.INPUT);
    }

    /** Whether the gradient of each product is that of the input with its number, so that there is only one of them. */
    public boolean inputGradientsAreThoseOfProducts() {
        return parts.stream()
                .flatMap(part -> part.backward.writes.stream())
                .noneMatch(value -> value.source == Source.PRODUCT_GRADIENT);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cell cell
                && cell.name.equals(name)
                && cell.states == states
                && cell.inputs == inputs
                && cell.weights.equals(weights)
                && cell.groups.equals(groups)
                && cell.parts.equals(parts);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }

    /** Takes a formula apart. */
    private static final class Build implements Step {
        private final List<Value> operands = new ArrayList<>();
        private final List<Expr> ofOperands = new ArrayList<>();
        private final List<Double> weights = new ArrayList<>();
        private final List<Expr> vectors = new ArrayList<>();
        private final List<Expr> next;
        /** What is kept for the gradients: first what products multiply, then values of elementary functions, then products. */
        private final List<Expr> kept = new ArrayList<>();

        private final Map<Expr, Integer> levels = new IdentityHashMap<>();
        private final List<Group> groups = new ArrayList<>();
        private final List<Part> parts = new ArrayList<>();

        private final String name;
        private final int states;

        Build(String name, int states, Formula formula) {
            this.name = name;
            this.states = states;
            for (int k = 0; k < states; k++) {
                operand(Source.STATE);
            }
            next = List.copyOf(formula.next(this));
            if (next.size() != states || count(Source.INPUT) == 0) {
                throw new IllegalArgumentException(
                        "cell %s of %d states needs as many formulas, and an input; it has %d formulas and %d inputs"
                                .formatted(name, states, next.size(), count(Source.INPUT)));
            }
            vectors.stream().filter(vector -> !isState(vector)).forEach(this::keep);
            Set<Expr> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            next.forEach(x -> keepElementary(x, seen));
            vectors.forEach(x -> keepElementary(x, seen));
            groupProducts();
            int last = next.stream().mapToInt(this::level).max().orElse(0);
            for (int product = 0; product < vectors.size(); product++) {
                last = Math.max(last, levelOfProduct(product));
            }
            int first = last > 0 && intermediates(0).isEmpty() ? 1 : 0;
            List<Formulas> backward = backward(first, last);
            if (keepProducts(backward)) {
                backward = backward(first, last);
            }
            if (sharesGradients(backward)) {
                backward = List.of(withoutProducts(backward.get(0)));
            }
            for (int level = first; level <= last; level++) {
                parts.add(new Part(productsOf(level), forward(level, first, last), backward.get(level - first)));
            }
        }

        private Expr operand(Source source) {
            operands.add(new Value(source, count(source)));
            Expr made = Expr.operand(ofOperands.size());
            ofOperands.add(made);
            return made;
        }

        int count(Source source) {
            return (int)
                    operands.stream().filter(value -> value.source == source).count();
        }

        private Expr get(Source source, int index) {
            return ofOperands.get(operands.indexOf(new Value(source, index)));
        }

        @Override
        public Expr state(int index) {
            if (index < 0 || index >= states) {
                throw new IllegalArgumentException(
                        "cell %s reads state %d, and has %d, counted from 0".formatted(name, index, states));
            }
            return get(Source.STATE, index);
        }

        @Override
        public Expr input() {
            return operand(Source.INPUT);
        }

        @Override
        public Expr product(Expr vector) {
            vectors.add(vector);
            return operand(Source.PRODUCT);
        }

        @Override
        public Expr weight(double initial) {
            weights.add(initial);
            return operand(Source.WEIGHT);
        }

        // ------------------------------------------------------------ structure

        private boolean isState(Expr x) {
            return x.kind() == Kind.OPERAND && operands.get(x.index()).source == Source.STATE;
        }

        /** How many products follow each other up to this value. */
        private int level(Expr x) {
            Integer known = levels.get(x);
            if (known == null) {
                known = x.arguments().stream().mapToInt(this::level).max().orElse(0);
                if (x.kind() == Kind.OPERAND && operands.get(x.index()).source == Source.PRODUCT) {
                    known = levelOfProduct(operands.get(x.index()).index);
                }
                levels.put(x, known);
            }
            return known;
        }

        private int levelOfProduct(int product) {
            return 1 + level(vectors.get(product));
        }

        private List<Integer> productsOf(int level) {
            return IntStream.range(0, vectors.size())
                    .filter(product -> levelOfProduct(product) == level)
                    .boxed()
                    .toList();
        }

        /** Numbers of the kept values that products of the next level multiply. */
        private List<Integer> intermediates(int level) {
            return IntStream.range(0, kept.size())
                    .filter(k ->
                            vectors.stream().anyMatch(vector -> vector == kept.get(k)) && level(kept.get(k)) == level)
                    .boxed()
                    .toList();
        }

        private void keep(Expr x) {
            if (kept.stream().noneMatch(other -> other == x)) {
                kept.add(x);
            }
        }

        private void keepElementary(Expr x, Set<Expr> seen) {
            if (!seen.add(x)) {
                return;
            }
            if (ELEMENTARY.contains(x.kind())) {
                keep(x);
            }
            x.arguments().forEach(argument -> keepElementary(argument, seen));
        }

        private void groupProducts() {
            Map<Value, List<Integer>> ofVectors = new LinkedHashMap<>();
            for (int product = 0; product < vectors.size(); product++) {
                Expr vector = vectors.get(product);
                Value value =
                        isState(vector) ? operands.get(vector.index()) : new Value(Source.KEPT, indexOfKept(vector));
                ofVectors.computeIfAbsent(value, key -> new ArrayList<>()).add(product);
            }
            ofVectors.forEach((vector, products) -> groups.add(new Group(vector, List.copyOf(products))));
        }

        private int indexOfKept(Expr x) {
            return IntStream.range(0, kept.size())
                    .filter(k -> kept.get(k) == x)
                    .findFirst()
                    .orElse(-1);
        }

        // ------------------------------------------------------------ formulas

        private Formulas forward(int level, int first, int last) {
            Map<Expr, Value> before = new IdentityHashMap<>();
            List<Value> writes = new ArrayList<>();
            List<Expr> results = new ArrayList<>();
            for (int k = 0; k < kept.size(); k++) {
                int own = Math.max(first, level(kept.get(k)));
                if (own < level) {
                    before.put(kept.get(k), new Value(Source.KEPT, k));
                } else if (own == level) {
                    writes.add(new Value(Source.KEPT, k));
                    results.add(kept.get(k));
                }
            }
            for (int k = 0; level == last && k < next.size(); k++) {
                writes.add(new Value(Source.NEXT, k));
                results.add(next.get(k));
            }
            return formulas(results, before, new HashMap<>(), writes);
        }

        /** The formulas of all parts; later parts come first in time, and earlier ones add to their gradients. */
        private List<Formulas> backward(int first, int last) {
            Map<Expr, Value> ofKept = new IdentityHashMap<>();
            for (int k = 0; k < kept.size(); k++) {
                ofKept.put(kept.get(k), new Value(Source.KEPT, k));
            }
            List<Formulas> reversed = new ArrayList<>();
            Set<Value> begun = new HashSet<>();
            for (int level = last; level >= first; level--) {
                List<Expr> values = new ArrayList<>();
                List<Expr> gradients = new ArrayList<>();
                Map<Integer, Value> extra = new HashMap<>();
                for (int k = 0; level == last && k < next.size(); k++) {
                    Expr gradient = extra(new Value(Source.NEXT_GRADIENT, k), extra);
                    values.add(next.get(k));
                    gradients.add(
                            k == 0
                                    ? extra(new Value(Source.OUTPUT_GRADIENT, 0), extra)
                                            .plus(gradient)
                                    : gradient);
                }
                for (int k : intermediates(level)) {
                    values.add(kept.get(k));
                    gradients.add(extra(new Value(Source.KEPT_GRADIENT, k), extra));
                }
                List<Expr> results = new ArrayList<>();
                List<Value> writes = new ArrayList<>();
                Map<Expr, Expr> adjoints = Expr.adjoints(values, gradients);
                for (int i = 0; i < operands.size(); i++) {
                    Expr sum = adjoints.getOrDefault(ofOperands.get(i), Expr.constant(0));
                    Value gradient = gradientOf(operands.get(i));
                    if (begun.contains(gradient) && !isZero(sum)) {
                        sum = extra(gradient, extra).plus(sum);
                    }
                    if (begun.add(gradient) || !isZero(sum)) {
                        results.add(sum);
                        writes.add(gradient);
                    }
                }
                reversed.add(formulas(results, ofKept, extra, writes));
            }
            Collections.reverse(reversed);
            return reversed;
        }

        private static boolean isZero(Expr x) {
            return x.kind() == Kind.CONSTANT && x.value() == 0;
        }

        private Expr extra(Value value, Map<Integer, Value> extra) {
            int index = operands.size() + extra.size();
            extra.put(index, value);
            return Expr.operand(index);
        }

        private static Value gradientOf(Value value) {
            Source source = switch (value.source) {
                case STATE -> Source.STATE_GRADIENT;
                case INPUT -> Source.INPUT_GRADIENT;
                case PRODUCT -> Source.PRODUCT_GRADIENT;
                case WEIGHT -> Source.WEIGHT_GRADIENT;
                default -> throw new AssertionError(value);
            };
            return new Value(source, value.index);
        }

        /** Keeps the products that backward formulas read. */
        private boolean keepProducts(List<Formulas> backward) {
            boolean any = false;
            for (Formulas formulas : backward) {
                for (Value value : formulas.reads) {
                    if (value.source == Source.PRODUCT) {
                        keep(get(Source.PRODUCT, value.index));
                        any = true;
                    }
                }
            }
            return any;
        }

        private boolean sharesGradients(List<Formulas> backward) {
            int products = vectors.size();
            if (backward.size() != 1 || groups.size() != 1 || products != count(Source.INPUT)) {
                return false;
            }
            Formulas only = backward.get(0);
            return IntStream.range(0, products)
                    .allMatch(i -> result(only, Source.PRODUCT_GRADIENT, i) == result(only, Source.INPUT_GRADIENT, i));
        }

        private static int result(Formulas formulas, Source source, int index) {
            return formulas.code.results().get(formulas.writes.indexOf(new Value(source, index)));
        }

        private static Formulas withoutProducts(Formulas formulas) {
            List<Integer> results = new ArrayList<>();
            List<Value> writes = new ArrayList<>();
            for (int k = 0; k < formulas.writes.size(); k++) {
                if (formulas.writes.get(k).source != Source.PRODUCT_GRADIENT) {
                    writes.add(formulas.writes.get(k));
                    results.add(formulas.code.results().get(k));
                }
            }
            Code code = formulas.code;
            return new Formulas(
                    new Code(code.nodes(), results, code.operands(), code.scalars()), formulas.reads, writes);
        }

        /** Code whose operands are those values alone that it reads, numbered anew. */
        private Formulas formulas(
                List<Expr> results, Map<Expr, Value> replaced, Map<Integer, Value> extra, List<Value> writes) {
            Map<Value, Expr> reads = new LinkedHashMap<>();
            Map<Expr, Expr> known = new IdentityHashMap<>();
            List<Expr> rewritten = results.stream()
                    .map(x -> rewrite(x, replaced, extra, reads, known))
                    .toList();
            return new Formulas(Code.of(reads.size(), 0, rewritten), List.copyOf(reads.keySet()), writes);
        }

        Single single(String function, Expr x) {
            Map<Value, Expr> reads = new LinkedHashMap<>();
            Expr rewritten = rewrite(x, Map.of(), Map.of(), reads, new IdentityHashMap<>());
            return new Single(Function.of(function, reads.size(), operands -> rewritten), List.copyOf(reads.keySet()));
        }

        private static Expr read(Value value, Map<Value, Expr> reads) {
            if (!reads.containsKey(value)) {
                reads.put(value, Expr.operand(reads.size()));
            }
            return reads.get(value);
        }

        private Expr rewrite(
                Expr x,
                Map<Expr, Value> replaced,
                Map<Integer, Value> extra,
                Map<Value, Expr> reads,
                Map<Expr, Expr> known) {
            Expr done = known.get(x);
            if (done == null) {
                Value value = replaced.get(x);
                if (value == null && x.kind() == Kind.OPERAND) {
                    value = x.index() < operands.size() ? operands.get(x.index()) : extra.get(x.index());
                }
                done = value != null
                        ? read(value, reads)
                        : x.with(x.arguments().stream()
                                .map(argument -> rewrite(argument, replaced, extra, reads, known))
                                .toList());
                known.put(x, done);
            }
            return done;
        }
    }
}
