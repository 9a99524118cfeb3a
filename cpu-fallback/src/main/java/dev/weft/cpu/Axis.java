package dev.weft.cpu;

/**
 * One dimension of a {@link Correlation}: output o is a sum over inputs {@code base[o]}, {@code base[o] + 1}, ..., of which
 * some may lie outside, and the i-th meets tap {@code taps[pattern[o]][i]} of the filter.
 *
 * @param input the length of the input
 */
record Axis(int input, int[] base, int[] pattern, int[][] taps) {

    /** The axis of a convolution: output o begins at input {@code o stride - pad}. */
    static Axis forward(int input, int output, int window, int stride, int pad) {
        Axis axis = new Axis(input, new int[output], new int[output], new int[1][window]);
        for (int r = 0; r < window; r++) {
            axis.taps[0][r] = r;
        }
        for (int o = 0; o < output; o++) {
            axis.base[o] = o * stride - pad;
        }
        return axis;
    }

    /**
     * The axis of its input gradient. Pixel o met tap r of the outputs q for which {@code q stride + r = o + pad}: the taps
     * are those that leave the same remainder as {@code o + pad}, and the outputs come in the reverse order.
     */
    static Axis backward(int input, int output, int window, int stride, int pad) {
        Axis axis = new Axis(input, new int[output], new int[output], new int[stride][]);
        for (int remainder = 0; remainder < stride; remainder++) {
            int count = Math.max(0, (window - remainder + stride - 1) / stride);
            axis.taps[remainder] = new int[count];
            for (int i = 0; i < count; i++) {
                axis.taps[remainder][i] = remainder + (count - 1 - i) * stride;
            }
        }
        for (int o = 0; o < output; o++) {
            axis.pattern[o] = (o + pad) % stride;
            axis.base[o] = (o + pad) / stride - axis.count(o) + 1;
        }
        return axis;
    }

    int length() {
        return base.length;
    }

    /** How many inputs output o has, those outside included. */
    int count(int o) {
        return taps[pattern[o]].length;
    }

    /** The first input of output o that is not outside, counted from the base. */
    int from(int o) {
        return Math.min(count(o), Math.max(0, -base[o]));
    }

    /** One past the last input of output o that is not outside, counted from the base. */
    int to(int o) {
        return Math.max(from(o), Math.min(count(o), input - base[o]));
    }
}
