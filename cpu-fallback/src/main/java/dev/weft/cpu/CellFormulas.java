package dev.weft.cpu;

import dev.weft.cpu.CellPlaces.Place;
import dev.weft.op.expr.Cell.Formulas;
import java.util.Arrays;
import java.util.Collections;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The formulas of a part of a recurrent cell, for all units of a tile. */
final class CellFormulas {
    private final Blocks blocks;
    private final Place[] places;
    private final float[][][] arrays;
    private final int[][] at;

    CellFormulas(Formulas formulas, CellPlaces all, Binding binding) {
        int[] operandOf = IntStream.range(0, formulas.reads().size()).toArray();
        int[] overwritten = new int[formulas.writes().size()];
        Arrays.fill(overwritten, -1);
        blocks = new Blocks(new BlockCode(formulas.code(), operandOf, Collections.emptySet(), overwritten), binding);
        places = all.of(Stream.concat(formulas.reads().stream(), formulas.writes().stream())
                .toList());
        arrays = new float[binding.threads()][places.length][];
        at = new int[binding.threads()][places.length];
    }

    void run(RecurrenceFrame own, int thread) {
        for (int i = 0; i < places.length; i++) {
            arrays[thread][i] = own.array(places[i]);
            at[thread][i] = own.at(places[i]);
        }
        blocks.run(arrays[thread], at[thread], own.size(), thread);
    }
}
