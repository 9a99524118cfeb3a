package dev.weft.cuda;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs all device tests on the GPU of this machine and writes a result file with GPU, driver, date and counts; what
 * {@code scripts/check-gpu} starts. Exit code 0 where all passed, 1 where one failed, 2 where there is no usable GPU.
 */
public final class GpuCheck {
    private GpuCheck() {}

    /**
     * Takes the folder for the result file and, optionally, a pattern of test classes such as {@code .*Lenet5.*}.
     *
     * @throws IOException if the file cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        System.setProperty("weft.test.gpu", "true");
        Optional<String> unusable = new CudaProvider().unusable();
        if (unusable.isPresent()) {
            System.err.println("SKIPPED, nothing was checked: " + unusable.get());
            System.exit(2);
        }
        Path folder = Path.of(arguments[0]);
        String pattern = arguments.length > 1 ? arguments[1] : ".*DeviceTest";
        String gpu;
        try (var backend = Backends.open("cuda", BackendOptions.defaults())) {
            gpu = backend.description();
        }
        Counter counter = new Counter();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectPackage("dev.weft.cuda"))
                .filters(includeClassNamePatterns(pattern))
                .build();
        LauncherFactory.create().execute(request, counter, summary);
        String report = report(gpu, counter, summary.getSummary());
        System.out.print(report);
        Files.createDirectories(folder);
        Path file = folder.resolve("%s-conformance.md".formatted(LocalDate.now()));
        Files.writeString(file, report);
        System.out.println("written to " + file);
        System.exit(summary.getSummary().getTotalFailureCount() == 0 ? 0 : 1);
    }

    private static String report(String gpu, Counter counter, TestExecutionSummary summary) {
        StringBuilder text = new StringBuilder();
        text.append("# Conformance on a GPU%n%n- %s%n- %s, JDK %s%n- %d tests passed, %d failed, %d skipped%n%n"
                .formatted(
                        gpu,
                        LocalDate.now(),
                        System.getProperty("java.version"),
                        summary.getTestsSucceededCount(),
                        summary.getTotalFailureCount(),
                        summary.getTestsSkippedCount() + summary.getTestsAbortedCount()));
        text.append("| test class | passed | failed | skipped |%n|---|---|---|---|%n".formatted());
        new TreeMap<>(counter.results)
                .forEach((name, results) -> text.append("| %s | %d | %d | %d |%n"
                        .formatted(
                                name,
                                results.get(Status.SUCCESSFUL).sum(),
                                results.get(Status.FAILED).sum(),
                                results.get(Status.ABORTED).sum())));
        if (!counter.skipped.isEmpty()) {
            text.append("%nNot checked:%n%n".formatted());
            counter.skipped.forEach((reason, tests) -> text.append("- %s: %s%n"
                    .formatted(
                            reason,
                            tests.entrySet().stream()
                                    .map(entry -> "%s (%d)".formatted(entry.getKey(), entry.getValue()))
                                    .collect(Collectors.joining(", ")))));
        }
        java.io.StringWriter failures = new java.io.StringWriter();
        if (summary.getTotalFailureCount() > 0) {
            summary.printFailuresTo(new PrintWriter(failures), 5);
            text.append("%n```%n%s```%n".formatted(failures));
        }
        return text.toString();
    }

    /** Counts results by test class, and keeps why tests were skipped. */
    private static final class Counter implements TestExecutionListener {
        private final Map<String, Map<Status, LongAdder>> results = new ConcurrentHashMap<>();
        /** How many tests, by reason and class; a whole class counts as one. */
        private final Map<String, Map<String, Integer>> skipped = new TreeMap<>();

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            skip(test.isTest() ? className(test) : className(test) + "." + test.getDisplayName(), reason);
        }

        private synchronized void skip(String name, String reason) {
            skipped.computeIfAbsent(reason.replaceFirst("^(Assumption failed: )?SKIPPED: ", ""), key -> new TreeMap<>())
                    .merge(name, 1, Integer::sum);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() == Status.ABORTED) {
                skip(
                        className(test),
                        result.getThrowable().map(Throwable::getMessage).orElse(""));
            }
            if (test.isTest()) {
                results.computeIfAbsent(className(test), name -> counts())
                        .get(result.getStatus())
                        .increment();
            }
        }

        private static Map<Status, LongAdder> counts() {
            Map<Status, LongAdder> counts = new ConcurrentHashMap<>();
            for (Status status : Status.values()) {
                counts.put(status, new LongAdder());
            }
            return counts;
        }

        private static String className(TestIdentifier test) {
            String id = test.getUniqueId();
            int from = id.indexOf("[class:") + "[class:".length();
            return id.substring(from, id.indexOf(']', from)).replaceFirst("^dev\\.weft\\.cuda\\.", "");
        }
    }
}
