package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rule by which is warmed up and measured. */
class SamplerTest {
    private static final Sampler.Rule RULE = new Sampler.Rule(0, 5, 8, 9, 7, 5);

    @Test
    void steadyIsWhenTheMediansOfTwoWindowsAreWithinTwoPercent() {
        List<Double> falling = List.of(9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.2);
        List<Double> settled = List.of(1.00, 1.01, 5.00, 1.00, 0.99, 1.01, 1.02, 1.01, 1.00, 9.00);
        assertThat(Sampler.steady(falling)).isFalse();
        assertThat(Sampler.steady(settled)).as("single outliers do not count").isTrue();
        assertThat(Sampler.steady(settled.subList(0, 9))).as("too few").isFalse();
    }

    @Test
    void sidesTakeTurnsAfterEachIsWarm() {
        List<String> calls = new ArrayList<>();
        int[] coldSteps = {40};
        Sampler.Timed slowAtFirst = times -> {
            calls.add("a");
            coldSteps[0]--;
            return times * (coldSteps[0] > 0 ? 1.0 + coldSteps[0] : 1.0);
        };
        Sampler.Timed other = times -> {
            calls.add("b");
            return times * 3.0;
        };
        List<Sampler.Measured> measured = new Sampler(RULE).measure(List.of(slowAtFirst, other), 1000);

        assertThat(measured.get(0).warmUp().steady()).isTrue();
        assertThat(measured.get(0).warmUp().values()).isGreaterThanOrEqualTo(39);
        assertThat(measured.get(0).seconds()).hasSize(9).containsOnly(1.0);
        assertThat(measured.get(1).seconds()).hasSize(9).containsOnly(3.0);
        assertThat(measured.get(1).executions()).as("4 x 3 s are more than 8 s").isEqualTo(4);
        assertThat(String.join("", calls)).endsWith("ab".repeat(9)).contains("aaaaaabbbbbb");
    }

    @Test
    void aValueNeverHasMoreExecutionsThanAllowed() {
        List<Sampler.Measured> measured = new Sampler(RULE).measure(List.of(times -> times * 1e-3), 64);
        assertThat(measured.get(0).executions()).isEqualTo(64);
    }
}
