package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPhaseIsDoneWhenItsPartsAreThoughNoHelperComes() throws InterruptedException {
        CountDownLatch blocked = new CountDownLatch(2);
        CountDownLatch end = new CountDownLatch(1);
        AtomicIntegerArray runs = new AtomicIntegerArray(1);
        try (Workers workers = new Workers(2)) {
            Thread other = new Thread(() -> workers.run(new Phase(2, (part, thread) -> {
                blocked.countDown();
                await(end);
            })));
            other.start();
            // both parts run, so the only helper is in one of them
            await(blocked);
            Phase phase = new Phase(37, (part, thread) -> {
                assertThat(thread).isZero();
                runs.incrementAndGet(0);
            });
            for (int i = 1; i <= 100; i++) {
                workers.run(phase);
                assertThat(runs.get(0)).isEqualTo(i * 37);
            }
            end.countDown();
            other.join();
        }
    }

    /** Each waits for the other within a phase. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void phasesOfSeveralCallersRunAtOnce() throws InterruptedException {
        int callers = 4;
        CountDownLatch inside = new CountDownLatch(callers);
        try (Workers workers = new Workers(2)) {
            Thread[] users = new Thread[callers];
            for (int i = 0; i < callers; i++) {
                users[i] = new Thread(() -> workers.run(new Phase(3, (part, thread) -> {
                    if (part == 0) {
                        inside.countDown();
                        await(inside);
                    }
                })));
                users[i].start();
            }
            for (Thread user : users) {
                user.join();
            }
        }
        assertThat(inside.getCount()).isZero();
    }

    @Test
    void aPhaseTooSmallToShareRunsOnItsCaller() {
        try (Workers workers = new Workers(3)) {
            Phase phase = new Phase(8, (part, thread) -> assertThat(thread).isZero());
            for (int i = 0; i < 2; i++) {
                phase.measured(Workers.LEAST_SHARED - 1);
            }
            for (int i = 0; i < 1000; i++) {
                workers.run(phase);
            }
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void helpersThatAreWaitedForAreSeldomAsked() {
        int phases = 2000;
        AtomicIntegerArray helped = new AtomicIntegerArray(1);
        try (Workers workers = new Workers(2)) {
            Phase phase = new Phase(2, (part, thread) -> {
                long end = System.nanoTime() + (thread == 0 ? 100_000 : 10_000_000);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                if (thread > 0) {
                    helped.incrementAndGet(0);
                }
            });
            for (int i = 0; i < phases; i++) {
                workers.run(phase);
            }
        }
        assertThat(helped.get(0)).isBetween(1, phases / 20);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Two threads, for example each with a model of its own. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void twoThreadsMayRunPhasesAtTheSameTime() throws InterruptedException {
        int parts = 5;
        int phases = 5000;
        AtomicIntegerArray runs = new AtomicIntegerArray(2);
        List<Throwable> caught = new CopyOnWriteArrayList<>();
        try (Workers workers = new Workers(3)) {
            Thread[] users = new Thread[2];
            for (int user = 0; user < users.length; user++) {
                int number = user;
                users[user] = new Thread(() -> {
                    Phase phase = new Phase(parts, (part, thread) -> runs.incrementAndGet(number));
                    for (int i = 1; i <= phases; i++) {
                        workers.run(phase);
                        assertThat(runs.get(number)).isEqualTo(i * parts);
                    }
                });
                users[user].setDaemon(true);
                users[user].setUncaughtExceptionHandler((thread, e) -> caught.add(e));
                users[user].start();
            }
            for (Thread user : users) {
                user.join();
            }
        }
        assertThat(caught).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void closedWorkersRefuseWork(int threads) {
        Workers workers = new Workers(threads);
        Phase phase = new Phase(4, (part, thread) -> {});
        workers.run(phase);
        workers.close();
        workers.close();
        assertThatThrownBy(() -> workers.run(phase))
                .isInstanceOf(DeviceException.class)
                .hasMessage("the backend cpu is closed");
    }
}
