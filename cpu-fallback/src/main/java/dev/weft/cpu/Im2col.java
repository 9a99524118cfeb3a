package dev.weft.cpu;

import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/**
 * The geometry of a convolution seen as a matrix product: for every tap (c,r,s) of the filters, the row of the pixels
 * that meet it at the output positions (i,j).
 */
final class Im2col {
    final int images;
    final int channels;
    final int height;
    final int width;
    final int filters;
    final int outHeight;
    final int outWidth;
    final Window2d window;

    Im2col(TensorRef x, Window2d window, TensorRef y) {
        this.images = x.shape().get(0);
        this.channels = x.shape().get(1);
        this.height = x.shape().get(2);
        this.width = x.shape().get(3);
        this.filters = y.shape().get(1);
        this.outHeight = y.shape().get(2);
        this.outWidth = y.shape().get(3);
        this.window = window;
    }

    /** Rows of the matrix: C R S. */
    int taps() {
        return channels * window.height() * window.width();
    }

    /** Columns of the matrix: output positions. */
    int positions() {
        return outHeight * outWidth;
    }

    int imageLength() {
        return channels * height * width;
    }

    /** The row of one tap: the pixels it meets, 0 outside the image. */
    void gatherRow(float[] x, int imageAt, int tap, float[] row, int rowAt) {
        int area = window.height() * window.width();
        int planeAt = imageAt + tap / area * height * width;
        int r = tap % area / window.width();
        int s = tap % window.width();
        int first = firstColumn(s);
        int end = Math.max(first, endColumn(s));
        for (int i = 0; i < outHeight; i++) {
            int to = rowAt + i * outWidth;
            int h = i * window.strideHeight() + r - window.padHeight();
            if (h < 0 || h >= height) {
                Arrays.fill(row, to, to + outWidth, 0);
                continue;
            }
            int from = planeAt + h * width + s - window.padWidth();
            Arrays.fill(row, to, to + first, 0);
            if (window.strideWidth() == 1) {
                System.arraycopy(x, from + first, row, to + first, end - first);
            } else {
                for (int j = first; j < end; j++) {
                    row[to + j] = x[from + j * window.strideWidth()];
                }
            }
            Arrays.fill(row, to + end, to + outWidth, 0);
        }
    }

    /** The reverse: adds the row of one tap to the pixels that it came from. */
    void scatterRow(float[] row, int rowAt, int tap, float[] dx, int imageAt) {
        int area = window.height() * window.width();
        int planeAt = imageAt + tap / area * height * width;
        int r = tap % area / window.width();
        int s = tap % window.width();
        int first = firstColumn(s);
        int end = endColumn(s);
        for (int i = 0; i < outHeight; i++) {
            int h = i * window.strideHeight() + r - window.padHeight();
            if (h >= 0 && h < height) {
                int from = rowAt + i * outWidth;
                int to = planeAt + h * width + s - window.padWidth();
                for (int j = first; j < end; j++) {
                    dx[to + j * window.strideWidth()] += row[from + j];
                }
            }
        }
    }

    /** The first output column whose tap s lies inside the image. */
    private int firstColumn(int s) {
        int missing = window.padWidth() - s;
        return missing <= 0 ? 0 : Math.min(outWidth, (missing + window.strideWidth() - 1) / window.strideWidth());
    }

    /** One past the last output column whose tap s lies inside the image. */
    private int endColumn(int s) {
        int room = width - 1 + window.padWidth() - s;
        return room < 0 ? 0 : Math.min(outWidth, room / window.strideWidth() + 1);
    }
}
