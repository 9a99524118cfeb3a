package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.random.Philox;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link Op.RandomUniform}, {@link Op.RandomNormal} and {@link Op.Bernoulli}. */
final class RandomCases {
    private RandomCases() {}

    /** Around the four words that one block of random numbers gives, around a part of a CPU's work, and images. */
    private static final int[][] SHAPES = {
        {1, 1}, {1, 3}, {1, 4}, {1, 5}, {3, 7}, {19}, {2, 3, 5, 7}, {17, 64}, {1, 1023}, {1, 1025}
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : SHAPES) {
            TensorRef p = batched("p", shape);
            TensorRef y = batched("y", shape);
            cases.add(OpCase.of(new Op.RandomUniform("case", 0, 1, 42, 7, y)).step(3));
            cases.add(
                    OpCase.of(new Op.RandomUniform("case", -0.3, 0.7, 42, 7, y)).step(3));
            cases.add(OpCase.of(new Op.RandomNormal("case", 0, 1, 42, 7, y)).step(3));
            cases.add(
                    OpCase.of(new Op.RandomNormal("case", -1.5, 0.3, 42, 7, y)).step(3));
            cases.add(OpCase.of(new Op.Bernoulli("case", p, 42, 7, y))
                    .uniform(p, 0, 1)
                    .step(3));
        }
        cases.addAll(placesAndSizes());
        cases.addAll(sequences());
        cases.addAll(byHand());
        return cases;
    }

    /** Without a batch, from places that fours do not fit, and more than a grid of GPU threads handles at once. */
    private static List<OpCase> placesAndSizes() {
        List<OpCase> cases = new ArrayList<>();
        for (TensorRef y : List.of(whole("y", 7, 5), viewAt(3, "y", Role.GRADIENT, 1030), whole("y", 530_003))) {
            cases.add(OpCase.of(new Op.RandomUniform("case", 2, 3, 1, 2, y)));
            cases.add(OpCase.of(new Op.RandomNormal("case", 0, 1, 1, 2, y)));
            TensorRef p = y.like("p");
            cases.add(OpCase.of(new Op.Bernoulli("case", p, 1, 2, y)).uniform(p, 0, 1));
        }
        TensorRef p = viewAt(1, "p", Role.PARAMETER, 33);
        cases.add(OpCase.of(new Op.Bernoulli("case", p, 1, 2, whole("y", 33))).uniform(p, 0, 1));
        return cases;
    }

    /** The numbers of {@link Philox.Sequence}, with words above 2^31 in seed, stream and step. */
    private static List<OpCase> sequences() {
        long seed = 0xfedcba98_76543210L;
        long step = 0x9000_0000_8000_0005L >>> 1;
        String stream = "sample";
        TensorRef y = batched("y", 5, 33);
        Philox.Sequence random = Philox.sequence(seed, stream, step);
        double[] uniform = new double[y.elements()];
        Arrays.setAll(uniform, i -> (random.nextInt() >>> 8) * 0x1p-24);
        Philox.Sequence again = Philox.sequence(seed, stream, step);
        double[] normal = new double[y.elements()];
        Arrays.setAll(normal, i -> again.nextNormal());
        int number = Philox.stream(stream);
        return List.of(
                OpCase.of("a sequence", new Op.RandomUniform("case", 0, 1, seed, number, y))
                        .step(step)
                        .expect(y, uniform),
                OpCase.of("a sequence", new Op.RandomNormal("case", 0, 1, seed, number, y))
                        .step(step)
                        .expect(y, normal));
    }

    /** The words of counter 0 and key 0 are 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (Random123's known answers). */
    private static List<OpCase> byHand() {
        List<OpCase> cases = new ArrayList<>();
        TensorRef y = batched("y", 1, 4);
        double[] u = {0x6627e8p-24, 0xe169c5p-24, 0xbc57acp-24, 0x9b00dbp-24};
        cases.add(OpCase.of("by hand", new Op.RandomUniform("case", 0, 1, 0, 0, y))
                .expect(y, u));
        cases.add(OpCase.of("by hand", new Op.RandomUniform("case", -4, 4, 0, 0, y))
                .expect(y, 8 * u[0] - 4, 8 * u[1] - 4, 8 * u[2] - 4, 8 * u[3] - 4));
        cases.add(OpCase.of("one value", new Op.RandomUniform("case", 0.1, 0.1, 0, 0, y))
                .expect(y, 0.1, 0.1, 0.1, 0.1));
        cases.add(OpCase.of("one value", new Op.RandomNormal("case", 0.1, 0, 0, 0, y))
                .expect(y, 0.1, 0.1, 0.1, 0.1));
        cases.add(bernoulli("0 and 1", new double[] {0, 1, 0, 1}, 0, 1, 0, 1));
        cases.add(
                bernoulli("outside of 0 to 1", new double[] {-1e-30, 1.5, Double.NEGATIVE_INFINITY, 3e38}, 0, 1, 0, 1));
        cases.add(bernoulli(
                "NaN and infinity",
                new double[] {Double.NaN, Double.POSITIVE_INFINITY, 1, -Double.NaN},
                Double.NaN,
                1,
                1,
                Double.NaN));
        // floats on both sides of each word: 24 bits of it, and one more in the last place
        cases.add(bernoulli("just not above the words", u, 0, 0, 0, 0));
        cases.add(bernoulli(
                "just above the words",
                new double[] {u[0] + 0x1p-24, u[1] + 0x1p-24, u[2] + 0x1p-24, u[3] + 0x1p-24},
                1,
                1,
                1,
                1));
        // the first word of key 12, 7024311, is a float; so is the middle between it and the next number
        TensorRef p = batched("p", 2);
        for (double[] probability : new double[][] {{7024311, 0}, {7024311.5, 1}}) {
            cases.add(OpCase.of("by hand, below " + probability[0], new Op.Bernoulli("case", p, 12, 0, batched("y", 2)))
                    .with(p, probability[0] * 0x1p-32, 0)
                    .expect(batched("y", 2), probability[1], 0));
        }
        return cases;
    }

    private static OpCase bernoulli(String what, double[] probabilities, double... expected) {
        TensorRef p = batched("p", 1, 4);
        TensorRef y = batched("y", 1, 4);
        return OpCase.of(what, new Op.Bernoulli("case", p, 0, 0, y))
                .with(p, probabilities)
                .expect(y, expected);
    }
}
