package dev.weft.samples;

import dev.weft.data.Dataset;
import dev.weft.data.Mnist;
import dev.weft.tensor.Shape;
import java.util.Arrays;

/** Images in MNIST's form: class k has a bright square at place k, which is easily learnt. */
final class Squares {
    private Squares() {}

    static Dataset data(int count) {
        byte[] pixels = new byte[count * 28 * 28];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 10;
            for (int row = 0; row < 5; row++) {
                int first = i * 784 + (labels[i] / 5 * 14 + row) * 28 + labels[i] % 5 * 5;
                Arrays.fill(pixels, first, first + 5, (byte) 255);
            }
        }
        return Dataset.ofBytes(Shape.of(1, 28, 28), pixels, labels, 10).normalized(Mnist.MEAN, Mnist.DEVIATION);
    }
}
