package dev.weft.cpu;

import java.util.Arrays;

/**
 * An image copied into a frame of zeros, so that a convolution of stride 1 needs no edge cases: seen as one long row of
 * pixels, the pixel that tap (r,s) of the filter meets at output position q is pixel {@code q + r width + s}. Positions
 * past the end of an output row are computed too, and dropped.
 *
 * @param channels of the image
 * @param height of the frame
 * @param width of the frame
 * @param slack elements after the last that may be read
 */
record Plane(int channels, int height, int width, int slack) {

    /** Elements of the frame of all channels. */
    int length() {
        return channels * height * width + slack;
    }

    /** Where the taps (c,r,s) of a filter lie, relative to the pixel at the output position. */
    int[] taps(int filterHeight, int filterWidth) {
        int[] taps = new int[channels * filterHeight * filterWidth];
        int tap = 0;
        for (int c = 0; c < channels; c++) {
            for (int r = 0; r < filterHeight; r++) {
                for (int s = 0; s < filterWidth; s++) {
                    taps[tap++] = (c * height + r) * width + s;
                }
            }
        }
        return taps;
    }

    /**
     * Fills the frame with zeros and an image, whose pixel (h,v) comes to row {@code top + h rowStep} and column
     * {@code left + v columnStep}; pixels outside the frame are dropped.
     */
    void fill(
            float[] frame,
            int frameAt,
            float[] image,
            int imageAt,
            int imageHeight,
            int imageWidth,
            int top,
            int left,
            int rowStep,
            int columnStep) {
        Arrays.fill(frame, frameAt, frameAt + length(), 0);
        int first = left >= 0 ? 0 : (-left + columnStep - 1) / columnStep;
        int end = Math.min(imageWidth, (width - 1 - left) / columnStep + 1);
        for (int c = 0; c < channels; c++) {
            for (int h = 0; h < imageHeight; h++) {
                int row = top + h * rowStep;
                if (row >= 0 && row < height) {
                    int to = frameAt + (c * height + row) * width + left;
                    int from = imageAt + (c * imageHeight + h) * imageWidth;
                    if (columnStep == 1 && end > first) {
                        System.arraycopy(image, from + first, frame, to + first, end - first);
                        continue;
                    }
                    for (int v = first; v < end; v++) {
                        frame[to + v * columnStep] = image[from + v];
                    }
                }
            }
        }
    }
}
