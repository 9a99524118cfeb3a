package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The entries of the whitelist that {@link InstructionTest} does not cover: moves, memory, atomics, warp-wide, control. */
@ExtendWith(EmulatedDriver.class)
class MemoryInstructionTest {
    private static final String HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n";
    private static final String REGISTERS =
            ".reg .pred %p<8>;\n.reg .b16 %h<16>;\n.reg .b32 %u<24>;\n.reg .f32 %f<16>;\n.reg .b64 %U<24>;\n.reg .f64 %d<16>;\n";
    /** Bytes whose signs matter. */
    private static final long[] INPUT = {
        0x8899aabbccddeeffL, 0x0123456789abcdefL, 0xfedcba9876543210L, 0x7f80ff017e8102fdL
    };

    private static byte[] inputBytes() {
        ByteBuffer b = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        for (long v : INPUT) {
            b.putLong(v);
        }
        return b.array();
    }

    private static List<String> entries() {
        return Emulator.lines("whitelist")
                .filter(l -> !l.contains("="))
                .map(String::strip)
                .toList();
    }

    private static String type(String opcode) {
        return opcode.substring(opcode.lastIndexOf('.') + 1);
    }

    private static int count(String opcode) {
        return opcode.contains(".v4.") ? 4 : opcode.contains(".v2.") ? 2 : 1;
    }

    private static String space(String opcode) {
        for (String s : List.of("param", "const", "global", "shared", "local")) {
            if (opcode.contains("." + s)) {
                return s;
            }
        }
        return "generic";
    }

    private static String register(String type) {
        return switch (type) {
            case "f32" -> "f";
            case "f64" -> "d";
            case "b64", "u64", "s64" -> "U";
            default -> "u";
        };
    }

    private static String list(String prefix, int n) {
        StringBuilder s = new StringBuilder(n == 1 ? "" : "{");
        for (int i = 0; i < n; i++) {
            s.append(i > 0 ? ", " : "").append("%").append(prefix).append(i);
        }
        return s + (n == 1 ? "" : "}");
    }

    /** %U20 becomes register i as 64 bits. */
    private static String widen(String kind, int i) {
        return switch (kind) {
            case "f" -> "mov.b32 %u20, %f" + i + ";\ncvt.u64.u32 %U20, %u20;\n";
            case "d" -> "mov.b64 %U20, %d" + i + ";\n";
            case "U" -> "mov.u64 %U20, %U" + i + ";\n";
            default -> "cvt.u64.u32 %U20, %u" + i + ";\n";
        };
    }

    /** Module with variables of all spaces; x points to the input, y to the output. */
    private static String module(String body) {
        StringBuilder bytes = new StringBuilder();
        for (byte b : inputBytes()) {
            bytes.append(bytes.isEmpty() ? "" : ", ").append(b & 0xff);
        }
        String s = HEADER + ".const .align 16 .b8 c[32] = {" + bytes + "};\n"
                + ".visible .entry test(.param .u64 x, .param .u64 y, .param .align 16 .b8 p[32])\n{\n" + REGISTERS
                + ".shared .align 16 .b8 sh[1024];\n.local .align 16 .b8 lo[32];\n"
                + "ld.param.u64 %U10, [x];\nld.param.u64 %U11, [y];\n";
        for (int i = 0; i < 8; i++) {
            s += "ld.global.u32 %u10, [%U10+" + 4 * i + "];\nst.shared.u32 [sh+" + 4 * i + "], %u10;\nst.local.u32 [lo+"
                    + 4 * i + "], %u10;\n";
        }
        return s + body + "ret;\n}\n";
    }

    private static void run(Gpu gpu, String ptx, int threads, CUdeviceptr x, CUdeviceptr y) {
        var k = gpu.kernel(ptx, "test");
        var pointers = jcuda.Pointer.to(jcuda.Pointer.to(x), jcuda.Pointer.to(y), jcuda.Pointer.to(inputBytes()));
        Gpu.check(jcuda.driver.JCudaDriver.cuLaunchKernel(k.function, 1, 1, 1, threads, 1, 1, 0, null, pointers, null));
        Gpu.check(jcuda.driver.JCudaDriver.cuCtxSynchronize());
    }

    @Test
    void loads() {
        Emulator.configure("optimisation=-O0");
        List<String> loads = entries().stream().filter(o -> o.startsWith("ld.")).toList();
        StringBuilder body = new StringBuilder();
        List<Long> expected = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(inputBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (String o : loads) {
            String address = switch (space(o)) {
                case "param" -> "p";
                case "const" -> "c";
                case "shared" -> "sh";
                case "local" -> "lo";
                default -> "%U10";
            };
            int n = count(o), width = PtxArithmetic.bits(type(o)) / 8;
            String kind = register(type(o));
            body.append(o)
                    .append(" ")
                    .append(list(kind, n))
                    .append(", [")
                    .append(address)
                    .append("];\n");
            for (int i = 0; i < n; i++) {
                body.append(widen(kind, i))
                        .append("st.global.u64 [%U11+")
                        .append(8 * expected.size())
                        .append("], %U20;\n");
                long v = switch (width) {
                    case 1 -> bytes.get(i);
                    case 2 -> bytes.getShort(2 * i);
                    case 4 -> bytes.getInt(4 * i);
                    default -> bytes.getLong(8 * i);
                };
                boolean signExtends = type(o).startsWith("s");
                expected.add(width == 8 ? v : signExtends ? v & 0xffffffffL : PtxArithmetic.cut(v, 8 * width));
            }
        }
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr y = gpu.allocate(8L * expected.size());
            run(gpu, module(body.toString()), 1, gpu.upload(INPUT), y);
            long[] out = gpu.longs(y, expected.size());
            for (int i = 0, e = 0; e < loads.size(); e++) {
                for (int k = 0; k < count(loads.get(e)); k++, i++) {
                    assertThat(out[i]).as("%s, element %d", loads.get(e), k).isEqualTo(expected.get(i));
                }
            }
        }
        assertThat(loads.size()).isGreaterThan(200);
    }

    @Test
    void stores() {
        Emulator.configure("optimisation=-O0");
        List<String> stores =
                entries().stream().filter(o -> o.startsWith("st.")).toList();
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < 4; i++) { // element i is word i of the input, cut to the type's width
            body.append("ld.global.u64 %U" + i + ", [%U10+" + 8 * i + "];\ncvt.u32.u64 %u" + i + ", %U" + i
                    + ";\nmov.b32 %f" + i + ", %u" + i + ";\nmov.b64 %d" + i + ", %U" + i + ";\n");
        }
        body.append("mov.u32 %u15, 0;\n");
        for (int e = 0; e < stores.size(); e++) {
            String o = stores.get(e), space = space(o).equals("generic") ? "global" : space(o);
            String base = switch (space) {
                case "shared" -> "sh+";
                case "local" -> "lo+";
                default -> "%U11+";
            };
            int first = space.equals("shared") ? 512 : space.equals("local") ? 0 : 16 * e;
            String values = list(register(type(o)), count(o));
            body.append("st.")
                    .append(space)
                    .append(".v4.u32 [")
                    .append(base)
                    .append(first)
                    .append("], {%u15, %u15, %u15, %u15};\n");
            body.append(o)
                    .append(" [")
                    .append(base)
                    .append(first)
                    .append("], ")
                    .append(values)
                    .append(";\n");
            if (!space.equals("global")) {
                body.append("ld.")
                        .append(space)
                        .append(".v4.u32 {%u10, %u11, %u12, %u13}, [")
                        .append(base)
                        .append(first)
                        .append("];\nst.global.v4.u32 [%U11+")
                        .append(16 * e)
                        .append("], {%u10, %u11, %u12, %u13};\n");
            }
        }
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr y = gpu.allocate(16L * stores.size());
            run(gpu, module(body.toString()), 1, gpu.upload(INPUT), y);
            ByteBuffer out = ByteBuffer.wrap(gpu.bytes(y, 16 * stores.size())).order(ByteOrder.LITTLE_ENDIAN);
            for (int e = 0; e < stores.size(); e++) {
                int width = PtxArithmetic.bits(type(stores.get(e))) / 8;
                byte[] expected = new byte[16];
                for (int k = 0; k < count(stores.get(e)); k++) {
                    for (int b = 0; b < width; b++) {
                        expected[k * width + b] = (byte) (INPUT[k] >> 8 * b);
                    }
                }
                byte[] actual = new byte[16];
                out.get(16 * e, actual);
                assertThat(actual).as(stores.get(e)).isEqualTo(expected);
            }
        }
        assertThat(stores.size()).isGreaterThan(150);
    }

    private static long atomic(String how, String type, long a, long b, long c) {
        int n = PtxArithmetic.bits(type);
        long x = PtxArithmetic.signed(a, n), y = PtxArithmetic.signed(b, n);
        boolean isSigned = type.startsWith("s");
        long v = switch (how) {
            case "add" ->
                type.equals("f32")
                        ? Float.floatToRawIntBits(Float.intBitsToFloat((int) a) + Float.intBitsToFloat((int) b))
                        : a + b;
            case "min" -> (isSigned ? x < y : Long.compareUnsigned(a, b) < 0) ? a : b;
            case "max" -> (isSigned ? x > y : Long.compareUnsigned(a, b) > 0) ? a : b;
            case "and" -> a & b;
            case "or" -> a | b;
            case "xor" -> a ^ b;
            case "inc" -> Long.compareUnsigned(a, b) >= 0 ? 0 : a + 1;
            case "dec" -> a == 0 || Long.compareUnsigned(a, b) > 0 ? b : a - 1;
            case "exch" -> b;
            default -> a == b ? c : a;
        };
        return PtxArithmetic.cut(v, n);
    }

    @Test
    void atomics() {
        Emulator.configure("optimisation=-O0");
        List<String> atomics = entries().stream()
                .filter(o -> o.startsWith("atom.") || o.startsWith("red."))
                .toList();
        long[][] cases = {
            {5, 3, 9},
            {3, 5, 9},
            {5, 5, 9},
            {0, 7, 1},
            {0xffffffffL, 1, 2},
            {0x80000000L, 0x7fffffffL, 3},
            {0x3fc00000L, 0x40200000L, 4}
        };
        // thread t runs case t; results of entry e go to y[e][t] = {old, new}
        StringBuilder body =
                new StringBuilder("mov.u32 %u7, %tid.x;\nmul.wide.u32 %U7, %u7, 24;\nadd.s64 %U8, %U10, %U7;\n");
        for (int i = 0; i < 3; i++) {
            body.append("ld.global.u64 %U" + i + ", [%U8+" + 8 * i + "];\ncvt.u32.u64 %u" + i + ", %U" + i
                    + ";\nmov.b32 %f" + i + ", %u" + i + ";\n");
        }
        body.append(
                "mul.wide.u32 %U7, %u7, 16;\nadd.s64 %U11, %U11, %U7;\nshl.b32 %u8, %u7, 3;\nmov.u32 %u9, sh;\nadd.u32 %u9, %u9, %u8;\n");
        for (int e = 0; e < atomics.size(); e++) {
            String o = atomics.get(e), t = type(o), kind = register(t), how = o.split("\\.")[o.split("\\.").length - 2];
            int bytes = PtxArithmetic.bits(t) / 8, to = 16 * cases.length * e;
            boolean isShared = space(o).equals("shared"), result = o.startsWith("atom");
            String at = isShared ? "%u9+64" : "%U11+" + to, plain = isShared ? "shared" : "global";
            body.append("st.")
                    .append(plain)
                    .append(".b")
                    .append(8 * bytes)
                    .append(" [")
                    .append(at)
                    .append("], %")
                    .append(bytes == 8 ? "U0" : "u0")
                    .append(";\n");
            if (!result) {
                body.append("mov.b32 %f5, %u0;\nmov.u32 %u5, %u0;\nmov.u64 %U5, %U0;\n");
            }
            body.append(o)
                    .append(result ? " %" + kind + "5," : "")
                    .append(" [")
                    .append(at)
                    .append("], %")
                    .append(kind)
                    .append("1")
                    .append(how.equals("cas") ? ", %" + kind + "2" : "")
                    .append(";\n");
            body.append("ld.")
                    .append(plain)
                    .append(bytes == 8 ? ".u64 %U6" : ".u32 %u6")
                    .append(", [")
                    .append(at)
                    .append("];\n");
            if (bytes == 4) {
                body.append("cvt.u64.u32 %U6, %u6;\n");
            }
            body.append(widen(kind, 5))
                    .append("st.global.v2.u64 [%U11+")
                    .append(to)
                    .append("], {%U20, %U6};\n");
        }
        long[] input = java.util.stream.Stream.of(cases)
                .flatMapToLong(java.util.Arrays::stream)
                .toArray();
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr y = gpu.allocate(16L * cases.length * atomics.size());
            run(
                    gpu,
                    module(body.toString()).replace("st.shared.u32 [sh+", "@%p7 st.shared.u32 [sh+"),
                    cases.length,
                    gpu.upload(input),
                    y);
            long[] out = gpu.longs(y, 2 * cases.length * atomics.size());
            int slot = 0;
            for (String o : atomics) {
                for (long[] v : cases) {
                    String how = o.split("\\.")[o.split("\\.").length - 2];
                    assertThat(out[2 * slot]).as("%s, old value", o).isEqualTo(v[0]);
                    assertThat(out[2 * slot + 1])
                            .as("%s of %d, %d, %d", o, v[0], v[1], v[2])
                            .isEqualTo(atomic(how, type(o), v[0], v[1], v[2]));
                    slot++;
                }
            }
        }
        assertThat(atomics.size()).isGreaterThan(60);
    }

    @Test
    void shufflesAndVotes() {
        int[][] bc = {{1, 0x1f}, {5, 0x1f}, {3, 0x180f}, {1, 0}, {16, 0x1f}, {2, 0x1c03}};
        List<String> kinds = List.of("up", "down", "bfly", "idx");
        StringBuilder body = new StringBuilder(
                "mov.u32 %u0, %tid.x;\nmul.lo.u32 %u0, %u0, 3;\nmov.u32 %u3, %laneid;\nmul.wide.u32 %U3, %u3, 8;\nadd.s64 %U11, %U11, %U3;\n");
        int slot = 0;
        for (String kind : kinds) {
            for (int[] x : bc) {
                body.append("shfl.sync.")
                        .append(kind)
                        .append(".b32 %u1|%p1, %u0, ")
                        .append(x[0])
                        .append(", ")
                        .append(x[1])
                        .append(", -1;\n")
                        .append(
                                "selp.u32 %u2, 256, 0, %p1;\nadd.u32 %u1, %u1, %u2;\ncvt.u64.u32 %U1, %u1;\nst.global.u64 [%U11+")
                        .append(256 * slot++)
                        .append("], %U1;\n");
            }
        }
        int votes = slot;
        for (String predicate :
                List.of("setp.lt.u32 %p1, %u3, 5;", "setp.lt.u32 %p1, %u3, 32;", "setp.lt.u32 %p1, %u3, 0;")) {
            body.append(predicate).append("\n");
            for (String v : List.of("all", "any", "uni")) {
                body.append("vote.sync.")
                        .append(v)
                        .append(".pred %p2, %p1, -1;\nselp.u64 %U1, 1, 0, %p2;\nst.global.u64 [%U11+")
                        .append(256 * slot++)
                        .append("], %U1;\n");
            }
            body.append("vote.sync.ballot.b32 %u1, %p1, -1;\ncvt.u64.u32 %U1, %u1;\nst.global.u64 [%U11+")
                    .append(256 * slot++)
                    .append("], %U1;\n");
        }
        String ptx = HEADER + ".visible .entry test(.param .u64 x, .param .u64 y, .param .align 16 .b8 p[32])\n{\n"
                + REGISTERS + "ld.param.u64 %U11, [y];\n" + body + "ret;\n}\n";
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr y = gpu.allocate(256L * slot);
            run(gpu, ptx, 32, gpu.upload(INPUT), y);
            long[] out = gpu.longs(y, 32 * slot);
            int s = 0;
            for (String kind : kinds) {
                for (int[] x : bc) {
                    for (int lane = 0; lane < 32; lane++) {
                        // the manual's pseudocode
                        int segment = x[1] >> 8 & 31,
                                clamp = x[1] & 31,
                                high = lane & segment | clamp & ~segment,
                                low = lane & segment;
                        int j = switch (kind) {
                            case "up" -> lane - x[0];
                            case "down" -> lane + x[0];
                            case "bfly" -> lane ^ x[0];
                            default -> low | x[0] & ~segment;
                        };
                        boolean inside = kind.equals("up") ? j >= high : j <= high;
                        assertThat(out[s * 32 + lane])
                                .as("shfl %s b=%d c=%x lane %d", kind, x[0], x[1], lane)
                                .isEqualTo((inside ? j : lane) * 3L + (inside ? 256 : 0));
                    }
                    s++;
                }
            }
            long[][] expected = {{0, 1, 0, 31}, {1, 1, 1, 0xffffffffL}, {0, 0, 1, 0}};
            for (int p = 0; p < 3; p++) {
                for (int v = 0; v < 4; v++) {
                    assertThat(out[(votes + 4 * p + v) * 32 + 7])
                            .as("predicate %d, vote %d", p, v)
                            .isEqualTo(expected[p][v]);
                }
            }
        }
    }

    @Test
    void movesAddressesAndTheRest() {
        StringBuilder body = new StringBuilder(
                "ld.global.u64 %U0, [%U10];\ncvt.u32.u64 %u0, %U0;\ncvt.u16.u64 %h0, %U0;\nmov.b32 %f0, %u0;\nmov.b64 %d0, %U0;\nsetp.ne.u32 %p0, %u0, 0;\n");
        List<Long> expected = new ArrayList<>();
        Set<String> covered = new HashSet<>();
        for (String o : entries()) {
            if (o.startsWith("mov.")) {
                covered.add(o);
                String t = type(o), r = t.equals("pred") ? "p" : t.endsWith("16") ? "h" : register(t);
                body.append(o).append(" %").append(r).append("5, %").append(r).append("0;\n");
                body.append(
                        r.equals("p")
                                ? "selp.u64 %U20, 1, 0, %p5;\n"
                                : r.equals("h") ? "cvt.u64.u16 %U20, %h5;\n" : widen(r, 5));
                body.append("st.global.u64 [%U11+").append(8 * expected.size()).append("], %U20;\n");
                expected.add(r.equals("p") ? 1 : PtxArithmetic.cut(INPUT[0], PtxArithmetic.bits(t)));
            }
        }
        // each space's address to generic and back; a generic load and one of the space see the same word
        for (String space : List.of("shared", "local", "const", "global")) {
            String symbol = space.equals("shared") ? "sh" : space.equals("local") ? "lo" : "c";
            body.append(space.equals("global") ? "mov.u64 %U1, %U10;\n" : "mov.u64 %U1, " + symbol + ";\n");
            body.append("cvta.")
                    .append(space)
                    .append(".u64 %U2, %U1;\nld.u32 %u1, [%U2+4];\ncvta.to.")
                    .append(space)
                    .append(".u64 %U3, %U2;\nld.")
                    .append(space)
                    .append(".u32 %u2, [%U3+8];\nmov.b64 %U4, {%u1, %u2};\nst.global.u64 [%U11+")
                    .append(8 * expected.size())
                    .append("], %U4;\n");
            expected.add(INPUT[0] >>> 32 | INPUT[1] << 32);
            covered.add("cvta." + space + ".u64");
            covered.add("cvta.to." + space + ".u64");
        }
        for (String o : entries()) {
            if (o.startsWith("membar") || o.startsWith("fence")) {
                body.append(o).append(";\n");
                covered.add(o);
            }
        }
        body.append("mov.b64 {%u6, %u7}, %U0;\nmov.b64 %U4, {%u7, %u6};\nst.global.u64 [%U11+")
                .append(8 * expected.size())
                .append("], %U4;\n");
        expected.add(INPUT[0] >>> 32 | INPUT[0] << 32);
        body.append(
                "cp.async.ca.shared.global [sh+64], [%U10+8], 8;\ncp.async.commit_group;\ncp.async.cg.shared.global [sh+80], [%U10+16], 16;\ncp.async.commit_group;\n"
                        + "cp.async.wait_group 1;\nld.shared.u64 %U4, [sh+64];\nst.global.u64 [%U11+"
                        + 8 * expected.size() + "], %U4;\n");
        expected.add(INPUT[1]);
        body.append(
                "cp.async.ca.shared.global [sh+96], [%U10], 4, 2;\ncp.async.wait_all;\nld.shared.u64 %U4, [sh+88];\nst.global.u64 [%U11+"
                        + 8 * expected.size() + "], %U4;\n");
        expected.add(INPUT[3]);
        body.append("ld.shared.u32 %u4, [sh+96];\ncvt.u64.u32 %U4, %u4;\nst.global.u64 [%U11+" + 8 * expected.size()
                + "], %U4;\n");
        expected.add(INPUT[0] & 0xffff); // the rest is filled with zeros
        body.append(
                "bra.uni over;\nst.global.u64 [%U10+400], %U4;\nover:\nbar.warp.sync 1;\nbar.sync 0;\n@%p0 exit;\nst.global.u64 [%U10+400], %U4;\n");
        covered.addAll(List.of(
                "cp.async.ca.shared.global",
                "cp.async.cg.shared.global",
                "cp.async.commit_group",
                "cp.async.wait_group",
                "cp.async.wait_all",
                "bra",
                "bra.uni",
                "bar.warp.sync",
                "bar.sync",
                "exit",
                "ret"));
        try (Gpu gpu = new Gpu()) {
            CUdeviceptr y = gpu.allocate(8L * expected.size());
            run(gpu, module(body.toString()), 1, gpu.upload(INPUT), y);
            assertThat(gpu.longs(y, expected.size()))
                    .containsExactly(expected.stream().mapToLong(v -> v).toArray());
        }
        TreeSet<String> rest = new TreeSet<>(entries());
        rest.removeIf(o -> covered.contains(o) || o.matches("(ld|st|atom|red|shfl|vote)\\..*"));
        assertThat(rest).as("entries that no test covers").isEmpty();
    }
}
