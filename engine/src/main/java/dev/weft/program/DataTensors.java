package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * A data set in a backend's memory.
 *
 * @param columns by name
 * @param order I32 {@code [rows]}: the row that comes n-th in this epoch
 */
public record DataTensors(Map<String, Column> columns, TensorRef order) {

    /**
     * A column in a backend's memory.
     *
     * @param classes how many classes its integers count; 0 where they count none
     * @param scale what stored values are multiplied with
     * @param shift what is added after that
     */
    public record Column(TensorRef stored, int classes, double scale, double shift) {}

    /** The tensors for a data set, named {@code name.features} and so on. */
    public static DataTensors of(String name, Columns data) {
        Map<String, Column> columns = new LinkedHashMap<>();
        for (Columns.Column c : data.all()) {
            TensorRef stored = TensorRef.persistent(
                    name + "." + c.name(), c.values().type(), c.values().shape(), Role.DATA);
            columns.put(c.name(), new Column(stored, c.classes(), c.scale(), c.shift()));
        }
        return new DataTensors(
                columns, TensorRef.persistent(name + ".order", DType.I32, Shape.of(data.size()), Role.DATA));
    }

    /** The tensors for a data set's {@code features} and {@code targets}. */
    public static DataTensors of(String name, Dataset data) {
        return of(name, data.columns());
    }

    /** How many rows the data set has. */
    public int rows() {
        return order.shape().get(0);
    }

    /**
     * A column by its name.
     *
     * @throws ShapeException if there is none; the message lists those that there are
     */
    public Column column(String name) {
        Column column = columns.get(name);
        if (column == null) {
            throw new ShapeException(name, "the data set has no column of this name; there are " + columns.keySet());
        }
        return column;
    }

    /** Everything that has to be allocated for the data set. */
    public List<TensorRef> tensors() {
        List<TensorRef> tensors = new ArrayList<>();
        columns.values().forEach(column -> tensors.add(column.stored));
        tensors.add(order);
        return tensors;
    }

    /** Hands all values to {@code write}, the rows in the order in which they are stored. */
    public void write(Columns data, BiConsumer<TensorRef, HostTensor> write) {
        for (Columns.Column c : data.all()) {
            write.accept(column(c.name()).stored, c.values());
        }
        write.accept(order, HostTensor.of(order.shape(), Shuffle.identity(rows())));
    }
}
