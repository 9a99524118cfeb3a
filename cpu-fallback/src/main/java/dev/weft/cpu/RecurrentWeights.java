package dev.weft.cpu;

import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The weights of a recurrent layer as both of its kernels need them: matrices packed, those of units once for each lane. */
final class RecurrentWeights {
    private final int size;
    private final RecurrentProducts[] products;
    private final TensorRef v;
    private final Reals given;
    private final Reals spread;
    private final int lanes;
    private final boolean[][] areOf;

    /** @param v null where there are none */
    RecurrentWeights(Cell cell, int units, List<TensorRef> w, TensorRef v, boolean transpose, Binding binding) {
        this.v = v;
        lanes = binding.tiling().lanes();
        size = units * lanes;
        products = new RecurrentProducts[w.size()];
        areOf = new boolean[cell.parts().size()][w.size()];
        for (int g = 0; g < products.length; g++) {
            List<Integer> ofGroup = cell.groups().get(g).products();
            products[g] = new RecurrentProducts(ofGroup.size(), binding.reals(w.get(g)), units, transpose, binding);
            for (int p = 0; p < areOf.length; p++) {
                areOf[p][g] = cell.parts().get(p).products().containsAll(ofGroup);
            }
        }
        given = v == null ? null : binding.reals(v);
        spread = v == null ? null : binding.scratch((long) v.elements() * lanes);
    }

    /** Those of units, for each lane; null where there are none. */
    Reals spread() {
        return spread;
    }

    /** The products of a group. */
    RecurrentProducts products(int group) {
        return products[group];
    }

    /** Whether a group's products belong to a part of the cell. */
    boolean areOf(int part, int group) {
        return areOf[part][group];
    }

    Phase[] pack() {
        List<Phase> phases = new ArrayList<>();
        for (RecurrentProducts each : products) {
            phases.add(each.pack());
        }
        if (v != null) {
            phases.add(Phase.single(() -> {
                for (int i = 0; i < v.elements(); i++) {
                    int at = spread.at + i * lanes;
                    Arrays.fill(spread.a, at, at + lanes, given.a[given.at + i]);
                }
            }));
        }
        return phases.toArray(Phase[]::new);
    }

    /**
     * What each thread works with.
     *
     * @param own how many values have memory of their own
     * @param lengths null where all sequences have all steps
     */
    RecurrenceFrame[] frames(int own, TensorRef lengths, int steps, Binding binding) {
        Tiling tiling = binding.tiling();
        int most = Arrays.stream(tiling.tasks(binding.threads()))
                .mapToInt(Task::count)
                .max()
                .orElse(0);
        Reals scratch = binding.scratch((long) binding.threads() * most * own * size);
        Operand ofLengths = lengths == null ? null : binding.tiles(lengths);
        RecurrenceFrame[] frames = new RecurrenceFrame[binding.threads()];
        Arrays.setAll(
                frames,
                thread -> new RecurrenceFrame(
                        size, own, scratch, thread, most, new SequenceTiles(ofLengths, steps, most, tiling)));
        return frames;
    }

    static Operand[] operands(List<TensorRef> tensors, Binding binding) {
        return tensors.stream().map(binding::tiles).toArray(Operand[]::new);
    }

    /** All values of a kind. */
    static List<Value> values(Source source, int count) {
        return IntStream.range(0, count).mapToObj(i -> new Value(source, i)).toList();
    }
}
