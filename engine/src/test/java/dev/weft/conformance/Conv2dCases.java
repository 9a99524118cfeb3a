package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Conv2d}, {@link Op.Conv2dInputGradient} and {@link Op.Conv2dFilterGradient}. */
final class Conv2dCases {
    private Conv2dCases() {}

    private record Geometry(int n, int c, int h, int w, int k, Window2d window) {
        TensorRef image(String name) {
            return batched(name, n, c, h, w);
        }

        TensorRef filters() {
            return parameter("w", k, c, window.height(), window.width());
        }

        TensorRef output(String name) {
            return batched(name, n, k, window.outHeight(h), window.outWidth(w));
        }

        Op.Conv2d forward() {
            return new Op.Conv2d("case", image("x"), filters(), window, output("y"));
        }

        Op.Conv2dInputGradient inputGradient() {
            return new Op.Conv2dInputGradient("case", output("dy"), filters(), window, image("dx"));
        }

        Op.Conv2dFilterGradient filterGradient() {
            return new Op.Conv2dFilterGradient(
                    "case", image("x"), output("dy"), window, gradient("dw", k, c, window.height(), window.width()));
        }
    }

    private static final Geometry[] GEOMETRIES = {
        new Geometry(1, 1, 1, 1, 1, Window2d.square(1, 1, 0)),
        new Geometry(3, 5, 4, 3, 7, Window2d.square(1, 1, 0)),
        // window = image
        new Geometry(2, 3, 5, 5, 4, Window2d.square(5, 1, 0)),
        new Geometry(1, 1, 7, 7, 3, Window2d.square(3, 1, 1)),
        // steps that leave out columns at the end
        new Geometry(3, 2, 8, 9, 5, Window2d.square(3, 2, 0)),
        new Geometry(2, 3, 7, 10, 4, Window2d.square(3, 2, 1)),
        // stride > window: elements that no window holds
        new Geometry(2, 2, 8, 8, 3, Window2d.square(2, 3, 0)),
        // not square
        new Geometry(1, 2, 9, 6, 3, new Window2d(1, 5, 2, 1, 0, 2)),
        new Geometry(2, 1, 5, 11, 2, new Window2d(3, 2, 1, 3, 2, 1)),
        new Geometry(2, 3, 1, 17, 2, new Window2d(1, 3, 1, 1, 0, 1)),
        new Geometry(2, 3, 17, 1, 2, new Window2d(3, 1, 1, 1, 1, 0)),
        // windows that lie in the padding alone
        new Geometry(1, 2, 3, 3, 2, Window2d.square(3, 1, 4)),
        // one position more than whole vectors hold, and many columns of the window to read past it
        new Geometry(15, 3, 1, 26, 1, new Window2d(1, 40, 1, 1, 0, 10)),
        // around the widths of vectors and tiles
        new Geometry(1, 16, 6, 33, 17, Window2d.square(3, 1, 1)),
        new Geometry(2, 17, 5, 16, 16, Window2d.square(3, 1, 1)),
        // the largest window for which there are kernels of their own, and filters and channels in several groups
        new Geometry(2, 5, 9, 11, 6, Window2d.square(7, 1, 3)),
        new Geometry(1, 2, 8, 7, 9, Window2d.square(7, 1, 0)),
        new Geometry(1, 2, 6, 6, 150, Window2d.square(3, 1, 1)),
        new Geometry(2, 21, 3, 5, 19, Window2d.square(1, 1, 1)),
        // several tiles of an image, and channels and rows that do not fit into shared memory at once
        new Geometry(1, 14, 33, 34, 9, Window2d.square(3, 1, 1)),
        new Geometry(1, 2, 32, 32, 16, Window2d.square(5, 1, 0)),
        // filters that leave no room for all channels, for blocks of two warps
        new Geometry(1, 5, 3, 1, 96, Window2d.square(5, 1, 2)),
        new Geometry(1, 4, 3, 1, 64, Window2d.square(7, 1, 3)),
        // rows of five pixels and of almost fifteen, an odd number of channels
        new Geometry(2, 3, 7, 10, 11, Window2d.square(5, 1, 2)),
        new Geometry(2, 3, 4, 14, 7, Window2d.square(5, 1, 2)),
        // more images than blocks
        new Geometry(600, 3, 1, 1, 2, Window2d.square(1, 1, 0)),
        // more tiles than slots of a sum, with padding
        new Geometry(290, 2, 4, 3, 5, Window2d.square(3, 1, 1)),
        // LeNet-5
        new Geometry(2, 1, 28, 28, 6, Window2d.square(5, 1, 2)),
        new Geometry(3, 6, 14, 14, 16, Window2d.square(5, 1, 0)),
        new Geometry(65, 2, 6, 6, 3, Window2d.square(3, 1, 0)),
    };

    /**
     * More images than a sum has slots, so that a slot takes several: for each kernel of the filter gradient, with threads of
     * more than one warp.
     */
    private static final Geometry[] SEVERAL_IMAGES_A_SLOT = {
        new Geometry(513, 3, 6, 3, 8, Window2d.square(3, 1, 1)),
        new Geometry(513, 1, 7, 3, 6, Window2d.square(5, 1, 2)),
        new Geometry(513, 1, 7, 3, 8, Window2d.square(5, 1, 2)),
        new Geometry(513, 1, 5, 3, 4, Window2d.square(7, 1, 3)),
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Geometry g : GEOMETRIES) {
            cases.add(OpCase.of(g.forward()));
            cases.add(OpCase.of(g.inputGradient()));
            cases.add(OpCase.of(g.filterGradient()));
        }
        for (Geometry g : SEVERAL_IMAGES_A_SLOT) {
            cases.add(OpCase.of(g.filterGradient()));
        }
        Op.Conv2d diagonal = new Geometry(1, 1, 3, 3, 1, Window2d.square(2, 1, 0)).forward();
        cases.add(OpCase.of("by hand", diagonal)
                .with(diagonal.x(), 1, 2, 3, 4, 5, 6, 7, 8, 9)
                .with(diagonal.w(), 1, 0, 0, -10)
                .expect(diagonal.y(), -49, -58, -76, -85));
        Op.Conv2d padded = new Geometry(1, 1, 1, 3, 1, new Window2d(1, 3, 1, 1, 0, 1)).forward();
        cases.add(OpCase.of("by hand", padded)
                .with(padded.x(), 1, 2, 3)
                .with(padded.w(), 1, 10, 100)
                .expect(padded.y(), 210, 321, 32));
        Op.Conv2d strided = new Geometry(1, 2, 1, 5, 2, new Window2d(1, 2, 1, 3, 0, 0)).forward();
        cases.add(OpCase.of("by hand", strided)
                .with(strided.x(), 1, 2, 3, 4, 5, 10, 20, 30, 40, 50)
                .with(strided.w(), 1, 0, 0, 1, 0, 1, 1, 0)
                .expect(strided.y(), 21, 54, 12, 45));
        Op.Conv2d infinite = new Geometry(1, 1, 1, 4, 1, new Window2d(1, 2, 1, 1, 0, 0)).forward();
        cases.add(OpCase.of("NaN and infinity", infinite)
                .with(infinite.x(), 1, Double.POSITIVE_INFINITY, 2, Double.NaN)
                .with(infinite.w(), 1, 0)
                .kink()
                .expect(infinite.y(), Double.NaN, Double.POSITIVE_INFINITY, Double.NaN));
        Op.Conv2dInputGradient input = new Geometry(1, 1, 1, 3, 1, new Window2d(1, 2, 1, 1, 0, 0)).inputGradient();
        cases.add(OpCase.of("by hand", input)
                .with(input.dy(), 1, 10)
                .with(input.w(), 2, 3)
                .expect(input.dx(), 2, 23, 30));
        Op.Conv2dFilterGradient filter = new Geometry(1, 1, 1, 3, 1, new Window2d(1, 2, 1, 1, 0, 0)).filterGradient();
        cases.add(OpCase.of("by hand", filter)
                .with(filter.x(), 1, 2, 3)
                .with(filter.dy(), 1, 10)
                .expect(filter.dw(), 21, 32));
        return cases;
    }
}
