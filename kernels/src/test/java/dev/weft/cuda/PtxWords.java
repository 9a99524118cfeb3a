package dev.weft.cuda;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of PTX that the kernels may consist of: directives, pragmas, special registers, opcodes and their modifiers that
 * are in the PTX ISA 8.0, as the section "PTX ISA Notes" of each in NVIDIA's manual says. Only those that nvcc has written so
 * far; a new one is to be looked up there before it is added.
 */
final class PtxWords {
    /** By the version of the ISA that brought them. */
    private static final Set<String> DIRECTIVES = words(
            // 1.0 to 1.4
            ".version .target .entry .visible .extern .param .reg .shared .align .maxntid",
            ".pred .b8 .b16 .b32 .b64 .u32 .u64 .f32 .f64",
            // 2.0, 2.3
            ".minnctapersm .pragma",
            ".address_size");

    /** 2.0. */
    private static final Set<String> PRAGMAS = words("nounroll");

    /** 1.0. */
    private static final Set<String> SPECIAL_REGISTERS = words("tid ntid ctaid nctaid");

    private static final Set<String> INSTRUCTIONS = words(
            // 1.0 to 1.4
            "abs add and bar bra cvt div ex2 fma ld mad max min mov mul neg not or rcp rem ret selp setp shl shr sqrt st",
            "sub xor atom cas",
            "global param shared to uni v2 v4 hi lo wide pred b16 b32 b64 f32 f64 s16 s32 s64 u8 u16 u32 u64",
            "approx ftz rm rn rpi rzi sat eq ge geu gt gtu le leu lt nan ne num sync",
            // 2.0, 2.2
            "bfi copysign",
            "cvta",
            // 3.0, 3.1
            "shfl bfly",
            "nc");

    /** nvcc's names of registers, without their numbers. */
    private static final Set<String> REGISTERS = words("f fd p r rd rs");

    private static final Pattern INSTRUCTION = Pattern.compile("^\\s*(?:@!?%\\w+\\s+)?([a-z][\\w.:]*)");
    private static final Pattern OTHER =
            Pattern.compile("(?<directive>(?<![\\w.%])\\.[a-z]\\w*)|\"(?<pragma>[^\"]*)\"|%(?<register>[a-z_]+)");

    private PtxWords() {}

    private static Set<String> words(String... lines) {
        return Set.copyOf(List.of(String.join(" ", lines).split(" ")));
    }

    /** What a text holds that is not in these tables. */
    static Set<String> notInVersion8(String ptx) {
        Set<String> found = new LinkedHashSet<>();
        for (String line : ptx.replaceAll("//.*", "").split("\n")) {
            Matcher instruction = INSTRUCTION.matcher(line);
            if (instruction.find()) {
                for (String word : instruction.group(1).split("\\.")) {
                    addMissing(INSTRUCTIONS, word, found);
                }
            }
            Matcher other = OTHER.matcher(line);
            while (other.find()) {
                addMissing(DIRECTIVES, other.group("directive"), found);
                addMissing(PRAGMAS, other.group("pragma"), found);
                String register = other.group("register");
                if (!REGISTERS.contains(String.valueOf(register))) {
                    addMissing(SPECIAL_REGISTERS, register, found);
                }
            }
        }
        return found;
    }

    private static void addMissing(Set<String> known, String word, Set<String> found) {
        if (word != null && !known.contains(word)) {
            found.add(word);
        }
    }
}
