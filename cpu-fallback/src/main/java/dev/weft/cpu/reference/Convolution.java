package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;

/** Convolution and its two gradients: the same sum of products, collected in y, in dx or in dw. */
final class Convolution {
    private Convolution() {}

    static void forward(Op.Conv2d op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells w = t.cells(op.w());
        Sums y = new Sums(op.y().elements());
        forEachProduct(op.x(), op.w(), op.y(), op.window(), (xi, wi, yi) -> y.add(yi, x.get(xi) * w.get(wi)));
        y.store(t.cells(op.y()));
    }

    static void inputGradient(Op.Conv2dInputGradient op, Tensors t) {
        Cells dy = t.cells(op.dy());
        Cells w = t.cells(op.w());
        Sums dx = new Sums(op.dx().elements());
        forEachProduct(op.dx(), op.w(), op.dy(), op.window(), (xi, wi, yi) -> dx.add(xi, dy.get(yi) * w.get(wi)));
        dx.store(t.cells(op.dx()));
    }

    static void filterGradient(Op.Conv2dFilterGradient op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells dy = t.cells(op.dy());
        Sums dw = new Sums(op.dw().elements());
        forEachProduct(op.x(), op.dw(), op.dy(), op.window(), (xi, wi, yi) -> dw.add(wi, dy.get(yi) * x.get(xi)));
        dw.store(t.cells(op.dw()));
    }

    /** Element indices of x, w and y that meet in one product. */
    private interface Product {
        void at(int x, int w, int y);
    }

    private static void forEachProduct(TensorRef x, TensorRef w, TensorRef y, Window2d window, Product product) {
        int channels = x.shape().get(1);
        int height = x.shape().get(2);
        int width = x.shape().get(3);
        int filters = y.shape().get(1);
        int outHeight = y.shape().get(2);
        int outWidth = y.shape().get(3);
        int yIndex = 0;
        for (int n = 0; n < x.shape().get(0); n++) {
            for (int k = 0; k < filters; k++) {
                for (int i = 0; i < outHeight; i++) {
                    for (int j = 0; j < outWidth; j++) {
                        int wIndex = k * channels * window.height() * window.width();
                        for (int c = 0; c < channels; c++) {
                            for (int r = 0; r < window.height(); r++) {
                                for (int s = 0; s < window.width(); s++) {
                                    int h = i * window.strideHeight() + r - window.padHeight();
                                    int v = j * window.strideWidth() + s - window.padWidth();
                                    if (h >= 0 && h < height && v >= 0 && v < width) {
                                        product.at(((n * channels + c) * height + h) * width + v, wIndex, yIndex);
                                    }
                                    wIndex++;
                                }
                            }
                        }
                        yIndex++;
                    }
                }
            }
        }
    }
}
