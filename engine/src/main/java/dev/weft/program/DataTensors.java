package dev.weft.program;

import dev.weft.data.Dataset;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * A data set in a backend's memory.
 *
 * @param order I32 {@code [rows]}: the row that comes n-th in this epoch
 * @param classes how many classes the targets count; 0 where they are values
 * @param scale what stored values are multiplied with
 * @param shift what is added after that
 */
public record DataTensors(
        TensorRef features, TensorRef targets, TensorRef order, int classes, double scale, double shift) {

    /** The tensors for a data set, named {@code name.features} and so on. */
    public static DataTensors of(String name, Dataset data) {
        return new DataTensors(
                persistent(name + ".features", data.features()),
                persistent(name + ".targets", data.targets()),
                TensorRef.persistent(name + ".order", DType.I32, Shape.of(data.size()), Role.DATA),
                data.classes(),
                data.scale(),
                data.shift());
    }

    private static TensorRef persistent(String name, HostTensor values) {
        return TensorRef.persistent(name, values.type(), values.shape(), Role.DATA);
    }

    public List<TensorRef> tensors() {
        return List.of(features, targets, order);
    }
}
