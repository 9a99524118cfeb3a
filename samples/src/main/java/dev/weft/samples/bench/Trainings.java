package dev.weft.samples.bench;

import dev.weft.samples.Network;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.FreshTraining.Outcome;
import dev.weft.samples.bench.FreshTraining.Task;
import dev.weft.samples.bench.Measurement.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Whole trainings, each in a JVM of its own. The sides take turns. */
final class Trainings {
    private final List<Side> sides;
    private final Consumer<String> progress;

    Trainings(List<Side> sides, Consumer<String> progress) {
        this.sides = sides;
        this.progress = progress;
    }

    /** So many steps of a network on random images, from the start of the JVM to its end. */
    CaseRecord endToEnd(Network network, int steps, int times) {
        int images = steps * network.batch();
        Map<Side, List<Outcome>> outcomes = run(
                times,
                i -> new Task(network.name(), images, 1, Double.POSITIVE_INFINITY, 1 + i),
                network.name() + " end to end");
        List<Measurement> measurements = new ArrayList<>();
        for (Side side : sides) {
            measurements.add(measurement(side, Kind.END_TO_END, null, images, outcomes.get(side)));
        }
        return record(network.name() + ", end to end", "images", images, measurements);
    }

    /**
     * LeNet-5 on MNIST until the test accuracy is reached; it counts as not measured where a seed does not reach it.
     *
     * @param accuracy 0 to 1
     * @param epochs at most
     */
    CaseRecord timeToAccuracy(double accuracy, int epochs, List<Long> seeds) {
        Map<Side, List<Outcome>> outcomes = run(
                seeds.size(),
                i -> new Task("lenet5", 0, epochs, accuracy, seeds.get(i)),
                "LeNet-5 to %.2f %%".formatted(100 * accuracy));
        List<Measurement> measurements = sides.stream()
                .map(side -> timeToAccuracy(side, outcomes.get(side), accuracy, seeds))
                .toList();
        return record(
                "%s %.2f %%".formatted(BenchCommand.TIME_TO_ACCURACY, 100 * accuracy),
                "seeds",
                seeds.size(),
                measurements);
    }

    static Measurement timeToAccuracy(Side side, List<Outcome> outcomes, double accuracy, List<Long> seeds) {
        String stage = "seeds %s; epochs %s"
                .formatted(seeds, outcomes.stream().map(Outcome::epochs).toList());
        List<String> missed = new ArrayList<>();
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            if (!(outcome.accuracy() >= accuracy)) {
                missed.add("seed %d reached %.2f %% in %d epochs"
                        .formatted(seeds.get(i), 100 * outcome.accuracy(), outcome.epochs()));
            }
        }
        return missed.isEmpty()
                ? measurement(side, Kind.TIME_TO_ACCURACY, stage, 0, outcomes)
                : Measurement.none(
                        side, Kind.TIME_TO_ACCURACY, stage, new Measurement.Work(0, 0, 0), String.join("; ", missed));
    }

    private Map<Side, List<Outcome>> run(int times, IntFunction<Task> task, String what) {
        Map<Side, List<Outcome>> outcomes = new LinkedHashMap<>();
        sides.forEach(side -> outcomes.put(side, new ArrayList<>()));
        for (int i = 0; i < times; i++) {
            for (Side side : sides) {
                if (!side.backend().emulated()) {
                    progress.accept("%s: %s, %d of %d".formatted(what, side.id(), i + 1, times));
                    outcomes.get(side).add(FreshTraining.run(side, task.apply(i)));
                }
            }
        }
        return outcomes;
    }

    private static Measurement measurement(Side side, Kind kind, String stage, int images, List<Outcome> outcomes) {
        Measurement.Work work = new Measurement.Work(0, 0, images);
        if (outcomes.isEmpty()) {
            return Measurement.none(side, kind, stage, work, Bench.EMULATED);
        }
        double[] seconds = outcomes.stream().mapToDouble(Outcome::seconds).toArray();
        return Measurement.of(side, kind, stage, work, null, 1, seconds);
    }

    private static CaseRecord record(String benchmark, String sweep, int size, List<Measurement> measurements) {
        return new CaseRecord(benchmark, sweep, size, true, 0, 0, List.of(), Map.of(), measurements);
    }
}
