package dev.weft.samples.bench;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import dev.weft.backend.Backend;
import dev.weft.backend.Kernels;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.program.Cost;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Whether a side computes what it should, which is found out before anything is timed. Two things are looked at:
 *
 * <ul>
 *   <li>The outputs and every gradient of a step, run as it will be timed, are compared with those of another side: the norm
 *       of the difference must be at most {@link #LIMIT} of the norm, or where TF32 is allowed {@link #ROUNDOFFS} roundoffs.
 *   <li>Where the work is small enough for the reference, that is the other side, and each op is compared with it alone,
 *       by the strict tolerance of {@link BackendCheck}.
 * </ul>
 *
 * @param side the side's id
 * @param against what it was compared with: {@code reference}, or the id of another side
 * @param opByOp whether each op was compared with the reference alone, too
 * @param largestError the largest norm of a difference, as a share of the norm; null where it is not finite
 * @param tensor where that is
 * @param message what differs; null if nothing does
 */
public record Agreement(
        String side,
        boolean passed,
        String against,
        boolean opByOp,
        @JsonSetter(nulls = Nulls.SET) Double largestError,
        String tensor,
        @JsonSetter(nulls = Nulls.SET) String message) {
    /**
     * Float sums in another order differ by some 1e-6 of the norm, and a unit that ends up on the other side of a kink by
     * little more; a term that is missing shows in full.
     */
    static final double LIMIT = 1e-3;

    /**
     * With factors rounded to TF32 the differences are some of its unit roundoffs, and more units end up on the other side of
     * a kink: the first gradient of LeNet-5 at batch 2 was seen to differ by a hundred.
     */
    private static final double ROUNDOFFS = 256;

    /** Beyond that the reference, which takes about a second for so much, is not asked. */
    static final double REFERENCE_FLOPS = 2e8;

    /**
     * Checks all sides.
     *
     * @param bound a workload on each side
     * @return one for each side; those of the first is compared with the reference, or passes alone
     */
    static List<Agreement> of(Workload work, List<BoundWorkload> bound, Backend reference) {
        List<Agreement> agreements = new ArrayList<>();
        if (Cost.of(work.program().ops()).flops() <= REFERENCE_FLOPS) {
            Side definition = new Side("reference", "reference", Kernels.ownChoice(), 1, reference);
            try (BoundWorkload expected = new BoundWorkload(definition, work)) {
                Map<TensorRef, HostTensor> results = expected.results();
                for (BoundWorkload side : bound) {
                    Agreement agreement = compare(results, definition, side);
                    agreements.add(agreement.passed ? opByOp(work, agreement, expected, side) : agreement);
                }
            }
            return agreements;
        }
        Map<TensorRef, HostTensor> results = bound.get(0).results();
        Side first = bound.get(0).side();
        for (BoundWorkload side : bound) {
            // the first one once more: the same step must give the same results
            agreements.add(compare(results, first, side));
        }
        return agreements;
    }

    private static Agreement opByOp(Workload work, Agreement run, BoundWorkload expected, BoundWorkload side) {
        CheckReport report = BackendCheck.compare(
                (ReferenceExecutable) expected.executable(),
                side.executable(),
                side.side().backend().unitRoundoff(),
                work.steps(1));
        return new Agreement(
                run.side,
                report.passed(),
                run.against,
                true,
                run.largestError,
                run.tensor,
                report.first().map(Object::toString).orElse(null));
    }

    private static Agreement compare(Map<TensorRef, HostTensor> expected, Side against, BoundWorkload side) {
        double limit = Math.max(
                LIMIT,
                ROUNDOFFS
                        * Math.max(
                                against.backend().unitRoundoff(),
                                side.side().backend().unitRoundoff()));
        Map<TensorRef, HostTensor> actual = side.results();
        double largest = 0;
        TensorRef worst = null;
        for (Map.Entry<TensorRef, HostTensor> entry : expected.entrySet()) {
            double error = error(entry.getValue(), actual.get(entry.getKey()));
            if (worst == null || !(error <= largest)) {
                largest = error;
                worst = entry.getKey();
            }
        }
        boolean passed = largest <= limit;
        return new Agreement(
                side.side().id(),
                passed,
                against.id(),
                false,
                Double.isFinite(largest) ? largest : null,
                worst.name(),
                passed
                        ? null
                        : String.format(
                                Locale.ROOT,
                                "%s differs from that of %s by %.2g of its norm, %.2g allowed",
                                worst,
                                against.id(),
                                largest,
                                limit));
    }

    /** The norm of the difference as a share of the norm of what is expected; NaN where one of them is. */
    private static double error(HostTensor expected, HostTensor actual) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.elements(); i++) {
            difference += Math.pow(actual.get(i) - expected.get(i), 2);
            norm += expected.get(i) * expected.get(i);
        }
        return difference == 0 ? 0 : Math.sqrt(difference / norm);
    }
}
