package org.example.spirals;

import dev.weft.data.Dataset;
import dev.weft.tensor.Shape;
import java.util.Random;

/** Two spirals that wind around each other one and a half times: points of the plane in two classes. */
public final class Spirals {
    /** The shape of one point: its two coordinates. */
    public static final Shape POINT = Shape.of(2);

    private Spirals() {}

    /** {@code count} points, the classes in turn, with a little noise. */
    public static Dataset points(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[2 * count];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 2;
            double distance = 0.1 + 0.9 * random.nextDouble();
            double angle = 3 * Math.PI * distance + Math.PI * labels[i];
            values[2 * i] = (float) (distance * Math.cos(angle) + 0.02 * random.nextGaussian());
            values[2 * i + 1] = (float) (distance * Math.sin(angle) + 0.02 * random.nextGaussian());
        }
        return Dataset.ofFloats(POINT, values, labels, 2);
    }
}
