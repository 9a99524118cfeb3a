package dev.weft.cuda;

import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.backend.Tunable.Timing;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Times every candidate for every op of a program and chooses those that together take the least time. Each candidate is
 * put first in turn and the program is run once, so that every op is timed on its real inputs. A fused candidate competes
 * with all ways to execute its ops one by one: the best way through the list of ops is found from its end, as a shortest path.
 */
final class Tuning {
    private static final Logger LOG = LoggerFactory.getLogger(Tuning.class);

    /** How often a group of ops is repeated to be timed. */
    private static final int REPETITIONS = 20;

    private final CudaBackend backend;
    private final List<Candidate> candidates = new ArrayList<>(Candidates.TABLE);

    /** Microseconds by signature of the ops and name of the candidate. */
    private final Map<String, Map<String, Double>> times = new LinkedHashMap<>();

    Tuning(CudaBackend backend) {
        this.backend = backend;
        for (Library library : Library.values()) {
            LibraryFinder.Found found = LibraryFinder.ofMachine().find(library);
            if (found.usable()) {
                try (Device.Scope scope = backend.device().enter()) {
                    backend.libraries().open(library);
                }
                candidates.addAll(backend.kernelChoice().candidates(library));
            } else {
                LOG.info("{} is left out: {}", library.title(), found.missing());
            }
        }
    }

    List<Timing> run(List<Program> programs, List<Memory> memories, Path file) {
        Map<String, String> taken = new HashMap<>();
        for (Program program : programs) {
            measure(program, memories);
            taken.putAll(choose(program));
        }
        Map<String, KernelPlan.Choice> choices = new HashMap<>();
        taken.forEach((ops, candidate) -> choices.put(ops, new KernelPlan.Choice(candidate, times.get(ops))));
        new KernelPlan(backend.device().name(), backend.kernelChoice().tf32(), choices).write(file);
        List<Timing> timings = new ArrayList<>();
        for (String ops : inOrder(programs)) {
            times.get(ops)
                    .forEach((candidate, microseconds) ->
                            timings.add(new Timing(ops, candidate, microseconds, candidate.equals(taken.get(ops)))));
        }
        return timings;
    }

    /**
     * With each candidate first in turn, and behind it those of single ops, so that no fused form takes an op away from it.
     * Those that take no op of the program cost a look at it and no more.
     */
    private void measure(Program program, List<Memory> memories) {
        for (Candidate first : candidates) {
            if (!takesAny(first, program)) {
                continue;
            }
            List<Candidate> order = new ArrayList<>(List.of(first));
            candidates.stream()
                    .filter(candidate -> candidate.kind().isPresent() && candidate != first)
                    .forEach(order::add);
            for (CudaProgram bound :
                    backend.bind(List.of(program), memories, MemoryMode.ARENA, KernelChoice.of(order))) {
                try (bound) {
                    measure(bound);
                }
            }
        }
    }

    /** Times the groups of one step that have not been timed yet, where their inputs are what they should be. */
    private void measure(CudaProgram bound) {
        Iterator<Binding.Group> groups = bound.groups().iterator();
        bound.trace(StepRange.withoutLearning(bound.program(), 1), new Executable.Observer() {
            @Override
            public void after(List<Op> ops) {
                Binding.Group group = groups.next();
                if (isNew(group)) {
                    double seconds = bound.timeTraced(REPETITIONS).orElseThrow();
                    add(KernelPlan.signature(ops), group.candidate().name(), seconds * 1e6 / REPETITIONS);
                }
            }
        });
    }

    private boolean takesAny(Candidate candidate, Program program) {
        try (Device.Scope scope = backend.device().enter()) {
            Binding binding = backend.binding(program);
            for (int i = 0; i < program.ops().size(); i++) {
                if (!candidate.match().apply(rest(program, i), binding).isEmpty()) {
                    return true;
                }
            }
            return false;
        }
    }

    /** The signatures of what was timed, in the order of the programs; of those that begin with the same op, fused ones first. */
    private Set<String> inOrder(List<Program> programs) {
        Set<String> signatures = new LinkedHashSet<>();
        try (Device.Scope scope = backend.device().enter()) {
            for (Program program : programs) {
                Binding binding = backend.binding(program);
                for (int i = 0; i < program.ops().size(); i++) {
                    for (Candidate candidate : candidates) {
                        signatures.add(KernelPlan.signature(candidate.match().apply(rest(program, i), binding)));
                    }
                }
            }
        }
        signatures.retainAll(times.keySet());
        return signatures;
    }

    private static List<Op> rest(Program program, int from) {
        return program.ops().subList(from, program.ops().size());
    }

    private boolean isNew(Binding.Group group) {
        return !times.getOrDefault(KernelPlan.signature(group.ops()), Map.of())
                .containsKey(group.candidate().name());
    }

    private void add(String ops, String candidate, double microseconds) {
        times.computeIfAbsent(ops, key -> new LinkedHashMap<>()).merge(candidate, microseconds, Math::min);
    }

    /** A way to execute the ops from some place of the program to its end. */
    private record Way(double microseconds, String ops, String candidate, int next) {}

    /** The candidates of the fastest way, by the signature of their ops. */
    private Map<String, String> choose(Program program) {
        int end = program.ops().size();
        Way[] best = new Way[end + 1];
        best[end] = new Way(0, "", "", end);
        try (Device.Scope scope = backend.device().enter()) {
            Binding binding = backend.binding(program);
            for (int i = end - 1; i >= 0; i--) {
                for (Candidate candidate : candidates) {
                    List<Op> ops = candidate.match().apply(rest(program, i), binding);
                    String signature = KernelPlan.signature(ops);
                    Double time = times.getOrDefault(signature, Map.of()).get(candidate.name());
                    if (!ops.isEmpty() && time != null && best[i + ops.size()] != null) {
                        Way way = new Way(
                                time + best[i + ops.size()].microseconds, signature, candidate.name(), i + ops.size());
                        best[i] = best[i] == null || way.microseconds < best[i].microseconds ? way : best[i];
                    }
                }
            }
        }
        Map<String, String> taken = new HashMap<>();
        for (int i = 0; i < end; i = best[i].next) {
            taken.put(best[i].ops, best[i].candidate);
        }
        return taken;
    }
}
