package dev.weft.op;

/**
 * The geometry of a window that slides over an image: convolution filters and pooling windows.
 * A window of {@code R x S} moves in steps of the stride over an image of {@code H x W} with {@code pad} rows and
 * columns added on each side, and gives {@code (H + 2 pad - R) / stride + 1} rows of output, columns likewise.
 *
 * @param height R, rows of the window
 * @param width S, columns of the window
 */
public record Window2d(int height, int width, int strideHeight, int strideWidth, int padHeight, int padWidth) {

    public Window2d {
        if (height < 1 || width < 1 || strideHeight < 1 || strideWidth < 1 || padHeight < 0 || padWidth < 0) {
            throw new IllegalArgumentException(
                    "window and stride must be at least 1, padding at least 0: window %dx%d stride %dx%d padding %dx%d"
                            .formatted(height, width, strideHeight, strideWidth, padHeight, padWidth));
        }
    }

    /** A square window with the same stride and padding in both directions. */
    public static Window2d square(int size, int stride, int padding) {
        return new Window2d(size, size, stride, stride, padding, padding);
    }

    /** Rows of the output for an image of {@code h} rows; below 1 where the window does not fit. */
    public int outHeight(int h) {
        return Math.toIntExact(Math.floorDiv(h + 2L * padHeight - height, strideHeight) + 1);
    }

    /** Columns of the output for an image of {@code w} columns; below 1 where the window does not fit. */
    public int outWidth(int w) {
        return Math.toIntExact(Math.floorDiv(w + 2L * padWidth - width, strideWidth) + 1);
    }

    /** For example {@code 5x5 stride 1 pad 2}. */
    @Override
    public String toString() {
        String text = height + "x" + width + " stride " + strideHeight
                + (strideHeight == strideWidth ? "" : "x" + strideWidth);
        if (padHeight == 0 && padWidth == 0) {
            return text;
        }
        return text + " pad " + padHeight + (padHeight == padWidth ? "" : "x" + padWidth);
    }
}
