package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.conformance.CaseRun.Way;
import dev.weft.conformance.Networks.Network;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.train.Model;
import java.util.List;
import java.util.stream.Stream;

/**
 * The comparisons with the reference that {@link BackendConformance} makes, for tests that force a backend to take one of
 * its kernels and not the one that it prefers.
 */
public final class Agreement {
    static final MemoryMode[] CASE_MODES = {MemoryMode.SEPARATE, MemoryMode.POISONED_ARENA};

    private Agreement() {}

    /** The ops of all cases. */
    public static List<Op> ops() {
        return Cases.all().stream().map(OpCase::op).toList();
    }

    /**
     * Compares all cases of one kind of op, each by run and by trace and in two memory modes.
     *
     * @return how many cases there are
     */
    public static int ofOp(Class<? extends Op> kind, Backend reference, Backend candidate) {
        List<OpCase> cases = Cases.byKind().get(kind);
        cases.forEach(opCase -> check(opCase, reference, candidate));
        return cases.size();
    }

    /** For cases that take long. */
    static void checkOnce(OpCase opCase, Backend reference, Backend candidate) {
        CaseRun expected = CaseRun.of(opCase, reference, MemoryMode.SEPARATE, Way.RUN);
        expected.assertAgrees(
                opCase, CaseRun.of(opCase, candidate, MemoryMode.SEPARATE, Way.RUN), candidate.unitRoundoff());
    }

    static void check(OpCase opCase, Backend reference, Backend candidate) {
        CaseRun expected = CaseRun.of(opCase, reference, MemoryMode.SEPARATE, Way.RUN);
        expected.assertByHand(opCase);
        for (MemoryMode mode : CASE_MODES) {
            CaseRun run = CaseRun.of(opCase, candidate, mode, Way.RUN);
            expected.assertAgrees(opCase, run, candidate.unitRoundoff());
            assertThat(run.nonFiniteStep()).as("latch").isEqualTo(expected.nonFiniteStep());
            CaseRun trace = CaseRun.of(opCase, candidate, mode, Way.TRACE);
            expected.assertAgrees(opCase, trace, candidate.unitRoundoff());
        }
    }

    /** A comparison with the reference. */
    public interface Check {
        /** Fails unless the backend agrees. */
        void run(Backend candidate);
    }

    /** One run of each case of a kind of op; what the reference has to say is worked out once. */
    public static List<Check> checksOfOp(Class<? extends Op> kind, Backend reference) {
        return Cases.byKind().get(kind).stream()
                .map(opCase -> checkOf(opCase, reference))
                .toList();
    }

    private static Check checkOf(OpCase opCase, Backend reference) {
        return new Check() {
            private CaseRun expected;

            @Override
            public void run(Backend candidate) {
                if (expected == null) {
                    expected = CaseRun.of(opCase, reference, MemoryMode.SEPARATE, Way.RUN);
                }
                CaseRun run = CaseRun.of(opCase, candidate, MemoryMode.SEPARATE, Way.RUN);
                expected.assertAgrees(opCase, run, candidate.unitRoundoff());
                assertThat(run.nonFiniteStep()).as("latch").isEqualTo(expected.nonFiniteStep());
            }
        };
    }

    /** The first training step of each network, whole and with a row of padding. */
    public static List<Check> checksOfNetworks(Backend reference) {
        return Networks.all().stream()
                .flatMap(network -> Stream.of(network, network.lackingARow()))
                .<Check>map(network -> candidate -> ofFirstStep(network, reference, candidate))
                .toList();
    }

    static void ofFirstStep(Network network, Backend reference, Backend candidate) {
        try (BackendCheck check = backendCheck(network, Adam.of(0.01), reference, candidate, MemoryMode.SEPARATE)) {
            assertThat(check.step(0)).matches(CheckReport::passed, "all outputs are equal");
        }
    }

    /**
     * Compares three training steps of every network, op by op, fused ops together. Networks take two optimizers in turns, and in
     * the next memory mode each takes the other one.
     */
    public static void ofNetworks(Backend reference, Backend candidate, MemoryMode mode) {
        ofNetworks(Networks.all(), reference, candidate, mode);
    }

    static void ofNetworks(List<Network> networks, Backend reference, Backend candidate, MemoryMode mode) {
        List<Optimizer> optimizers =
                List.of(Adam.adamW(0.01, 0.1), Sgd.of(0.1).momentum(0.9).withNesterov());
        for (int i = 0; i < networks.size(); i++) {
            Optimizer optimizer = optimizers.get((i + mode.ordinal()) % optimizers.size());
            try (BackendCheck check = backendCheck(networks.get(i), optimizer, reference, candidate, mode)) {
                for (int step = 0; step < 3; step++) {
                    CheckReport report = check.step(step);
                    assertThat(report.differences()).isNotEmpty();
                    assertThat(report).matches(CheckReport::passed, "all outputs are equal");
                }
            }
        }
    }

    static BackendCheck backendCheck(
            Network network, Optimizer optimizer, Backend reference, Backend candidate, MemoryMode mode) {
        try (Model model = Model.create(network.graph(), reference, 11)) {
            return new BackendCheck(
                    network.graph(),
                    model.parameters(),
                    network.loss(),
                    optimizer,
                    network.data(),
                    network.batch(),
                    11,
                    reference,
                    candidate,
                    mode);
        }
    }
}
