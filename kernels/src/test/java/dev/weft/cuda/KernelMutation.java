package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Agreement;
import dev.weft.conformance.Agreement.Check;
import dev.weft.cuda.emulator.Emulator;
import dev.weft.cuda.emulator.PtxMutants;
import dev.weft.cuda.emulator.PtxMutants.Mutant;
import dev.weft.op.Op;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Do the tests see a fault in a kernel that ships? Plants one at a time, each barrier deleted, then constants of addresses and
 * loops moved, and runs the conformance cases that reach the kernel, the quickest first, until one fails. What none sees is
 * printed as a survivor. {@code scripts/mutate-kernels} starts it.
 *
 * <p>Modules are read from the class path, so the folder for the mutants has to stand at its front.
 */
public final class KernelMutation {
    /** How an op is executed, of which a case is one check: the candidates in this order. */
    private record Form(String name, List<Candidate> table) {
        CudaBackend open() {
            return new CudaBackend(0, table, new CudaBackend.Options(false, false));
        }
    }

    /** A check of a form, with the time that it takes on sound kernels. */
    private record Timed(Form form, Check check, double seconds) {}

    /** By check of the emulator, by values, or not at all. */
    private enum Verdict {
        CHECK,
        VALUES,
        SURVIVED
    }

    private final Path folder;
    private final Backend reference = Backends.open("reference");
    private final Map<String, List<Timed>> opChecks = new HashMap<>();
    private final Map<String, List<Timed>> networkChecks = new HashMap<>();

    private int tried;

    private KernelMutation(Path folder) {
        this.folder = folder;
    }

    /**
     * Mutates kernels.
     *
     * @param arguments the folder at the front of the class path; how many constants of each kernel; a pattern of kernels;
     *     optionally a pattern of mutants, as they are printed
     * @throws IOException if a mutant cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        String unavailable = Emulator.load();
        if (unavailable != null) {
            System.err.println("SKIPPED, nothing was tried: " + unavailable);
            System.exit(2);
        }
        Path folder = Files.createDirectories(Path.of(arguments[0]).resolve("dev/weft/cuda"));
        int constants = Integer.parseInt(arguments[1]);
        String mutants = arguments.length > 3 ? arguments[3] : ".*";
        System.exit(new KernelMutation(folder).run(constants, arguments[2], mutants) ? 0 : 1);
    }

    private static void freshDriver() {
        Emulator.reset();
        Emulator.configure("quiet=on;leaks=off;log=off;optimisation=-O0;steps=1000000;sms=2");
    }

    /** Prints each survivor and a table; whether there is none. */
    private boolean run(int constants, String kernels, String pattern) throws IOException {
        List<String> modules = ShippedPtx.modules().stream()
                .filter(module -> ShippedPtx.entries(module).stream().anyMatch(kernel -> kernel.matches(kernels)))
                .toList();
        findOpChecks(modules);
        List<String> survivors = new ArrayList<>();
        System.out.printf(
                "%n| kernel | barriers | constants | by a check | by values | survived |%n|---|---|---|---|---|---|%n");
        for (String module : modules) {
            for (String kernel : ShippedPtx.entries(module)) {
                if (kernel.matches(kernels)) {
                    survivors.addAll(mutate(module, kernel, constants, pattern));
                }
            }
        }
        System.out.println();
        survivors.forEach(survivor -> System.out.println("survivor: " + survivor));
        System.out.printf("%d mutants, %d survivors%n", tried, survivors.size());
        return survivors.isEmpty();
    }

    private List<String> mutate(String module, String kernel, int constants, String pattern) throws IOException {
        PtxMutants all = PtxMutants.of(ShippedPtx.ptx(module), kernel);
        List<Mutant> moved = PtxMutants.some(constants, all.constants());
        List<Mutant> mutants = Stream.concat(all.barriers().stream(), moved.stream())
                .filter(mutant -> mutant.what().matches(pattern))
                .toList();
        List<String> survivors = new ArrayList<>();
        Map<Verdict, Integer> counts = new HashMap<>();
        tried += mutants.size();
        for (Mutant mutant : mutants) {
            Verdict verdict = verdict(module, mutant, opChecks.getOrDefault(kernel, List.of()));
            if (verdict == Verdict.SURVIVED) {
                verdict = verdict(module, mutant, networkChecks().getOrDefault(kernel, List.of()));
            }
            counts.merge(verdict, 1, Integer::sum);
            if (verdict == Verdict.SURVIVED) {
                survivors.add(mutant.what());
            }
        }
        System.out.printf(
                "| `%s` | %d | %d of %d | %d | %d | %d |%n",
                kernel,
                all.barriers().size(),
                moved.size(),
                all.constants().size(),
                counts.getOrDefault(Verdict.CHECK, 0),
                counts.getOrDefault(Verdict.VALUES, 0),
                survivors.size());
        return survivors;
    }

    private Verdict verdict(String module, Mutant mutant, List<Timed> checks) throws IOException {
        Path file = Files.writeString(folder.resolve(module + ".ptx"), mutant.ptx());
        Map<Form, CudaBackend> open = new HashMap<>();
        freshDriver();
        try {
            for (Timed timed : checks) {
                timed.check.run(open.computeIfAbsent(timed.form, Form::open));
            }
            return Verdict.SURVIVED;
        } catch (DeviceException e) {
            return Verdict.CHECK;
        } catch (AssertionError e) {
            return Verdict.VALUES;
        } finally {
            Files.delete(file);
        }
    }

    // ---------------------------------------------------------------- which case reaches which kernel

    /** The cases of every form of each op; a form whose first case reaches none of the modules is left out. */
    private void findOpChecks(List<String> modules) {
        Set<String> kernels = modules.stream()
                .flatMap(module -> ShippedPtx.entries(module).stream())
                .collect(Collectors.toSet());
        Map<Class<? extends Op>, List<Check>> checksOf = new HashMap<>();
        freshDriver();
        for (Candidate candidate : Candidates.TABLE) {
            if (candidate.kind().isPresent()) {
                List<Check> checks = Agreement.checksOfOp(candidate.kind().orElseThrow(), reference);
                Form form = new Form(candidate.name(), ConformanceDeviceTest.preferring(candidate));
                Map<String, List<Timed>> first = new HashMap<>();
                find(form, checks.subList(0, 1), first);
                if (first.keySet().stream().anyMatch(kernels::contains)) {
                    find(form, checks, opChecks);
                }
            }
        }
    }

    /** Those of the networks, found when they are asked for: they reach what is fused. */
    private Map<String, List<Timed>> networkChecks() {
        if (networkChecks.isEmpty()) {
            freshDriver();
            List<Candidate> single =
                    Candidates.TABLE.stream().filter(c -> c.kind().isPresent()).toList();
            List<Candidate> wide = ConformanceDeviceTest.preferring(ConformanceDeviceTest.WIDE_POOLING);
            for (Form form :
                    List.of(new Form("fused", Candidates.TABLE), new Form("wide", wide), new Form("single", single))) {
                find(form, Agreement.checksOfNetworks(reference), networkChecks);
            }
        }
        return networkChecks;
    }

    /** Runs checks on the sound kernels and adds each to the kernels that it reaches, the quickest first. */
    private static void find(Form form, List<Check> checks, Map<String, List<Timed>> found) {
        try (CudaBackend backend = form.open()) {
            for (Check check : checks) {
                Emulator.launched();
                long start = System.nanoTime();
                check.run(backend);
                Timed timed = new Timed(form, check, (System.nanoTime() - start) * 1e-9);
                Emulator.launched()
                        .forEach(kernel -> found.computeIfAbsent(kernel, key -> new ArrayList<>())
                                .add(timed));
            }
        }
        found.values().forEach(timed -> timed.sort(Comparator.comparingDouble(Timed::seconds)));
    }
}
