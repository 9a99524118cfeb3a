package dev.weft.cuda;

import dev.weft.backend.StepRange;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Code.Node;
import dev.weft.op.expr.Expr.Kind;
import dev.weft.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes the kernel of a {@link Code}. Every operation is rounded by itself and none is contracted, so the bits are those of
 * every other backend. What is the same for all elements is computed once before the loops; the first {@code 4 quads}
 * elements go by fours, with accesses of 16 bytes, the others one by one, in loops over the grid.
 */
final class PtxWriter extends PtxText {
    /** An operand: its type, and where the elements find theirs. */
    record Operand(DType type, Broadcast broadcast) {}

    private final Code code;
    private final List<Operand> operands;
    private final List<String> pointers = new ArrayList<>();
    private final List<List<String>> divisors = new ArrayList<>();

    /** For each node whether it is the same for all elements, and its registers, one for each of four elements. */
    private final boolean[] uniform;

    private final String[][] values;

    private PtxWriter(String kernel, Code code, List<Operand> operands) {
        super(kernel);
        this.code = code.writtenOut();
        this.operands = operands;
        uniform = new boolean[this.code.nodes().size()];
        values = new String[uniform.length][4];
    }

    /**
     * The kernel of a function:
     *
     * <pre>{@code
     * kernel(u32 n, u32 quads, const float* or const int* x0, x1 ..., float* y, u32 ...)
     * }</pre>
     *
     * with the {@link Broadcast#divisors} of the operands at the end.
     */
    static String map(String kernel, Code code, List<Operand> operands) {
        return new PtxWriter(kernel, code, operands).map();
    }

    /**
     * The kernel of a rule:
     *
     * <pre>{@code
     * kernel(u32 n, u32 quads, const StepState* state, const float* rates, float* w, const float* dw, float* s0, s1 ...)
     * }</pre>
     *
     * It does nothing once the latch is closed. The numbers of the step are those of row {@code state->index} in the rates.
     */
    static String rule(String kernel, Code code) {
        Operand whole = new Operand(DType.REAL, new Broadcast(List.of()));
        return new PtxWriter(kernel, code, Collections.nCopies(code.operands(), whole)).rule();
    }

    private String map() {
        String n = parameter("u32");
        String quads = parameter("u32");
        operands.forEach(operand -> pointers.add(pointer()));
        String y = pointer();
        operands.forEach(operand -> divisors.add(operand.broadcast.divisors().stream()
                .map(each -> parameter("u32"))
                .toList()));
        uniformNodes("");
        loops(n, quads, List.of(y));
        return text();
    }

    private String rule() {
        String n = parameter("u32");
        String quads = parameter("u32");
        String state = pointer();
        String rates = pointer();
        operands.forEach(operand -> pointers.add(pointer()));
        String nonFiniteStep = address();
        line("ld.global.u64 %s, [%s+8];", nonFiniteStep, state);
        String closed = predicate();
        line("setp.ge.s64 %s, %s, 0;", closed, nonFiniteStep);
        line("@%s bra $end;", closed);
        String index = integer();
        line("ld.global.u32 %s, [%s+16];", index, state);
        uniformNodes(at(rates, index, StepRange.RATES * Float.BYTES));
        List<String> results = new ArrayList<>(pointers);
        results.remove(1);
        loops(n, quads, results);
        return text();
    }

    // ---------------------------------------------------------------- the kernel

    private void uniformNodes(String rates) {
        for (int k = 0; k < uniform.length; k++) {
            Node node = code.nodes().get(k);
            uniform[k] = node.kind() == Kind.OPERAND
                    ? operands.get(node.index()).broadcast.single()
                    : node.reads().stream().allMatch(read -> uniform[read]);
            if (uniform[k]) {
                String value = switch (node.kind()) {
                    case OPERAND -> load(operands.get(node.index()).type, pointers.get(node.index()));
                    case SCALAR -> load(DType.REAL, rates + "+" + Float.BYTES * node.index());
                    case CONSTANT -> constant((float) node.value());
                    default -> compute(node, 0);
                };
                Arrays.fill(values[k], value);
            }
        }
    }

    private void loops(String n, String quads, List<String> results) {
        String block = integer();
        String threads = integer();
        String thread = integer();
        String element = integer();
        line("mov.u32 %s, %%ntid.x;", block);
        line("mov.u32 %s, %%ctaid.x;", threads);
        line("mov.u32 %s, %%tid.x;", thread);
        line("mad.lo.u32 %s, %s, %s, %s;", thread, threads, block, thread);
        line("mov.u32 %s, %%nctaid.x;", threads);
        line("mul.lo.u32 %s, %s, %s;", threads, threads, block);
        line("shl.b32 %s, %s, 2;", element, quads);
        line("add.u32 %s, %s, %s;", element, element, thread);
        loop("quad", 4, thread, quads, threads, results);
        loop("element", 1, element, n, threads, results);
    }

    /** Groups of {@code width} elements, from number i on, every so many as there are threads. */
    private void loop(String name, int width, String i, String end, String threads, List<String> results) {
        body.append("$").append(name).append(":\n");
        String done = predicate();
        line("setp.ge.u32 %s, %s, %s;", done, i, end);
        line("@%s bra $after_%s;", done, name);
        for (int k = 0; k < uniform.length; k++) {
            if (!uniform[k] && code.nodes().get(k).kind() == Kind.OPERAND) {
                values[k] = loadOperand(code.nodes().get(k).index(), i, width);
            }
        }
        for (int k = 0; k < uniform.length; k++) {
            Node node = code.nodes().get(k);
            for (int lane = 0; lane < width && !uniform[k] && node.kind() != Kind.OPERAND; lane++) {
                values[k][lane] = compute(node, lane);
            }
        }
        for (int k = 0; k < results.size(); k++) {
            store(values[code.results().get(k)], at(results.get(k), i, width * Float.BYTES), width);
        }
        line("add.u32 %s, %s, %s;", i, i, threads);
        line("bra $%s;", name);
        body.append("$after_").append(name).append(":\n");
    }

    // ---------------------------------------------------------------- memory

    private void store(String[] value, String address, int width) {
        String[] stored = new String[width];
        Arrays.setAll(stored, lane -> value[lane].startsWith("%") ? value[lane] : number("mov.f32", value[lane]));
        if (width == 4) {
            line("st.global.v4.f32 [%s], {%s};", address, String.join(", ", stored));
        } else {
            line("st.global.f32 [%s], %s;", address, stored[0]);
        }
    }

    /** One element. */
    private String load(DType type, String address) {
        return load(type, address, 1)[0];
    }

    /** Elements that lie one after the other, as floats. */
    private String[] load(DType type, String address, int width) {
        boolean real = type == DType.REAL;
        String[] loaded = new String[width];
        Arrays.setAll(loaded, lane -> real ? number() : integer());
        String letters = real ? "f32" : "u32";
        if (width == 4) {
            line("ld.global.v4.%s {%s}, [%s];", letters, String.join(", ", loaded), address);
        } else {
            line("ld.global.%s %s, [%s];", letters, loaded[0], address);
        }
        return real
                ? loaded
                : Stream.of(loaded).map(x -> number("cvt.rn.f32.s32", x)).toArray(String[]::new);
    }

    /** An operand of group number i of {@code width} elements. */
    private String[] loadOperand(int operand, String i, int width) {
        DType type = operands.get(operand).type;
        Broadcast broadcast = operands.get(operand).broadcast;
        String pointer = pointers.get(operand);
        if (broadcast.whole()) {
            return load(type, at(pointer, i, width * Float.BYTES), width);
        }
        String first = width == 1 ? i : integer("shl.b32", i, "2");
        String[] loaded = new String[width];
        for (int lane = 0; lane < width; lane++) {
            String element = lane == 0 ? first : integer("add.u32", first, Integer.toString(lane));
            loaded[lane] = load(type, at(pointer, index(broadcast, divisors.get(operand), element), Float.BYTES));
        }
        return loaded;
    }

    /** The index of an element in an operand: the digits of the element's own index, run by run, that are the operand's. */
    private String index(Broadcast broadcast, List<String> divisors, String element) {
        String rest = element;
        String index = null;
        String stride = null;
        int outermost = broadcast.runs().size() - 1;
        for (int run = 0; run <= outermost; run++) {
            String digit = rest;
            String length = null;
            if (run < outermost) {
                length = divisors.get(3 * run);
                String high = integer("mul.hi.u32", rest, divisors.get(3 * run + 1));
                String quotient = integer("shr.u32", high, divisors.get(3 * run + 2));
                digit = integer("sub.u32", rest, integer("mul.lo.u32", quotient, length));
                rest = quotient;
            }
            if (broadcast.runs().get(run).own()) {
                index = index == null ? digit : integer("mad.lo.u32", digit, stride, index);
                stride = stride == null || length == null ? length : integer("mul.lo.u32", stride, length);
            }
        }
        return index;
    }

    // ---------------------------------------------------------------- arithmetic

    /** Computes a node for one of the elements. */
    private String compute(Node node, int lane) {
        String[] x = node.reads().stream().map(read -> values[read][lane]).toArray(String[]::new);
        return operation(node.kind(), x);
    }
}
