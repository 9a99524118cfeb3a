package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyPartRunsOnceInEveryPhase(int threads) {
        int parts = 37;
        AtomicIntegerArray runs = new AtomicIntegerArray(parts);
        try (Workers workers = new Workers(threads)) {
            Phase phase = new Phase(parts, (part, thread) -> {
                assertThat(thread).isBetween(0, threads - 1);
                runs.incrementAndGet(part);
            });
            for (int i = 1; i <= 2000; i++) {
                workers.run(phase);
                for (int part = 0; part < parts; part++) {
                    assertThat(runs.get(part)).isEqualTo(i);
                }
            }
        }
    }

    @Test
    void aPhaseAfterALongPauseStillRuns() throws InterruptedException {
        AtomicIntegerArray runs = new AtomicIntegerArray(1);
        try (Workers workers = new Workers(3)) {
            Phase phase = new Phase(8, (part, thread) -> runs.incrementAndGet(0));
            workers.run(phase);
            Thread.sleep(200);
            workers.run(phase);
        }
        assertThat(runs.get(0)).isEqualTo(16);
    }

    @Test
    void aFailingPartIsReportedAndTheWorkersGoOn() {
        try (Workers workers = new Workers(2)) {
            Phase failing = new Phase(100, (part, thread) -> {
                if (part == 50) {
                    throw new IllegalStateException("part 50");
                }
            });
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> workers.run(failing)).hasMessage("part 50");
            }
            AtomicIntegerArray runs = new AtomicIntegerArray(1);
            workers.run(new Phase(10, (part, thread) -> runs.incrementAndGet(0)));
            assertThat(runs.get(0)).isEqualTo(10);
        }
    }
}
