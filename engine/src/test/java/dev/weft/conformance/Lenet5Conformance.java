package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.conformance.Networks.Network;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.TensorRef;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** LeNet-5 on a backend against the reference, for ten steps; a backend's tests extend it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class Lenet5Conformance {
    private static final int STEPS = 10;
    private static final int BATCH = 16;
    private static final Network LENET5 =
            new Network("lenet5", Lenet5.graph(), Loss.softmaxCrossEntropy(), Lenet5.images(STEPS * BATCH), BATCH);

    private Backend reference;
    private Backend candidate;

    /** Opens the backend under test; it is closed after the last test. */
    protected abstract Backend open();

    @BeforeAll
    void openBackends() {
        reference = Backends.open("reference");
        candidate = open();
    }

    @AfterAll
    void closeBackends() {
        candidate.close();
        reference.close();
    }

    @Test
    void everyOpOfTenStepsAgrees() {
        try (BackendCheck check =
                Agreement.backendCheck(LENET5, Adam.of(1e-3), reference, candidate, MemoryMode.POISONED_ARENA)) {
            for (int step = 0; step < STEPS; step++) {
                CheckReport report = check.step(step);
                assertThat(report.differences()).hasSizeGreaterThan(25);
                assertThat(report).matches(CheckReport::passed, "all outputs are equal");
            }
        }
    }

    @Test
    void theLossOfAFreeRunAgrees() {
        try (BackendCheck check =
                Agreement.backendCheck(LENET5, Adam.of(1e-3), reference, candidate, MemoryMode.ARENA)) {
            BackendCheck.FreeRun run = check.freeRun(STEPS);
            assertThat(run.reference()[STEPS - 1]).isLessThan(run.reference()[0]);
            assertThat(run.maxRelative()).isLessThan(1e-3);
        }
    }

    /**
     * Each step starts from the reference's parameters rounded to float; then the gradients, each the result of a chain
     * of up to twenty ops, are compared as a whole. One op errs by some u of the magnitudes, and pixels at a kink may
     * fall on its other side, so 2000 u of the gradient's length is allowed.
     */
    @Test
    void theGradientsOfTenStepsAgree() {
        double allowed = 2000 * candidate.unitRoundoff();
        try (NetworkRun expected = new NetworkRun(LENET5, Adam.of(1e-3), reference, MemoryMode.ARENA);
                NetworkRun actual = new NetworkRun(LENET5, Adam.of(1e-3), candidate, MemoryMode.ARENA)) {
            TensorRef parameters = expected.layout().parameters();
            for (int step = 0; step < STEPS; step++) {
                actual.bound().write(parameters, expected.bound().read(parameters));
                expected.bound().write(parameters, actual.bound().read(parameters));
                expected.run(step, 1);
                actual.run(step, 1);
                for (String name : expected.layout().views().keySet()) {
                    double[] gradient = gradient(expected, name);
                    double length = distance(gradient, new double[gradient.length]);
                    assertThat(length).as("gradient of " + name).isPositive();
                    assertThat(distance(gradient, gradient(actual, name)) / length)
                            .as("step %d, gradient of %s", step, name)
                            .isLessThan(allowed);
                }
            }
        }
    }

    private static double[] gradient(NetworkRun run, String name) {
        return run.bound().read(run.layout().gradient(name)).doubles();
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.pow(a[i] - b[i], 2);
        }
        return Math.sqrt(sum);
    }

    @Test
    void aShortTrainingLearns() {
        try (Model model = Model.create(Lenet5.graph(), candidate, 1)) {
            History history = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(2e-3))
                    .batch(32)
                    .epochs(3)
                    .fit(Lenet5.images(500));
            assertThat(history.last().trainLoss())
                    .isLessThan(history.epochs().get(0).trainLoss() / 2);
            assertThat(model.evaluate(Lenet5.images(100)).accuracy()).isGreaterThan(0.9);
        }
    }
}
