package dev.weft.conformance;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;

import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.random.Philox;
import dev.weft.tensor.Shape;

/** LeNet-5, and images that it can learn from: a bright spot whose place tells the class. */
public final class Lenet5 {
    private Lenet5() {}

    /** The network of LeCun et al. 1998 as it is trained today, with ReLU and maximum pooling. */
    public static Graph graph() {
        return Graph.sequential(
                Shape.of(1, 28, 28),
                conv2d(6, 5).padding(2),
                relu(),
                maxPool2d(2),
                conv2d(16, 5),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(120),
                relu(),
                linear(84),
                relu(),
                linear(10));
    }

    /** The same with a dropout layer, whose masks change with every step. */
    public static Graph graphWithDropout() {
        return Graph.sequential(
                Shape.of(1, 28, 28),
                conv2d(6, 5).padding(2),
                relu(),
                maxPool2d(2),
                conv2d(16, 5),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(120),
                relu(),
                dropout(0.3),
                linear(84),
                relu(),
                linear(10));
    }

    /** Images with noise and a bright spot for each of ten classes, always the same. */
    public static Dataset images(int count) {
        Philox.Sequence random = Philox.sequence(7, "images", 0);
        byte[] bytes = new byte[count * 784];
        int[] labels = new int[count];
        for (int n = 0; n < count; n++) {
            labels[n] = random.nextInt(10);
            for (int i = 0; i < 784; i++) {
                bytes[n * 784 + i] = (byte) random.nextInt(64);
            }
            int top = 4 + labels[n] / 5 * 10;
            int left = 2 + labels[n] % 5 * 5;
            for (int i = 0; i < 16; i++) {
                bytes[n * 784 + (top + i / 4) * 28 + left + i % 4] = (byte) (192 + random.nextInt(64));
            }
        }
        return Dataset.ofBytes(Shape.of(1, 28, 28), bytes, labels, 10).normalized(0.13, 0.31);
    }
}
