package dev.weft.op.expr;

import java.util.List;
import java.util.Locale;

/** Code as a formula that people read. */
final class Formula {
    private static final int LONGEST = 100;

    private Formula() {}

    /** The formula of the first result; operands are called x, y, z ... in functions. Cut off where it is long. */
    static String of(Code code) {
        String text = text(code, code.results().get(0), 0);
        return text.length() > LONGEST ? text.substring(0, LONGEST - 3) + "..." : text;
    }

    private static String text(Code code, int number, int depth) {
        Code.Node node = code.nodes().get(number);
        List<Integer> reads = node.reads();
        if (depth > 12) {
            return "...";
        }
        String a = reads.isEmpty() ? "" : text(code, reads.get(0), depth + 1);
        String b = reads.size() < 2 ? "" : text(code, reads.get(1), depth + 1);
        return switch (node.kind()) {
            case OPERAND -> "x" + node.index();
            case SCALAR -> "s" + node.index();
            case CONSTANT -> number(node.value());
            case ADD -> "(" + a + " + " + b + ")";
            case SUBTRACT -> "(" + a + " - " + b + ")";
            case MULTIPLY -> a + " * " + b;
            case DIVIDE -> "(" + a + ") / (" + b + ")";
            case MINIMUM -> "min(" + a + ", " + b + ")";
            case MAXIMUM -> "max(" + a + ", " + b + ")";
            case NEGATE -> "-" + a;
            case ABSOLUTE -> "|" + a + "|";
            case SELECT ->
                "(" + a + " < " + b + " ? " + text(code, reads.get(2), depth + 1) + " : "
                        + text(code, reads.get(3), depth + 1) + ")";
            default -> node.kind().name().toLowerCase(Locale.ROOT) + "(" + a + ")";
        };
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6
                ? String.valueOf((long) value)
                : String.valueOf((float) value);
    }
}
