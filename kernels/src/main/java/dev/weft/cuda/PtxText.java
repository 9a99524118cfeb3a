package dev.weft.cuda;

import dev.weft.op.expr.Expr.Kind;
import dev.weft.op.expr.Polynomials;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The text of a kernel in PTX: its parameters, its registers, and one line after the other. */
class PtxText {
    private static final String HEADER = ".version 8.0\n.target sm_75\n.address_size 64\n\n";

    private final String kernel;
    private final List<String> parameters = new ArrayList<>();
    final StringBuilder body = new StringBuilder();
    private String declarations = "";
    private String bounds = "";
    private int predicates;
    private int integers;
    private int numbers;
    private int addresses;

    PtxText(String kernel) {
        this.kernel = kernel;
    }

    // ---------------------------------------------------------------- arithmetic

    /** One operation of written out code, rounded by itself. */
    final String operation(Kind kind, String... x) {
        return switch (kind) {
            case ADD -> number("add.rn.f32", x);
            case SUBTRACT -> number("sub.rn.f32", x);
            case MULTIPLY -> number("mul.rn.f32", x);
            case DIVIDE -> number("div.rn.f32", x);
            case SQRT -> number("sqrt.rn.f32", x);
            case NEGATE -> number("neg.f32", x);
            case ABSOLUTE -> number("abs.f32", x);
            case MINIMUM -> orNan(number("min.f32", x), x);
            case MAXIMUM -> orNan(number("max.f32", x), x);
            case SELECT -> select("lt", x[0], x[1], x[2], x[3]);
            case SCALE -> scaled(x[0], x[1]);
            case EXPONENT -> number("cvt.rn.f32.s32", exponent(x[0]));
            case MANTISSA ->
                number("mov.b32", integer("sub.u32", bits(x[0]), integer("shl.b32", exponent(x[0]), "23")));
            default -> throw new AssertionError(kind);
        };
    }

    static String constant(float value) {
        return String.format(Locale.ROOT, "0f%08X", Float.floatToRawIntBits(value));
    }

    private String select(String comparison, String a, String b, String then, String otherwise) {
        String holds = predicate();
        line("setp.%s.f32 %s, %s, %s;", comparison, holds, a, b);
        return number("selp.f32", then, otherwise, holds);
    }

    /** The instructions pass over a NaN; those that do not are newer than the target. */
    private String orNan(String value, String[] x) {
        return select("nan", x[0], x[1], constant(Float.NaN), value);
    }

    /** {@code x 2^n} for n + {@link Polynomials#ROUNDER}; in two steps, since {@code 2^n} need not be a number. */
    private String scaled(String x, String shifted) {
        String n = integer("sub.u32", bits(shifted), Integer.toString(Polynomials.ROUNDER_BITS));
        String half = integer("shr.s32", n, "1");
        String otherHalf = integer("sub.u32", n, half);
        return number("mul.rn.f32", number("mul.rn.f32", x, powerOfTwo(half)), powerOfTwo(otherHalf));
    }

    private String powerOfTwo(String n) {
        return number("mov.b32", integer("shl.b32", integer("add.u32", n, "127"), "23"));
    }

    /** The n of {@code x = 2^n m}, m from the root of 1/2 to the root of 2. */
    private String exponent(String x) {
        return integer("shr.s32", integer("sub.u32", bits(x), Integer.toString(Polynomials.SQRT_HALF_BITS)), "23");
    }

    private String bits(String x) {
        return integer("mov.b32", x);
    }

    // ---------------------------------------------------------------- text

    final String text() {
        return HEADER
                + declarations
                + IntStream.range(0, parameters.size())
                        .mapToObj(i -> "\t.param .%s %s".formatted(parameters.get(i), nameOfParameter(i)))
                        .collect(Collectors.joining(
                                ",\n", ".visible .entry " + kernel + "(\n", "\n)\n" + bounds + "{\n"))
                + registers("pred", "p", predicates)
                + registers("b32", "r", integers)
                + registers("f32", "f", numbers)
                + registers("b64", "rd", addresses)
                + body
                + "$end:\n\tret;\n}\n";
    }

    private static String registers(String type, String letters, int count) {
        return "\t.reg .%s \t%%%s<%d>;\n".formatted(type, letters, count + 1);
    }

    private String nameOfParameter(int i) {
        return kernel + "_param_" + i;
    }

    /** The address of element i, of so many bytes each. */
    final String at(String pointer, String i, int bytes) {
        String offset = address();
        line("mul.wide.u32 %s, %s, %d;", offset, i, bytes);
        String address = address();
        line("add.u64 %s, %s, %s;", address, pointer, offset);
        return address;
    }

    /** Has registers given out so that so many blocks of at most so many threads fit into a multiprocessor. */
    final void bound(int threads, int blocks) {
        bounds = ".maxntid %d, 1, 1\n.minnctapersm %d\n".formatted(threads, blocks);
    }

    /** Declares the launch's dynamic shared memory, under this name. */
    final void declareShared(String name) {
        declarations = ".extern .shared .align 16 .b8 " + name + "[];\n\n";
    }

    final void line(String format, Object... words) {
        body.append('\t').append(String.format(Locale.ROOT, format, words)).append('\n');
    }

    final String parameter(String type) {
        parameters.add(type);
        String value = type.equals("u64") ? address() : integer();
        line("ld.param.%s %s, [%s];", type, value, nameOfParameter(parameters.size() - 1));
        return value;
    }

    final String pointer() {
        String generic = parameter("u64");
        String pointer = address();
        line("cvta.to.global.u64 %s, %s;", pointer, generic);
        return pointer;
    }

    /** An instruction that gives a number. */
    final String number(String instruction, String... x) {
        String y = number();
        line("%s %s, %s;", instruction, y, String.join(", ", x));
        return y;
    }

    /** An instruction that gives an integer. */
    final String integer(String instruction, String... x) {
        String y = integer();
        line("%s %s, %s;", instruction, y, String.join(", ", x));
        return y;
    }

    final String predicate() {
        return "%p" + ++predicates;
    }

    final String integer() {
        return "%r" + ++integers;
    }

    final String number() {
        return "%f" + ++numbers;
    }

    final String address() {
        return "%rd" + ++addresses;
    }
}
