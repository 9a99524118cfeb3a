package dev.weft.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Schedules by values that were computed by hand; 100 steps in epochs of 10. */
class ScheduleTest {
    private static final double ROOT = Math.sqrt(0.5);

    private static void hasFactors(Schedule schedule, long[] steps, double... factors) {
        double[] actual = LongStream.of(steps)
                .mapToDouble(step -> schedule.factor(step, 100, 10))
                .toArray();
        assertThat(actual).containsExactly(factors, within(1e-12));
    }

    private static long[] at(long... steps) {
        return steps;
    }

    @Test
    void constantAndOwn() {
        hasFactors(Schedule.constant(), at(0, 99), 1, 1);
        hasFactors((step, steps, stepsPerEpoch) -> 1 / (1 + 0.1 * step), at(0, 10), 1, 0.5);
    }

    @Test
    void steps() {
        hasFactors(Schedule.step(2, 0.1), at(0, 19, 20, 40), 1, 1, 0.1, 0.01);
        hasFactors(Schedule.multiStep(List.of(3, 8), 0.5), at(0, 29, 30, 79, 80, 99), 1, 1, 0.5, 0.5, 0.25, 0.25);
        hasFactors(Schedule.exponential(0.25), at(0, 5, 10, 20), 1, 0.5, 0.25, 0.0625);
    }

    @Test
    void falls() {
        hasFactors(Schedule.polynomial(1, 0), at(0, 25, 100, 130), 1, 0.75, 0, 0);
        hasFactors(Schedule.polynomial(2, 0.2), at(0, 50, 100), 1, 0.2 + 0.8 * 0.25, 0.2);
        hasFactors(Schedule.cosine(), at(0, 25, 50, 75, 100), 1, (1 + ROOT) / 2, 0.5, (1 - ROOT) / 2, 0);
    }

    @Test
    void cycles() {
        // of 2, 4 and 8 epochs
        hasFactors(
                Schedule.warmRestarts(2, 2),
                at(0, 5, 10, 19, 20, 40, 60, 100),
                1,
                (1 + ROOT) / 2,
                0.5,
                0.006155829702431115,
                1,
                0.5,
                1,
                0.5);
        hasFactors(Schedule.warmRestarts(1, 1), at(5, 10, 95), 0.5, 1, 0.5);
        // 0.04 at first, 1 after 30 steps, 4e-6 at the end
        hasFactors(Schedule.oneCycle(), at(0, 15, 30, 65, 100), 0.04, 0.52, 1, (1 + 4e-6) / 2, 4e-6);
        hasFactors(Schedule.oneCycle(0.5, 2, 10), at(0, 25, 50, 75, 100), 0.5, 0.75, 1, 0.525, 0.05);
    }

    @Test
    void warmUpComesBeforeAnyOther() {
        hasFactors(Schedule.warmUp(1, Schedule.constant()), at(0, 4, 9, 10, 50), 0.1, 0.5, 1, 1, 1);
        hasFactors(Schedule.warmUp(2, Schedule.cosine()), at(0, 19, 20, 60, 100), 0.05, 1, 1, 0.5, 0);
        hasFactors(Schedule.warmUp(0.5, Schedule.step(1, 0.5)), at(0, 4, 5, 14, 15), 0.2, 1, 1, 1, 0.5);
        hasFactors(Schedule.warmUp(0, Schedule.polynomial(1, 0)), at(0, 50), 1, 0.5);
        // a warm-up of all steps
        hasFactors(Schedule.warmUp(10, Schedule.cosine()), at(49, 99), 0.5, 1);
    }

    @Test
    void argumentsOutOfRangeAreRefused() {
        Map<String, ThrowingCallable> wrong = Map.of(
                "at least 1 epoch, got 0", () -> Schedule.step(0, 0.1),
                "factor must be at least 0.0", () -> Schedule.multiStep(List.of(1), -1),
                "milestones are epochs from 1 that grow, got [2, 2]", () -> Schedule.multiStep(List.of(2, 2), 0.1),
                "milestones are epochs from 1 that grow, got [0]", () -> Schedule.multiStep(List.of(0), 0.1),
                "factor must be at least 4.9E-324", () -> Schedule.exponential(0),
                "power must be at least 4.9E-324", () -> Schedule.polynomial(0, 0),
                "at least 1 epoch and a growth of 1, got 0 and 1", () -> Schedule.warmRestarts(0, 1),
                "warm-up must be at least 0.0", () -> Schedule.warmUp(-1, Schedule.constant()),
                "peak must be at least 4.9E-324 and below 1.0, got 1.0", () -> Schedule.oneCycle(1, 2, 2),
                "low must be at least 1.0", () -> Schedule.oneCycle(0.3, 0.5, 2));
        wrong.forEach((message, make) -> assertThatThrownBy(make)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message));
    }
}
