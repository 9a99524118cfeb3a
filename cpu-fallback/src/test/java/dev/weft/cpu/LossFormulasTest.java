package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.loss.Loss;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Training;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every loss against its formula in plain double code, and its gradient against finite differences of that. */
class LossFormulasTest {
    private static final int ROWS = 3;

    /**
     * A loss with its formula for one row.
     *
     * @param x outputs of the rows
     * @param t their targets, of any number of elements
     */
    private record Formula(
            String name, Loss loss, double[][] x, double[][] t, ToDoubleBiFunction<double[], double[]> ofRow) {
        Formula {
            x = rounded(x);
            t = rounded(t);
        }

        /** The numbers that a backend gets. */
        private static double[][] rounded(double[][] values) {
            return Arrays.stream(values)
                    .map(row -> Arrays.stream(row).map(each -> (float) each).toArray())
                    .toArray(double[][]::new);
        }
    }

    private static final double[][] X = {{0.3, -1.2, 2.5, 0.1}, {-0.7, 0.4, 0.9, -2.2}, {1.4, 0.6, -0.3, 0.2}};
    private static final double[][] T = {{0.1, 0.4, 0.3, 0.2}, {0, 0.5, 0.25, 0.25}, {0.7, 0.1, 0.1, 0.1}};
    private static final double[][] SIGNS = {{1, -1, 1, 1}, {-1, -1, 1, -1}, {1, 1, -1, -1}};
    private static final double[][] BITS = {{1, 0, 0, 1}, {0, 0, 1, 1}, {1, 1, 0, 0}};
    private static final double[][] CLASSES = {{2}, {0}, {3}};

    private static double mean(double[] x, double[] t, ToDoubleBiFunction<Double, Double> f) {
        return IntStream.range(0, x.length)
                .mapToDouble(i -> f.applyAsDouble(x[i], t[i]))
                .average()
                .orElseThrow();
    }

    private static double[] softmax(double[] x) {
        double sum = Arrays.stream(x).map(Math::exp).sum();
        return Arrays.stream(x).map(each -> Math.exp(each) / sum).toArray();
    }

    private static double crossEntropy(double[] x, double[] q) {
        double[] p = softmax(x);
        return -IntStream.range(0, x.length)
                .mapToDouble(j -> q[j] * Math.log(p[j]))
                .sum();
    }

    private static double[] oneHot(double label, double smoothing) {
        return IntStream.range(0, 4)
                .mapToDouble(j -> (j == label ? 1 - smoothing : 0) + smoothing / 4)
                .toArray();
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static List<Formula> formulas() {
        double[] weights = {0.5, 2, 1, 3};
        List<Formula> all = new ArrayList<>();
        all.add(elements("mean squared", Loss.meanSquaredError(), T, (x, t) -> (x - t) * (x - t)));
        all.add(elements("mean absolute", Loss.meanAbsoluteError(), T, (x, t) -> Math.abs(x - t)));
        all.add(elements(
                "huber",
                Loss.huber(0.8),
                T,
                (x, t) -> Math.abs(x - t) < 0.8 ? (x - t) * (x - t) / 2 : 0.8 * (Math.abs(x - t) - 0.4)));
        all.add(elements("log cosh", Loss.logCosh(), T, (x, t) -> Math.log(Math.cosh(x - t))));
        all.add(elements(
                "binary cross-entropy",
                Loss.binaryCrossEntropy(),
                T,
                (x, t) -> -t * Math.log(sigmoid(x)) - (1 - t) * Math.log(1 - sigmoid(x))));
        double[][] probabilities = {{0.3, 0.9, 0.5, 0.1}, {0.7, 0.4, 0.6, 0.2}, {0.4, 0.65, 0.35, 0.85}};
        all.add(new Formula(
                "binary cross-entropy of probabilities",
                Loss.binaryCrossEntropyOfProbabilities(),
                probabilities,
                T,
                (x, t) -> mean(x, t, (p, q) -> -q * Math.log(p) - (1 - q) * Math.log(1 - p))));
        all.add(elements("binary focal", Loss.binaryFocal(2), BITS, (x, t) -> {
            double q = t == 1 ? sigmoid(x) : 1 - sigmoid(x);
            return -(1 - q) * (1 - q) * Math.log(q);
        }));
        all.add(elements("poisson", Loss.poisson(), CLASSES_AS_COUNTS, (x, t) -> Math.exp(x) - t * x));
        all.add(elements("hinge", Loss.hinge(), SIGNS, (x, t) -> Math.max(0, 1 - t * x)));
        all.add(elements("squared hinge", Loss.squaredHinge(), SIGNS, (x, t) -> Math.pow(Math.max(0, 1 - t * x), 2)));
        all.add(new Formula("cosine", Loss.cosine(), X, T, (x, t) -> 1 - dot(x, t) / Math.sqrt(dot(x, x) * dot(t, t))));
        all.add(new Formula("soft targets", Loss.softTargetCrossEntropy(), X, T, LossFormulasTest::crossEntropy));
        all.add(new Formula(
                "kullback-leibler",
                Loss.kullbackLeibler(),
                X,
                T,
                (x, t) -> crossEntropy(x, t)
                        + Arrays.stream(t)
                                .filter(q -> q > 0)
                                .map(q -> q * Math.log(q))
                                .sum()));
        all.add(new Formula(
                "gaussian likelihood",
                Loss.gaussianLikelihood(),
                X,
                new double[][] {{0.5, 1}, {2, -1}, {0, 0.3}},
                (x, t) -> IntStream.range(0, 2)
                        .mapToDouble(i -> (x[i + 2] + Math.pow(t[i] - x[i], 2) * Math.exp(-x[i + 2])) / 2)
                        .average()
                        .orElseThrow()));
        all.add(new Formula(
                "classes", Loss.softmaxCrossEntropy(), X, CLASSES, (x, t) -> crossEntropy(x, oneHot(t[0], 0))));
        all.add(new Formula(
                "label smoothing",
                Loss.smoothedCrossEntropy(0.2),
                X,
                CLASSES,
                (x, t) -> crossEntropy(x, oneHot(t[0], 0.2))));
        all.add(new Formula(
                "class weights",
                Loss.weightedCrossEntropy(List.of(0.5, 2.0, 1.0, 3.0)),
                X,
                CLASSES,
                (x, t) -> weights[(int) t[0]] * crossEntropy(x, oneHot(t[0], 0))));
        all.add(new Formula("focal", Loss.focalCrossEntropy(3), X, CLASSES, (x, t) -> {
            double p = softmax(x)[(int) t[0]];
            return -Math.pow(1 - p, 3) * Math.log(p);
        }));
        Function own =
                Function.of("own", (x, t) -> x.minus(t).square().plus(1).sqrt().minus(1));
        all.add(elements("one's own", Loss.of(own), T, (x, t) -> Math.sqrt((x - t) * (x - t) + 1) - 1));
        return all;
    }

    private static final double[][] CLASSES_AS_COUNTS = {{0, 3, 1, 2}, {5, 0, 1, 1}, {2, 2, 0, 4}};

    private static Formula elements(String name, Loss loss, double[][] t, ToDoubleBiFunction<Double, Double> formula) {
        return new Formula(name, loss, X, t, (x, targets) -> mean(x, targets, formula));
    }

    @TestFactory
    Stream<DynamicTest> everyLossIsItsFormulaAndItsGradientThatOfIt() {
        return formulas().stream()
                .flatMap(formula -> Stream.of("reference", "cpu")
                        .map(backend ->
                                DynamicTest.dynamicTest(formula.name + ", " + backend, () -> check(formula, backend))));
    }

    private static void check(Formula formula, String backendName) {
        double tolerance = backendName.equals("cpu") ? 1e-5 : 1e-9;
        double[] gradient = new double[ROWS * 4];
        double loss = lossAndGradient(formula.loss, backendName, formula.x, formula.t, gradient);
        assertThat(loss).isCloseTo(meanLoss(formula, formula.x), within(tolerance * (1 + loss)));
        double step = 1e-5;
        for (int n = 0; n < ROWS; n++) {
            for (int j = 0; j < 4; j++) {
                double[][] above = Arrays.stream(formula.x).map(double[]::clone).toArray(double[][]::new);
                double[][] below = Arrays.stream(formula.x).map(double[]::clone).toArray(double[][]::new);
                above[n][j] += step;
                below[n][j] -= step;
                double difference = (meanLoss(formula, above) - meanLoss(formula, below)) / (2 * step);
                assertThat(gradient[n * 4 + j])
                        .as("gradient at [%d,%d]", n, j)
                        .isCloseTo(difference, within(1e-7 + tolerance));
            }
        }
    }

    private static double meanLoss(Formula formula, double[][] x) {
        return IntStream.range(0, ROWS)
                .mapToDouble(n -> formula.ofRow.applyAsDouble(x[n], formula.t[n]))
                .average()
                .orElseThrow();
    }

    private static float[] floats(double[][] values) {
        double[] flat = Arrays.stream(values).flatMapToDouble(Arrays::stream).toArray();
        float[] floats = new float[flat.length];
        for (int i = 0; i < flat.length; i++) {
            floats[i] = (float) flat[i];
        }
        return floats;
    }

    private static double lossAndGradient(
            Loss loss, String backendName, double[][] x, double[][] t, double[] gradient) {
        boolean classes = loss.targetType() == DType.I32;
        Shape target = classes ? Shape.of() : Shape.of(t[0].length);
        TensorRef[] dx = new TensorRef[1];
        Step step = Step.of("loss", s -> {
            TensorRef output = s.input("x", Shape.of(4));
            TensorRef value = s.loss(loss, output, s.input("t", loss.targetType(), target));
            s.metric("loss", value);
            dx[0] = s.gradientOf(value, output);
            s.output(dx[0]);
        });
        try (Backend backend = Backends.open(backendName);
                Training training = Training.of(backend, step, ROWS)) {
            HostTensor targets = classes
                    ? HostTensor.of(
                            target.batch(ROWS),
                            Arrays.stream(t).mapToInt(row -> (int) row[0]).toArray())
                    : HostTensor.of(target.batch(ROWS), floats(t));
            training.step(Map.of("x", HostTensor.of(Shape.of(ROWS, 4), floats(x)), "t", targets));
            System.arraycopy(training.read(dx[0].name()).doubles(), 0, gradient, 0, gradient.length);
            return training.metric("loss");
        }
    }

    @Test
    void logitsOfAThousandAreNoTrouble() {
        double[][] x = {{1000, -1000, 1000, -1000}, {1000, -1000, 1000, -1000}, {1000, -1000, 1000, -1000}};
        double[][] t = {{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}};
        double[] gradient = new double[ROWS * 4];
        for (String backend : List.of("reference", "cpu")) {
            assertThat(lossAndGradient(Loss.binaryCrossEntropy(), backend, x, t, gradient))
                    .isEqualTo(500);
            assertThat(gradient).containsExactly(repeat(0, 0, 1.0 / 12, -1.0 / 12), within(1e-8));
            double[][] labels = {{0}, {1}, {3}};
            assertThat(lossAndGradient(Loss.smoothedCrossEntropy(0.4), backend, x, labels, gradient))
                    .isCloseTo(
                            (0.2 * 2000 + 0.1 * 0 + 2 * (0.7 * 2000 + 0.1 * 2000 + 0.2 * 0)) / 3 + Math.log(2),
                            within(1e-3));
            assertThat(Arrays.stream(gradient).allMatch(Double::isFinite)).isTrue();
        }
    }

    private static double[] repeat(double... row) {
        return IntStream.range(0, ROWS * row.length)
                .mapToDouble(i -> row[i % row.length])
                .toArray();
    }

    @Test
    void probabilitiesOfZeroAndOneHaveALossOfAtMostAHundred() {
        double[][] x = {{0, 1, 0, 1}, {0, 1, 0, 1}, {0, 1, 0, 1}};
        double[][] t = {{0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}};
        double[] gradient = new double[ROWS * 4];
        for (String backend : List.of("reference", "cpu")) {
            assertThat(lossAndGradient(Loss.binaryCrossEntropyOfProbabilities(), backend, x, t, gradient))
                    .isEqualTo(50);
        }
    }

    /** A row whose weights are all 0 counts as 0. */
    @Test
    void weightsOfElementsAreAMask() {
        float[] x = {1, 2, 3, 4, 5, 6};
        float[] weights = {1, 0, 0.5f, 0, 0, 1};
        Step step = Step.of("masked", s -> {
            TensorRef output = s.input("x", Shape.of(2));
            TensorRef zeros = s.fill("zeros", 0, output);
            s.metric("loss", s.loss(Loss.meanSquaredError(), output, zeros, s.input("mask", Shape.of(2))));
        });
        for (String name : List.of("reference", "cpu")) {
            try (Backend backend = Backends.open(name);
                    Training training = Training.of(backend, step, 4)) {
                training.step(Map.of(
                        "x", HostTensor.of(Shape.of(4, 2), Arrays.copyOf(x, 8)),
                        "mask", HostTensor.of(Shape.of(4, 2), Arrays.copyOf(weights, 8))));
                assertThat(training.metric("loss")).isCloseTo((1 + 9 + 36 + 0) / 4.0, within(1e-6));
            }
        }
    }

    @Test
    void wrongLossesAreRefused() {
        assertThatThrownBy(() -> Loss.of(Function.of("one", Expr::abs)))
                .hasMessage("a loss is a function of output and target, one of 1 numbers");
        assertThatThrownBy(() -> Loss.smoothedCrossEntropy(1)).hasMessageContaining("below 1, got 1.0");
        assertThatThrownBy(() -> Loss.huber(0)).hasMessageContaining("above 0, got 0.0");
        assertThatThrownBy(() -> Loss.weightedCrossEntropy(List.of(-1.0))).hasMessageContaining("at least 0");
        assertThatThrownBy(() -> lossAndGradient(
                        Loss.weightedCrossEntropy(List.of(1.0, 2.0)), "reference", X, CLASSES, new double[12]))
                .hasMessageContaining("2 class weights for outputs of 4 classes");
        assertThatThrownBy(() ->
                        lossAndGradient(Loss.huber(1), "reference", X, new double[][] {{1}, {1}, {1}}, new double[12]))
                .hasMessageContaining("needs shape [3,4]")
                .hasMessageContaining("got t[3,1]");
    }
}
