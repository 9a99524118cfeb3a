package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every arithmetic entry of the whitelist, on values that {@link PtxArithmetic} computes independently: NaN, infinities,
 * signed zeros, denormals, shifts past the width, the ends of every range. The list comes from the emulator itself, so
 * that an entry without an oracle fails.
 */
@ExtendWith(EmulatedDriver.class)
class InstructionTest {
    private static final int CASES = 512, ENTRIES_A_KERNEL = 60;
    private static final float[] FLOATS = {
        0f,
        -0f,
        1f,
        -1f,
        0.5f,
        -0.5f,
        1.5f,
        2.5f,
        -2.5f,
        3.1415927f,
        1e-20f,
        -1e20f,
        2147483648f,
        4294967296f,
        -2147483904f,
        9.2233720e18f,
        1.8446744e19f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        1.1754942e-38f,
        Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        16777217f,
        1.0000001f,
        0.99999994f
    };
    private static final long[] INTEGERS = {
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        17,
        31,
        32,
        33,
        63,
        64,
        65,
        127,
        128,
        255,
        256,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        0x7fffffffL,
        0x80000000L,
        0x80000001L,
        0xffffffffL,
        0x100000000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2
    };

    private record Entry(String opcode, String signature) {}

    /** Operand k of case c for a letter: shared by all entries, so that a kernel loads it once. */
    private static long value(char letter, int k, int c) {
        Random random = new Random(c * 31L + k * 7 + letter);
        random.nextInt();
        boolean special = c < CASES * 3 / 4;
        int index = k == 0 ? c : k == 1 ? c / 29 + c * 11 : random.nextInt(1000);
        switch (letter) {
            case 'f':
                float f = special
                        ? FLOATS[index % FLOATS.length]
                        : (float) (random.nextGaussian() * Math.pow(10, random.nextInt(12) - 6));
                return Float.floatToRawIntBits(f) & 0xffffffffL;
            case 'd':
                return Double.doubleToRawLongBits(
                        special ? FLOATS[index % FLOATS.length] * (1 + 1e-9 * (c % 3)) : random.nextGaussian() * 1e5);
            case 'p':
                return c >> k & 1;
            default:
                long v = special ? INTEGERS[index % INTEGERS.length] : random.nextLong();
                return letter == 'h' ? v & 0xffff : letter == 'u' ? v & 0xffffffffL : v;
        }
    }

    private static char storage(char letter) {
        return switch (letter) {
            case 'y', 'Y', 'h', 'H' -> 'h';
            case 'u', 's' -> 'u';
            case 'U', 'S' -> 'U';
            default -> letter;
        };
    }

    private static List<Entry> arithmetic() {
        return Emulator.lines("whitelist")
                .map(l -> l.split(" ", 2))
                .filter(p -> p[1].contains("="))
                .map(p -> new Entry(p[0], p[1]))
                .toList();
    }

    /** One kernel for many entries: loads each operand once, stores one word an entry and case. */
    private static String kernel(List<Entry> entries) {
        StringBuilder s = new StringBuilder(
                ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry test(.param .u64 in, .param .u64 out)\n{\n");
        s.append(
                ".reg .pred %p<16>;\n.reg .b16 %h<16>;\n.reg .b32 %u<16>;\n.reg .f32 %f<16>;\n.reg .b64 %U<24>;\n.reg .f64 %d<16>;\n.reg .pred %q;\n");
        s.append(
                "ld.param.u64 %U10, [in];\nld.param.u64 %U11, [out];\nmov.u32 %u10, %tid.x;\nmov.u32 %u11, %ctaid.x;\nmov.u32 %u12, %ntid.x;\n");
        s.append(
                "mad.lo.s32 %u10, %u11, %u12, %u10;\nmul.wide.u32 %U12, %u10, 8;\nadd.s64 %U10, %U10, %U12;\nadd.s64 %U11, %U11, %U12;\n");
        TreeSet<String> needed = new TreeSet<>();
        for (Entry e : entries) {
            for (int i = 2; i < e.signature.length(); i++) {
                needed.add("" + storage(e.signature.charAt(i)) + (i - 2));
            }
        }
        String order = "pfdhuU";
        for (String n : needed) {
            long at = (order.indexOf(n.charAt(0)) * 4L + n.charAt(1) - '0') * CASES * 8;
            s.append("ld.global.u64 %U20, [%U10+").append(at).append("];\n");
            switch (n.charAt(0)) {
                case 'p' -> s.append("setp.ne.s64 %p").append(n.charAt(1)).append(", %U20, 0;\n");
                case 'f' ->
                    s.append("cvt.u32.u64 %u13, %U20;\nmov.b32 %f")
                            .append(n.charAt(1))
                            .append(", %u13;\n");
                case 'd' -> s.append("mov.b64 %d").append(n.charAt(1)).append(", %U20;\n");
                case 'h' -> s.append("cvt.u16.u64 %h").append(n.charAt(1)).append(", %U20;\n");
                case 'u' -> s.append("cvt.u32.u64 %u").append(n.charAt(1)).append(", %U20;\n");
                default -> s.append("mov.u64 %U").append(n.charAt(1)).append(", %U20;\n");
            }
        }
        for (int e = 0; e < entries.size(); e++) {
            Entry entry = entries.get(e);
            char result = storage(entry.signature.charAt(0));
            s.append(entry.opcode).append(" %").append(result).append(9);
            for (int i = 2; i < entry.signature.length(); i++) {
                s.append(", %").append(storage(entry.signature.charAt(i))).append(i - 2);
            }
            s.append(";\n");
            switch (result) {
                case 'p' -> s.append("selp.u64 %U21, 1, 0, %p9;\n");
                case 'f' -> s.append("mov.b32 %u14, %f9;\ncvt.u64.u32 %U21, %u14;\n");
                case 'd' -> s.append("mov.b64 %U21, %d9;\n");
                case 'h' -> s.append("cvt.u64.u16 %U21, %h9;\n");
                case 'u' -> s.append("cvt.u64.u32 %U21, %u9;\n");
                default -> s.append("mov.u64 %U21, %U9;\n");
            }
            s.append("st.global.u64 [%U11+").append((long) e * CASES * 8).append("], %U21;\n");
        }
        return s.append("ret;\n}\n").toString();
    }

    @Test
    void arithmeticEntriesMatchTheOracle() {
        Emulator.configure("optimisation=-O1");
        List<Entry> all = arithmetic();
        assertThat(all.size()).isGreaterThan(500);
        String order = "pfdhuU";
        long[] input = new long[6 * 4 * CASES];
        for (int t = 0; t < 6; t++) {
            for (int k = 0; k < 4; k++) {
                for (int c = 0; c < CASES; c++) {
                    input[(t * 4 + k) * CASES + c] = value(order.charAt(t), k, c);
                }
            }
        }
        Map<String, String> wrong = new HashMap<>();
        long compared = 0;
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr in = gpu.upload(input);
            for (int first = 0; first < all.size(); first += ENTRIES_A_KERNEL) {
                List<Entry> entries = all.subList(first, Math.min(first + ENTRIES_A_KERNEL, all.size()));
                CUdeviceptr out = gpu.allocate(8L * CASES * entries.size());
                gpu.run(gpu.kernel(kernel(entries), "test"), CASES / 128, 128, in, out);
                long[] results = gpu.longs(out, CASES * entries.size());
                for (int e = 0; e < entries.size(); e++) {
                    Entry entry = entries.get(e);
                    int used = 0;
                    for (int c = 0; c < CASES; c++) {
                        long[] operands = new long[entry.signature.length() - 2];
                        for (int k = 0; k < operands.length; k++) {
                            operands[k] = value(storage(entry.signature.charAt(k + 2)), k, c);
                        }
                        long expected;
                        try {
                            expected = PtxArithmetic.evaluate(entry.opcode, operands);
                        } catch (PtxArithmetic.Unspecified u) {
                            continue;
                        }
                        char letter = entry.signature.charAt(0);
                        if (letter == 'Y') {
                            expected = PtxArithmetic.signed(expected, 8) & 0xffff;
                        }
                        used++;
                        long actual = results[e * CASES + c];
                        if (!same(entry.opcode, letter, expected, actual)) {
                            wrong.putIfAbsent(
                                    entry.opcode,
                                    hex(operands) + " -> " + Long.toHexString(actual) + ", expected "
                                            + Long.toHexString(expected));
                        }
                    }
                    assertThat(used).as(entry.opcode).isGreaterThan(CASES / 2);
                    compared += used;
                }
                gpu.free(out);
            }
        }
        System.out.println("instructions: " + all.size() + " arithmetic entries, " + compared + " values compared");
        assertThat(wrong).isEmpty();
        assertThat(Emulator.reports()).isEmpty();
    }

    private static List<String> hex(long[] v) {
        List<String> s = new ArrayList<>();
        for (long x : v) {
            s.add(Long.toHexString(x));
        }
        return s;
    }

    private static boolean same(String opcode, char letter, long expected, long actual) {
        if (letter == 'f') {
            float e = Float.intBitsToFloat((int) expected), a = Float.intBitsToFloat((int) actual);
            if (Float.isNaN(e) || Float.isNaN(a)) {
                return Float.isNaN(e) && Float.isNaN(a); // the payload of a NaN is not modelled
            }
            if (PtxArithmetic.isApproximate(opcode) && Float.isFinite(e)) {
                return Math.abs(e - a)
                        <= 1e-6
                                * Math.max(
                                        Math.abs(e),
                                        opcode.startsWith("lg2") || opcode.startsWith("sin") || opcode.startsWith("cos")
                                                ? 1
                                                : 1e-30);
            }
        }
        if (letter == 'd' && Double.isNaN(Double.longBitsToDouble(expected))) {
            return Double.isNaN(Double.longBitsToDouble(actual));
        }
        return expected == actual;
    }
}
