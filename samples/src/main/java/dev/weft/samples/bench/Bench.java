package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.op.Op;
import dev.weft.program.Cost;
import dev.weft.program.Program;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.Measurement.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Measures workloads on all sides: first whether they agree, then how long they take. */
final class Bench {
    private static final int COLD_VALUES = 9;
    private static final int MAX_KERNEL_EXECUTIONS = 1 << 14;
    static final String EMULATED = "emulated device";

    private final List<Side> sides;
    private final Backend reference;
    private final Sampler.Rule rule;
    private final Sampler.Rule kernelRule;
    private final Consumer<String> progress;

    Bench(List<Side> sides, Backend reference, Sampler.Rule rule, Consumer<String> progress) {
        this.sides = sides;
        this.reference = reference;
        this.rule = rule;
        // they are many and short
        this.kernelRule = new Sampler.Rule(
                rule.minWarmUpSeconds() / 10,
                rule.maxWarmUpSeconds() / 5,
                1e-3,
                rule.values(),
                rule.minValues(),
                rule.maxSeconds() / 5);
        this.progress = progress;
    }

    /** @param kernels whether to time each op, too */
    CaseRecord run(Workload work, boolean kernels) {
        List<BoundWorkload> bound = new ArrayList<>();
        try {
            for (Side side : sides) {
                bound.add(new BoundWorkload(side, work));
            }
            progress.accept(work.title() + ": do the sides agree?");
            List<Agreement> agreements = Agreement.of(work, bound, reference);
            List<Measurement> measurements = new ArrayList<>(steps(work, bound, agreements));
            for (int i = 0; i < bound.size(); i++) {
                if (kernels && agreements.get(i).passed()) {
                    progress.accept("%s: kernels of %s"
                            .formatted(work.title(), sides.get(i).id()));
                    measurements.addAll(kernels(work, bound.get(i)));
                }
            }
            Cost cost = Cost.of(work.program().ops());
            return new CaseRecord(
                    work.benchmark(),
                    work.sweep(),
                    work.size(),
                    work.trains(),
                    cost.flops(),
                    bytes(cost),
                    agreements,
                    plans(bound),
                    measurements);
        } finally {
            bound.forEach(BoundWorkload::close);
        }
    }

    /** No ratio can be made of a side that computes something else, since it gets no times. */
    private List<Measurement> steps(Workload work, List<BoundWorkload> bound, List<Agreement> agreements) {
        Cost cost = Cost.of(work.program().ops());
        Measurement.Work step = new Measurement.Work(cost.flops(), bytes(cost), work.trains() ? work.size() : 0);
        List<Measurement> measurements = new ArrayList<>();
        List<BoundWorkload> timed = new ArrayList<>();
        for (int i = 0; i < bound.size(); i++) {
            Side side = sides.get(i);
            if (!agreements.get(i).passed()) {
                measurements.add(Measurement.none(
                        side,
                        Kind.STEP,
                        null,
                        step,
                        "does not agree with " + agreements.get(i).against()));
            } else if (side.backend().emulated()) {
                measurements.add(Measurement.none(side, Kind.STEP, null, step, EMULATED));
            } else {
                timed.add(bound.get(i));
            }
        }
        progress.accept(work.title() + ": steps");
        List<Sampler.Timed> steps =
                timed.stream().map(side -> (Sampler.Timed) side::run).toList();
        List<Sampler.Measured> measured = new Sampler(rule).measure(steps, work.maxSteps());
        for (int i = 0; i < timed.size(); i++) {
            measurements.add(Measurement.of(timed.get(i).side(), Kind.STEP, null, step, measured.get(i)));
        }
        return measurements;
    }

    private List<Measurement> kernels(Workload work, BoundWorkload bound) {
        Backend backend = bound.side().backend();
        if (backend.emulated()) {
            return List.of();
        }
        List<Measurement> measurements = new ArrayList<>();
        try (CacheFlush flush = new CacheFlush(backend)) {
            bound.executable().traceStages(work.steps(1), new Executable.Observer() {
                @Override
                public void after(List<Op> ops) {
                    measurements.addAll(kernel(bound, ops, flush));
                }
            });
        }
        return measurements;
    }

    private List<Measurement> kernel(BoundWorkload bound, List<Op> ops, CacheFlush flush) {
        Executable executable = bound.executable();
        Cost cost = Cost.of(ops);
        Measurement.Work work = new Measurement.Work(cost.flops(), bytes(cost), 0);
        Side side = bound.side();
        String stage = stage(ops);
        OptionalDouble first = executable.timeTraced(1);
        if (first.isEmpty()) {
            String why = "the backend cannot time single ops";
            return List.of(Measurement.none(side, Kind.KERNEL_WARM, stage, work, why));
        }
        Sampler.Timed again = times -> executable.timeTraced(times).orElseThrow();
        Sampler.Measured warm = new Sampler(kernelRule)
                .measure(List.of(again), MAX_KERNEL_EXECUTIONS)
                .get(0);
        double[] cold = new double[COLD_VALUES];
        for (int i = 0; i < cold.length; i++) {
            flush.run();
            cold[i] = again.seconds(1);
        }
        return List.of(
                Measurement.of(side, Kind.KERNEL_WARM, stage, work, warm),
                Measurement.of(side, Kind.KERNEL_COLD, stage, work, null, 1, cold));
    }

    private static Map<String, List<String>> plans(List<BoundWorkload> bound) {
        Map<String, List<String>> plans = new LinkedHashMap<>();
        for (BoundWorkload side : bound) {
            plans.put(
                    side.side().id(),
                    side.executable().stages().stream().map(Bench::plan).toList());
        }
        return plans;
    }

    private static String plan(Executable.Stage stage) {
        String launches = stage.launches().stream()
                .map(launch -> launch.library()
                        ? launch.kernel()
                        : "%s<<<%s, %d>>>".formatted(launch.kernel(), launch.grid(), launch.block()))
                .collect(Collectors.joining(", "));
        return launches.isEmpty() ? stage(stage.ops()) : stage(stage.ops()) + ": " + launches;
    }

    /** Ops that run at once, for people: {@code conv1 conv2d 5x5 stride 1 pad 2}. */
    private static String stage(List<Op> ops) {
        return ops.stream().map(op -> op.layer() + " " + Program.title(op)).collect(Collectors.joining(" + "));
    }

    private static long bytes(Cost cost) {
        return cost.readBytes() + cost.writtenBytes();
    }
}
