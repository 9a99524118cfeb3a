package dev.weft.cuda.emulator;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.List;

/**
 * What PTX's arithmetic instructions compute, written from the PTX manual in Java and knowing nothing of the emulator: the
 * oracle of {@link InstructionTest} and the arithmetic of {@link PtxInterpreter}. Values are raw bits in a long, results
 * too, cut to the width of the result's type.
 */
final class PtxArithmetic {
    /** The manual leaves the result open (a division by zero). */
    static final class Unspecified extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private PtxArithmetic() {}

    static boolean isApproximate(String opcode) {
        return opcode.contains(".approx") || opcode.contains(".full");
    }

    static int bits(String type) {
        return type.equals("pred") ? 1 : Integer.parseInt(type.substring(1));
    }

    static long cut(long v, int bits) {
        return bits == 64 ? v : v & ((1L << bits) - 1);
    }

    static long signed(long v, int bits) {
        return v << (64 - bits) >> (64 - bits);
    }

    /** The value of an integer type as a number. */
    private static BigInteger number(String type, long v) {
        int n = bits(type);
        return type.charAt(0) == 's'
                ? BigInteger.valueOf(signed(v, n))
                : new BigInteger(Long.toUnsignedString(cut(v, n)));
    }

    private static float f(long v) {
        return Float.intBitsToFloat((int) v);
    }

    private static double d(long v) {
        return Double.longBitsToDouble(v);
    }

    private static long bits(float v) {
        return Float.floatToRawIntBits(v) & 0xffffffffL;
    }

    private static long bits(double v) {
        return Double.doubleToRawLongBits(v);
    }

    /** A type's result for opcode and operands; {@code cvt} names two types, all others end with their type. */
    static long evaluate(String opcode, long... o) {
        List<String> parts = List.of(opcode.split("\\."));
        String type = parts.get(parts.size() - 1), name = parts.get(0);
        if (name.equals("cvt")) {
            return convert(parts, o[0]);
        }
        if (name.equals("setp")) {
            return compare(parts, type, o);
        }
        if (name.equals("selp")) {
            return cut(o[2] != 0 ? o[0] : o[1], bits(type));
        }
        if (name.equals("testp")) {
            double v = type.equals("f32") ? f(o[0]) : d(o[0]);
            return switch (parts.get(1)) {
                case "finite" -> Double.isFinite(v) ? 1 : 0;
                case "infinite" -> Double.isInfinite(v) ? 1 : 0;
                case "notanumber" -> Double.isNaN(v) ? 1 : 0;
                default -> Double.isNaN(v) ? 0 : 1;
            };
        }
        if (type.equals("pred")) {
            return switch (name) {
                case "and" -> o[0] & o[1];
                case "or" -> o[0] | o[1];
                case "xor" -> o[0] ^ o[1];
                default -> 1 - o[0];
            };
        }
        if (type.equals("f32")) {
            return bits(single(name, parts, o));
        }
        if (type.equals("f64")) {
            return bits(doubles(name, parts, o));
        }
        return integer(name, parts, type, o);
    }

    private static long integer(String name, List<String> parts, String type, long[] o) {
        int n = bits(type);
        BigInteger a = number(type, o[0]), b = o.length > 1 ? number(type, o[1]) : null;
        switch (name) {
            case "add":
                return cut(a.add(b).longValue(), n);
            case "sub":
                return cut(a.subtract(b).longValue(), n);
            case "neg":
                return cut(a.negate().longValue(), n);
            case "abs":
                return cut(a.abs().longValue(), n);
            case "min":
                return cut(a.min(b).longValue(), n);
            case "max":
                return cut(a.max(b).longValue(), n);
            case "div":
                if (b.signum() == 0) {
                    throw new Unspecified();
                }
                return cut(a.divide(b).longValue(), n);
            case "rem":
                if (b.signum() == 0) {
                    throw new Unspecified();
                }
                return cut(a.remainder(b).longValue(), n);
            case "mul":
            case "mad": {
                BigInteger product = a.multiply(b);
                switch (parts.get(1)) {
                    case "wide": {
                        if (name.equals("mad")) {
                            product = product.add(BigInteger.valueOf(signed(o[2], 2 * n)));
                        }
                        return cut(product.longValue(), 2 * n);
                    }
                    case "hi":
                        product = product.shiftRight(n);
                        break;
                    default:
                }
                return cut(product.longValue() + (name.equals("mad") ? o[2] : 0), n);
            }
            case "and":
                return cut(o[0] & o[1], n);
            case "or":
                return cut(o[0] | o[1], n);
            case "xor":
                return cut(o[0] ^ o[1], n);
            case "not":
                return cut(~o[0], n);
            case "shl":
                return cut(a.shiftLeft((int) Math.min(o[1] & 0xffffffffL, 200)).longValue(), n);
            case "shr":
                return cut(a.shiftRight((int) Math.min(o[1] & 0xffffffffL, 200)).longValue(), n);
            case "shf": {
                long amount = o[2] & 0xffffffffL;
                amount = parts.get(2).equals("wrap") ? amount % 32 : Math.min(amount, 32);
                BigInteger both = number("u32", o[1]).shiftLeft(32).or(number("u32", o[0]));
                return parts.get(1).equals("l")
                        ? cut(both.shiftLeft((int) amount).shiftRight(32).longValue(), 32)
                        : cut(both.shiftRight((int) amount).longValue(), 32);
            }
            case "lop3": {
                long r = 0;
                for (int i = 0; i < 32; i++) {
                    long row = (o[0] >> i & 1) << 2 | (o[1] >> i & 1) << 1 | (o[2] >> i & 1);
                    r |= (o[3] >> row & 1) << i;
                }
                return r;
            }
            case "prmt": {
                long r = 0;
                for (int i = 0; i < 4; i++) {
                    int s = (int) (o[2] >> 4 * i) & 15, at = s & 7;
                    int v = (int) ((at < 4 ? o[0] >> 8 * at : o[1] >> 8 * (at - 4)) & 0xff);
                    if (s > 7) {
                        v = (byte) v < 0 ? 0xff : 0;
                    }
                    r |= (long) v << 8 * i;
                }
                return r;
            }
            case "bfe": {
                int position = (int) o[1] & 0xff, length = (int) o[2] & 0xff;
                int msb = 31;
                boolean isSigned = type.equals("s32");
                int sign = !isSigned || length == 0 ? 0 : (int) (o[0] >> Math.min(position + length - 1, msb)) & 1;
                long r = 0;
                for (int i = 0; i <= msb; i++) { // the manual's pseudocode
                    long bit = i < length && position + i <= msb ? o[0] >> (position + i) & 1 : sign;
                    r |= bit << i;
                }
                return r;
            }
            case "bfi": {
                int position = (int) o[2] & 0xff, length = (int) o[3] & 0xff;
                long r = cut(o[1], 32);
                for (int i = 0; i < length && position + i <= 31; i++) {
                    r = r & ~(1L << (position + i)) | (o[0] >> i & 1) << (position + i);
                }
                return r;
            }
            case "clz":
                return n == 32 ? Integer.numberOfLeadingZeros((int) o[0]) : Long.numberOfLeadingZeros(o[0]);
            case "popc":
                return Long.bitCount(cut(o[0], n));
            case "brev":
                return Integer.reverse((int) o[0]) & 0xffffffffL;
            default:
                throw new AssertionError("no oracle for " + parts);
        }
    }

    private static float flush(float v) {
        return Math.abs(v) < Float.MIN_NORMAL ? Math.copySign(0f, v) : v;
    }

    private static double exactSign(BigDecimal exact, double v) {
        return exact.compareTo(new BigDecimal(v));
    }

    /** The exact sum or product rounded to a float in a direction. */
    private static float directed(String mode, double fallback, BigDecimal exact, boolean zeroIsExact) {
        if (exact == null) {
            return (float) fallback;
        }
        if (exact.signum() == 0) {
            return zeroIsExact ? (float) fallback : mode.equals("rm") ? -0f : 0f;
        }
        boolean up = mode.equals("rp") || (mode.equals("rz") && exact.signum() < 0);
        float r = exact.floatValue();
        if (Float.isInfinite(r)) {
            return up == r > 0 ? r : Math.copySign(Float.MAX_VALUE, r);
        }
        double difference = exactSign(exact, r);
        if (up && difference > 0) {
            r = Math.nextUp(r);
        } else if (!up && difference < 0) {
            r = Math.nextDown(r);
        }
        return r == 0 ? (float) Math.copySign(0.0, exact.signum()) : r;
    }

    private static BigDecimal decimal(float v) {
        return new BigDecimal(v);
    }

    private static boolean finite(long[] o) {
        for (long v : o) {
            if (!Float.isFinite(f(v))) {
                return false;
            }
        }
        return true;
    }

    private static float single(String name, List<String> parts, long[] bits) {
        boolean ftz = parts.contains("ftz"), sat = parts.contains("sat");
        long[] o = bits.clone();
        for (int i = 0; ftz && i < o.length; i++) {
            o[i] = bits(flush(f(o[i])));
        }
        String mode = parts.stream()
                .filter(p -> p.equals("rz") || p.equals("rm") || p.equals("rp"))
                .findFirst()
                .orElse("");
        float a = f(o[0]), b = o.length > 1 ? f(o[1]) : 0, c = o.length > 2 ? f(o[2]) : 0;
        float r;
        if (!mode.isEmpty()) {
            BigDecimal exact = null;
            if (finite(o)) {
                exact = switch (name) {
                    case "add" -> decimal(a).add(decimal(b));
                    case "sub" -> decimal(a).subtract(decimal(b));
                    case "mul" -> decimal(a).multiply(decimal(b));
                    default -> decimal(a).multiply(decimal(b)).add(decimal(c));
                };
            }
            double plain = switch (name) {
                case "add" -> (double) a + b;
                case "sub" -> (double) a - b;
                case "mul" -> (double) a * b;
                default -> (double) a * b + c;
            };
            // the sign of an exact zero follows the operands when they agree
            boolean agrees = switch (name) {
                case "add" -> a == 0 && b == 0 && Math.copySign(1, a) == Math.copySign(1, b);
                case "sub" -> a == 0 && b == 0 && Math.copySign(1, a) != Math.copySign(1, b);
                case "mul" -> true;
                default ->
                    c == 0 && (a == 0 || b == 0) && Math.copySign(1, a) * Math.copySign(1, b) == Math.copySign(1, c);
            };
            return directed(mode, plain, exact, agrees);
        }
        r = switch (name) {
            case "add" -> a + b;
            case "sub" -> a - b;
            case "mul" -> a * b;
            case "fma" -> Math.fma(a, b, c);
            case "div" -> a / b;
            case "rcp" -> 1 / a;
            case "sqrt" -> (float) Math.sqrt(a);
            case "rsqrt" -> (float) (1 / Math.sqrt(a));
            case "neg" -> f(o[0] ^ 0x80000000L);
            case "abs" -> Math.abs(a);
            case "min" ->
                Float.isNaN(a)
                        ? parts.contains("NaN") ? a : b
                        : Float.isNaN(b) && !parts.contains("NaN") ? a : Math.min(a, b);
            case "max" ->
                Float.isNaN(a)
                        ? parts.contains("NaN") ? a : b
                        : Float.isNaN(b) && !parts.contains("NaN") ? a : Math.max(a, b);
            case "copysign" -> Float.intBitsToFloat((int) (o[0] & 0x80000000L | o[1] & 0x7fffffffL));
            case "ex2" -> (float) Math.pow(2, a);
            case "lg2" -> (float) (Math.log(a) / Math.log(2));
            case "sin" -> (float) Math.sin(a);
            case "cos" -> (float) Math.cos(a);
            case "tanh" -> (float) Math.tanh(a);
            default -> throw new AssertionError("no oracle for " + parts);
        };
        if (sat) {
            r = Float.isNaN(r) ? 0 : Math.min(Math.max(r, 0f), 1f);
        }
        return ftz ? flush(r) : r;
    }

    private static double doubles(String name, List<String> parts, long[] o) {
        double a = d(o[0]), b = o.length > 1 ? d(o[1]) : 0, c = o.length > 2 ? d(o[2]) : 0;
        return switch (name) {
            case "add" -> a + b;
            case "sub" -> a - b;
            case "mul" -> a * b;
            case "fma" -> Math.fma(a, b, c);
            case "div" -> a / b;
            case "rcp" -> 1 / a;
            case "sqrt" -> Math.sqrt(a);
            case "neg" -> d(o[0] ^ Long.MIN_VALUE);
            case "abs" -> Math.abs(a);
            case "min" -> Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
            case "max" -> Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
            case "copysign" -> d(o[0] & Long.MIN_VALUE | o[1] & Long.MAX_VALUE);
            default -> throw new AssertionError("no oracle for " + parts);
        };
    }

    private static long compare(List<String> parts, String type, long[] o) {
        String how = parts.get(1);
        boolean r;
        if (type.charAt(0) == 'f') {
            double a = type.equals("f32") ? f(o[0]) : d(o[0]), b = type.equals("f32") ? f(o[1]) : d(o[1]);
            boolean unordered = Double.isNaN(a) || Double.isNaN(b);
            if (how.equals("num") || how.equals("nan")) {
                r = unordered == how.equals("nan");
            } else {
                boolean orUnordered = how.length() == 3;
                r = unordered
                        ? orUnordered
                        : switch (how.substring(0, 2)) {
                            case "eq" -> a == b;
                            case "ne" -> a != b;
                            case "lt" -> a < b;
                            case "le" -> a <= b;
                            case "gt" -> a > b;
                            default -> a >= b;
                        };
            }
        } else {
            int order = number(type, o[0]).compareTo(number(type, o[1]));
            r = switch (how) {
                case "eq" -> order == 0;
                case "ne" -> order != 0;
                case "lt" -> order < 0;
                case "le" -> order <= 0;
                case "gt" -> order > 0;
                default -> order >= 0;
            };
        }
        return switch (parts.get(2)) {
            case "and" -> r && o[2] != 0 ? 1 : 0;
            case "or" -> r || o[2] != 0 ? 1 : 0;
            case "xor" -> r != (o[2] != 0) ? 1 : 0;
            default -> r ? 1 : 0;
        };
    }

    private static long convert(List<String> parts, long v) {
        String to = parts.get(parts.size() - 2), from = parts.get(parts.size() - 1), mode = parts.get(1);
        if (to.charAt(0) != 'f' && from.charAt(0) != 'f') {
            return cut(number(from, v).longValue(), bits(to));
        }
        if (from.charAt(0) != 'f') {
            BigDecimal exact = new BigDecimal(number(from, v));
            return to.equals("f32") ? bits(exact.floatValue()) : bits(exact.doubleValue());
        }
        double x = from.equals("f32") ? f(v) : d(v);
        if (parts.contains("ftz")) {
            x = flush((float) x);
        }
        double rounded = switch (mode) {
            case "rni" -> Math.rint(x);
            case "rmi" -> Math.floor(x);
            case "rpi" -> Math.ceil(x);
            case "rzi" -> x < 0 ? Math.ceil(x) : Math.floor(x);
            default -> x;
        };
        if (to.charAt(0) == 'f') {
            if (mode.equals("sat")) {
                rounded = Double.isNaN(x) ? 0 : Math.min(Math.max(x, 0.0), 1.0);
            }
            if (to.equals("f64")) {
                return bits(rounded);
            }
            if (mode.equals("rz") && Double.isFinite(x)) {
                return bits(directed("rz", x, new BigDecimal(x, MathContext.UNLIMITED), true));
            }
            return bits((float) rounded);
        }
        if (Double.isNaN(x)) {
            return 0;
        }
        int n = bits(to);
        BigInteger low = to.charAt(0) == 's' ? BigInteger.ONE.shiftLeft(n - 1).negate() : BigInteger.ZERO;
        BigInteger high =
                BigInteger.ONE.shiftLeft(to.charAt(0) == 's' ? n - 1 : n).subtract(BigInteger.ONE);
        if (Double.isInfinite(x)) {
            return cut((x > 0 ? high : low).longValue(), n);
        }
        return cut(new BigDecimal(rounded).toBigInteger().max(low).min(high).longValue(), n);
    }
}
