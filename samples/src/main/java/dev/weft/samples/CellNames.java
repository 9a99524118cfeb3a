package dev.weft.samples;

import dev.weft.layer.Cells;
import dev.weft.op.expr.Cell;
import java.util.Iterator;

/** The names of the recurrent cells, for completion. */
final class CellNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Cells.all().stream().map(Cell::name).iterator();
    }
}
