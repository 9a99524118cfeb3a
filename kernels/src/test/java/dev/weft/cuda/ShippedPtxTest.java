package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed PTX is that of the committed sources, and NVIDIA's assembler takes it for every GPU that is supported. */
class ShippedPtxTest {
    private static final int[] TARGETS = {75, 80, 86, 89, 90};
    private static final Map<String, Map<Integer, Resources>> KERNELS = new LinkedHashMap<>();

    /** What a kernel takes of a multiprocessor. */
    private record Resources(int registers, int sharedBytes, int block) {
        private static final int REGISTERS = 65_536;

        /**
         * The share of a multiprocessor's threads that can be resident, by the rules of the CUDA programming guide's table
         * of compute capabilities: registers go by 256 to a warp.
         */
        double occupancy(int target) {
            int threads = target == 75 ? 1024 : target == 86 || target == 89 ? 1536 : 2048;
            int blocks = target == 75 ? 16 : target == 86 ? 16 : target == 89 ? 24 : 32;
            int shared = target == 75 ? 64 << 10 : target == 80 ? 164 << 10 : target == 90 ? 228 << 10 : 100 << 10;
            int reserved = target == 75 ? 0 : 1024;
            int warps = (block + 31) / 32;
            int registersOfBlock = warps * ((registers * 32 + 255) / 256 * 256);
            int resident = Math.min(Math.min(blocks, threads / (warps * 32)), REGISTERS / registersOfBlock);
            if (sharedBytes > 0) {
                resident = Math.min(resident, shared / (sharedBytes + reserved));
            }
            return (double) resident * warps * 32 / threads;
        }
    }

    @Test
    void everySourceHasItsPtx() {
        assertThat(ShippedPtx.sources()).isNotEmpty();
        assertThat(ShippedPtx.modules()).isEqualTo(ShippedPtx.sources());
    }

    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#sources")
    void isMadeOfTheSourceAsItIs(String stem) {
        assertThat(ShippedPtx.ptx(stem))
                .as("the first line is the stamp; if it is stale, run scripts/build-kernels")
                .startsWith("// weft: " + ShippedPtx.stamp(stem) + "\n");
    }

    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#modules")
    void isTakenByDriversSinceTheFirstForCuda12(String stem) {
        assertThat(ShippedPtx.ptx(stem)).contains("\n.version 8.0\n").contains("\n.target sm_75\n");
    }

    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#modules")
    void usesNothingNewerThanItsVersion(String stem) {
        assertThat(PtxWords.notInVersion8(ShippedPtx.ptx(stem))).isEmpty();
    }

    @Test
    void whatIsNewerThanTheVersionIsFound() {
        String ptx = """
                .version 8.0
                .visible .entry k(.param .u64 k_param_0)
                .blocksareclusters
                {
                \t.reg .b32 \t%r<3>;
                \t.pragma "nounroll";
                \t.pragma "used_bytes_mask 15";
                \tmov.u32 \t%r1, %clusterid.x;
                @%p1\tst.async.weak.shared::cluster.u32 \t[%r1], %r2; // cp.reduce
                \tret;
                }
                """;
        assertThat(PtxWords.notInVersion8(ptx))
                .containsExactly(
                        ".blocksareclusters", "used_bytes_mask 15", "clusterid", "async", "weak", "shared::cluster");
    }

    /** JCuda's assembler takes what drivers refuse; the toolkit's is the one that drivers contain. */
    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#modules")
    void isAssembledByTheToolkitForEveryTargetThatItKnows(String stem) {
        List<String> targets = ToolkitAssembler.targets();
        assertThat(targets).contains("sm_75", "sm_90");
        targets.parallelStream()
                .forEach(target -> assertThat(ToolkitAssembler.assemble(ShippedPtx.file(stem), target)
                                .lines()
                                .filter(line -> line.contains("spill")))
                        .as("%s for %s", stem, target)
                        .hasSameSizeAs(ShippedPtx.entries(stem))
                        .allMatch(line -> line.contains(" 0 bytes spill stores, 0 bytes spill loads")));
    }

    /** Their order of summation would differ from run to run. */
    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#modules")
    void hasNoAtomicsOfFloats(String stem) {
        assertThat(ShippedPtx.ptx(stem)).doesNotContainPattern("\\b(atom|red)\\.[\\w.]*f(16|32|64)");
    }

    @ParameterizedTest
    @MethodSource("dev.weft.cuda.ShippedPtx#modules")
    void isAssembledForEveryTargetWithoutSpills(String stem) {
        for (int target : TARGETS) {
            String messages = PtxAssembler.run(bytes(ShippedPtx.ptx(stem)), "--gpu-name=sm_" + target, "--verbose")
                    .messages();
            List<String> entries = new ArrayList<>();
            Matcher kernel = Pattern.compile(
                            "Compiling entry function '(\\w+)'.*?(\\d+) bytes stack frame, (\\d+) bytes spill stores,"
                                    + " (\\d+) bytes spill loads.*?Used (\\d+) registers([^\\n]*)",
                            Pattern.DOTALL)
                    .matcher(messages);
            while (kernel.find()) {
                entries.add(kernel.group(1));
                assertThat(List.of(kernel.group(3), kernel.group(4)))
                        .as("spilled bytes of %s for sm_%d", kernel.group(1), target)
                        .containsOnly("0");
                Matcher shared = Pattern.compile("(\\d+) bytes smem").matcher(kernel.group(6));
                KERNELS.computeIfAbsent(kernel.group(1), name -> new LinkedHashMap<>())
                        .put(
                                target,
                                new Resources(
                                        Integer.parseInt(kernel.group(5)),
                                        shared.find() ? Integer.parseInt(shared.group(1)) : 0,
                                        block(stem, kernel.group(1))));
            }
            assertThat(entries)
                    .as("kernels in the assembler's messages:%n%s", messages)
                    .containsExactlyInAnyOrderElementsOf(ShippedPtx.entries(stem));
        }
    }

    /** Threads of a block: what the kernel declares, or what element-wise launches take. */
    private static int block(String stem, String kernel) {
        String ptx = ShippedPtx.ptx(stem);
        int from = ptx.indexOf(".entry " + kernel + "(");
        Matcher declared = Pattern.compile("\\.maxntid (\\d+)").matcher(ptx.substring(from, ptx.indexOf('{', from)));
        return declared.find() ? Integer.parseInt(declared.group(1)) : 256;
    }

    @AfterAll
    static void printTable() {
        StringBuilder table = new StringBuilder("registers and theoretical occupancy, by target:\n");
        table.append(String.format(Locale.ROOT, "%-44s %6s %7s", "kernel", "block", "shared"));
        for (int target : TARGETS) {
            table.append(String.format(Locale.ROOT, "   sm_%d     ", target));
        }
        KERNELS.forEach((kernel, byTarget) -> {
            Resources first = byTarget.get(TARGETS[0]);
            table.append(String.format(Locale.ROOT, "%n%-44s %6d %7d", kernel, first.block, first.sharedBytes));
            byTarget.forEach((target, resources) -> table.append(String.format(
                    Locale.ROOT, "   %3d %3.0f %%", resources.registers, 100 * resources.occupancy(target))));
        });
        System.out.println(table);
    }

    @ParameterizedTest
    @ValueSource(ints = {75, 90})
    void theAssemblerMakesMachineCode(int computeCapability) {
        byte[] code = PtxAssembler.assemble(bytes(ShippedPtx.ptx("fill")), computeCapability);
        assertThat(code).startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void theAssemblersErrorSaysWhatIsWrong() {
        byte[] broken = bytes(ShippedPtx.ptx("fill").replace("st.global.f32", "st.global.nonsense"));
        assertThatThrownBy(() -> PtxAssembler.assemble(broken, 75))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("nonsense");
    }

    private static byte[] bytes(String ptx) {
        return (ptx + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
