package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Reshape}, {@link Op.Concat} and {@link Op.Slice}. */
final class ShapeCases {
    private ShapeCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        cases.add(OpCase.of(new Op.Reshape("case", batched("x", 1, 1), batched("y", 1, 1, 1, 1))));
        cases.add(OpCase.of(new Op.Reshape("case", batched("x", 3, 2, 5, 7), batched("y", 3, 70))));
        cases.add(OpCase.of(new Op.Reshape("case", batched("x", 33, 6), batched("y", 33, 2, 3))));
        cases.add(OpCase.of(new Op.Reshape("case", parameter("x", 5, 7), whole("y", 35))));
        cases.add(OpCase.of(new Op.Reshape("case", whole("x", 35), gradient("y", 5, 7))));
        cases.add(OpCase.of(new Op.Reshape("case", viewAt(3, "x", Role.PARAMETER, 5, 7), whole("y", 35))));
        TensorRef x = batched("x", 1, 4);
        TensorRef y = batched("y", 1, 2, 2);
        cases.add(OpCase.of("NaN and infinity", new Op.Reshape("case", x, y))
                .with(x, 1, Double.NaN, Double.NEGATIVE_INFINITY, 1e-30f)
                .kink()
                .expect(y, 1, Double.NaN, Double.NEGATIVE_INFINITY, 1e-30f));

        cases.add(concat(1, batched("y", 1, 1), 1));
        cases.add(concat(1, batched("y", 3, 7), 2, 5));
        cases.add(concat(1, batched("y", 3, 35), 1, 17, 16, 1));
        cases.add(concat(1, batched("y", 2, 6, 5, 3), 1, 2, 3));
        cases.add(concat(1, batched("y", 2, 13, 3), 1, 2, 3, 1, 4, 2));
        cases.add(concat(2, batched("y", 2, 3, 7, 5), 4, 3));
        cases.add(concat(3, batched("y", 5, 1, 2, 33), 16, 17));
        cases.add(concat(0, whole("y", 5, 3), 2, 3));
        TensorRef a = batched("a", 2, 1, 2);
        TensorRef b = batched("b", 2, 2, 2);
        TensorRef both = batched("y", 2, 3, 2);
        cases.add(OpCase.of("by hand", new Op.Concat("case", List.of(a, b), 1, both))
                .with(a, 1, 2, 3, 4)
                .with(b, 10, 20, 30, 40, 50, 60, 70, 80)
                .expect(both, 1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80));
        cases.add(OpCase.of("a tensor twice", new Op.Concat("case", List.of(a, a), 1, batched("y", 2, 2, 2)))
                .with(a, 1, 2, 3, 4));

        cases.add(slice(batched("x", 1, 1), 1, 0, 1));
        cases.add(slice(batched("x", 3, 35), 1, 17, 16));
        cases.add(slice(batched("x", 3, 35), 1, 0, 1));
        cases.add(slice(batched("x", 3, 35), 1, 34, 1));
        cases.add(slice(batched("x", 2, 6, 5, 3), 1, 1, 3));
        cases.add(slice(batched("x", 2, 3, 7, 5), 2, 3, 4));
        cases.add(slice(batched("x", 5, 1, 2, 33), 3, 16, 17));
        cases.add(slice(whole("x", 5, 3), 0, 2, 3));
        TensorRef part = batched("part", 2, 2, 2);
        cases.add(OpCase.of("by hand", new Op.Slice("case", both, 1, 1, part))
                .with(both, 1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80)
                .expect(part, 10, 20, 30, 40, 50, 60, 70, 80));
        return cases;
    }

    private static OpCase concat(int axis, TensorRef y, int... sizes) {
        List<TensorRef> parts = new ArrayList<>();
        for (int size : sizes) {
            parts.add(resized("x" + parts.size(), y, axis, size));
        }
        return OpCase.of(new Op.Concat("case", parts, axis, y));
    }

    private static OpCase slice(TensorRef x, int axis, int from, int size) {
        return OpCase.of(new Op.Slice("case", x, axis, from, resized("y", x, axis, size)));
    }

    private static TensorRef resized(String name, TensorRef tensor, int axis, int size) {
        int[] dimensions = tensor.shape().toArray();
        dimensions[axis] = size;
        return tensor.batched() ? batched(name, dimensions) : whole(name, dimensions);
    }
}
