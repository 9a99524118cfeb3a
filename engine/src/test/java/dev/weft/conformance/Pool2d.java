package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;

import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;

/** A geometry of pooling, and those that both kinds are tried with. */
record Pool2d(int n, int c, int h, int w, Window2d window) {
    static final Pool2d[] GEOMETRIES = {
        new Pool2d(1, 1, 1, 1, Window2d.square(1, 1, 0)),
        new Pool2d(1, 1, 2, 2, Window2d.square(2, 2, 0)),
        new Pool2d(3, 2, 7, 5, Window2d.square(2, 2, 0)),
        // window = image
        new Pool2d(2, 3, 5, 5, Window2d.square(5, 5, 0)),
        // windows that overlap
        new Pool2d(2, 3, 7, 9, Window2d.square(3, 2, 0)),
        new Pool2d(1, 2, 6, 6, Window2d.square(3, 1, 1)),
        // pixels in many windows: more than twice four in a row
        new Pool2d(2, 1, 10, 11, Window2d.square(9, 1, 4)),
        new Pool2d(2, 2, 7, 8, Window2d.square(3, 2, 1)),
        // stride > window: elements that no window holds
        new Pool2d(2, 2, 8, 8, Window2d.square(2, 3, 0)),
        // not square
        new Pool2d(1, 3, 6, 9, new Window2d(1, 3, 2, 1, 0, 2)),
        new Pool2d(2, 1, 5, 11, new Window2d(3, 2, 1, 3, 2, 1)),
        new Pool2d(3, 1, 1, 17, new Window2d(1, 2, 1, 2, 0, 0)),
        new Pool2d(3, 1, 17, 1, new Window2d(2, 1, 2, 1, 0, 0)),
        // images smaller than the window: taps left and right of every pixel
        new Pool2d(2, 1, 1, 1, Window2d.square(3, 3, 1)),
        new Pool2d(2, 2, 2, 1, Window2d.square(4, 3, 2)),
        // around the widths of vectors and tiles
        new Pool2d(1, 17, 4, 33, Window2d.square(2, 2, 0)),
        new Pool2d(33, 2, 4, 32, Window2d.square(2, 2, 0)),
        // LeNet-5
        new Pool2d(2, 6, 28, 28, Window2d.square(2, 2, 0)),
    };

    TensorRef image(String name) {
        return batched(name, n, c, h, w);
    }

    TensorRef output(String name) {
        return batched(name, n, c, outHeight(), outWidth());
    }

    TensorRef argmax() {
        return batchedIntegers("argmax", n, c, outHeight(), outWidth());
    }

    private int outHeight() {
        return window.outHeight(h);
    }

    private int outWidth() {
        return window.outWidth(w);
    }

    /** For each output the place of an element of its window, in turn the first, a middle and the last one. */
    int[] someWinners() {
        int[] winners = new int[argmax().elements()];
        for (int index = 0; index < winners.length; index++) {
            int top = index / outWidth() % outHeight() * window.strideHeight() - window.padHeight();
            int left = index % outWidth() * window.strideWidth() - window.padWidth();
            int row = between(top, window.height(), h, index % 3);
            int column = between(left, window.width(), w, index % 3);
            winners[index] = row * w + column;
        }
        return winners;
    }

    /** The first, a middle or the last place of a window that lies in the image. */
    private static int between(int start, int size, int imageSize, int which) {
        int first = Math.max(0, start);
        int last = Math.min(imageSize, start + size) - 1;
        return switch (which) {
            case 0 -> first;
            case 1 -> (first + last) / 2;
            default -> last;
        };
    }
}
