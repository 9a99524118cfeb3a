package dev.weft.samples.bench;

import dev.weft.data.Dataset;
import dev.weft.data.Mnist;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.Random;

/** Made-up data of the usual size, for work whose speed does not depend on the values. */
public final class RandomData {
    private RandomData() {}

    /** Images {@code [1,28,28]} of random bytes in ten random classes. */
    public static Dataset images(int rows, long seed) {
        return images(Shape.of(1, 28, 28), 10, rows, seed);
    }

    /** Samples of random bytes in random classes. */
    public static Dataset images(Shape sample, int classes, int rows, long seed) {
        byte[] pixels = new byte[Math.toIntExact(rows * sample.elements())];
        int[] labels = new int[rows];
        Random random = new Random(seed);
        random.nextBytes(pixels);
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(classes);
        }
        return Dataset.ofBytes(sample, pixels, labels, classes).normalized(Mnist.MEAN, Mnist.DEVIATION);
    }

    /** Values between -1 and 1. */
    static HostTensor reals(Shape shape, String name) {
        Philox.Sequence random = Philox.sequence(1, name, 0);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * random.nextUniform() - 1);
        }
        return HostTensor.of(shape, values);
    }
}
