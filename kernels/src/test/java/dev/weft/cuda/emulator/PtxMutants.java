package dev.weft.cuda.emulator;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Small faults that can be planted into a kernel, one at a time.
 *
 * @param barriers deleted, of blocks and of warps
 * @param comparisons of integers, strict for not strict or the other way round, or with a constant one larger
 * @param constants in the arithmetic of integers, one larger, and offsets of addresses, one element further
 */
public record PtxMutants(List<Mutant> barriers, List<Mutant> comparisons, List<Mutant> constants) {
    private static final Pattern BARRIER = Pattern.compile("\\bbar\\.(warp\\.)?sync\\b");
    private static final Pattern COMPARISON = Pattern.compile("(.*\\bsetp\\.)(lt|le|gt|ge)(\\.[su]32.*)");
    private static final Pattern CONSTANT = Pattern.compile(
            "(.*\\b(?:add|sub|mul|mad|shl|shr|and|setp|div|rem)\\.[\\w.]+\\s.*,\\s*)(-?\\d+)((?:, %\\w+)?;)");
    private static final Pattern OFFSET =
            Pattern.compile("(.*\\b(?:ld|st|atom)\\.(?:global|shared)[\\w.]*\\s.*\\[%\\w+)(?:\\+(-?\\d+))?(\\].*)");

    /**
     * A module with one fault.
     *
     * @param what the kernel, the line, and what became of it
     */
    public record Mutant(String what, String ptx) {}

    /** All mutants of a kernel. */
    public static PtxMutants of(String ptx, String kernel) {
        int begin = ptx.indexOf(".entry " + kernel + "(");
        int end = ptx.indexOf("\n}", begin);
        String[] lines = ptx.substring(begin, end).split("\n");
        long firstLine = ptx.substring(0, begin).lines().count();
        PtxMutants all = new PtxMutants(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i];
            String where = "%s, line %d: ".formatted(kernel, firstLine + i);
            Matcher comparison = COMPARISON.matcher(line);
            Matcher constant = CONSTANT.matcher(line);
            Matcher offset = OFFSET.matcher(line);
            if (BARRIER.matcher(line).find()) {
                all.barriers.add(mutant(where, lines, i, "", ptx, begin, end));
            }
            if (comparison.matches()) {
                String other =
                        comparison.group(2).charAt(0) + (comparison.group(2).endsWith("t") ? "e" : "t");
                String changed = comparison.group(1) + other + comparison.group(3);
                all.comparisons.add(mutant(where, lines, i, changed, ptx, begin, end));
            }
            if (constant.matches() && !line.contains("f32")) {
                String changed = constant.group(1) + (Long.parseLong(constant.group(2)) + 1) + constant.group(3);
                Mutant moved = mutant(where, lines, i, changed, ptx, begin, end);
                (line.contains("setp") ? all.comparisons : all.constants).add(moved);
            }
            if (offset.matches()) {
                long old = offset.group(2) == null ? 0 : Long.parseLong(offset.group(2));
                long moved = old + (line.contains("u8") ? 1 : 4);
                String changed = offset.group(1) + "+" + moved + offset.group(3);
                all.constants.add(mutant(where, lines, i, changed, ptx, begin, end));
            }
        }
        return all;
    }

    private static Mutant mutant(
            String where, String[] lines, int at, String replacement, String ptx, int begin, int end) {
        String[] changed = lines.clone();
        changed[at] = replacement;
        return new Mutant(
                where + lines[at].strip() + "  ->  " + (replacement.isEmpty() ? "(deleted)" : replacement.strip()),
                ptx.substring(0, begin) + String.join("\n", changed) + ptx.substring(end));
    }

    /** So many of them, evenly spread. */
    public static List<Mutant> some(int count, List<Mutant> mutants) {
        int take = Math.min(count, mutants.size());
        return IntStream.range(0, take)
                .mapToObj(i -> mutants.get(i * mutants.size() / take))
                .toList();
    }
}
