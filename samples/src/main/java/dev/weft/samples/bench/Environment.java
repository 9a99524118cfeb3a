package dev.weft.samples.bench;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import dev.weft.io.Reason;
import dev.weft.samples.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a benchmark ran on.
 *
 * @param commit of the sources; null where the launcher did not find it
 * @param jvmFlags that the JVM was started with
 * @param cpuFlags instruction sets and features, as the system names them
 * @param caches by name: {@code L3 Unified} with its size; empty where the system does not tell
 * @param before how busy and fast the machine was before the measurement
 * @param after the same after it
 */
public record Environment(
        String weft,
        @JsonSetter(nulls = Nulls.SET) String commit,
        String jdk,
        List<String> jvmFlags,
        String os,
        String cpu,
        List<String> cpuFlags,
        int cores,
        long memoryBytes,
        Map<String, String> caches,
        State before,
        State after) {

    /** So much of the processors may be in use by others; the benchmark itself uses all of them in the end. */
    private static final double BUSY = 0.5;

    /** Driver, clocks, temperature, power and what holds the clocks down. */
    private static final String GPU_FIELDS = "name,driver_version,vbios_version,pstate,clocks.sm,clocks.mem,"
            + "clocks.max.sm,clocks.max.mem,temperature.gpu,power.draw,clocks_throttle_reasons.active";

    /**
     * What changes meanwhile.
     *
     * @param loadAverage runnable threads in the last minute; negative where it is not known
     * @param cpuMegahertz of each processor; empty where the system does not tell
     * @param cpuThrottled how often the first processor was throttled since the start; null where it is not known
     * @param gpu what nvidia-smi tells; empty without a GPU
     */
    public record State(
            double loadAverage,
            List<Double> cpuMegahertz,
            @JsonSetter(nulls = Nulls.SET) Long cpuThrottled,
            Map<String, String> gpu) {

        /** @param withGpu whether to ask for the GPU */
        static State now(boolean withGpu) {
            return new State(
                    ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                    cpuInfo("cpu MHz").map(Double::valueOf).toList(),
                    read(Path.of("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"))
                            .map(Long::valueOf)
                            .findFirst()
                            .orElse(null),
                    withGpu ? askGpu() : Map.of());
        }
    }

    /** Why times may be worth little: others were computing on this machine before the benchmark began, or in its end. */
    Optional<String> warning() {
        if (before.loadAverage > cores * BUSY) {
            return Optional.of(busy("before the benchmark began", before));
        }
        return after.loadAverage > cores * (1 + BUSY)
                ? Optional.of(busy("when the benchmark ended", after))
                : Optional.empty();
    }

    private String busy(String when, State state) {
        return "The machine was busy %s: %.1f threads were running on %d cores. Times of the CPU are worth little then; measure"
                        .formatted(when, state.loadAverage, cores)
                + " again when it is idle.";
    }

    static Environment of(State before, State after) {
        return new Environment(
                Machine.weft(),
                System.getProperty("weft.commit"),
                Machine.jdk(),
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                Machine.os(),
                Machine.cpu(),
                cpuInfo("flags")
                        .findFirst()
                        .map(flags -> List.of(flags.split(" ")))
                        .orElse(List.of()),
                Machine.cores(),
                Machine.memoryBytes(),
                findCaches(),
                before,
                after);
    }

    private static Stream<String> cpuInfo(String field) {
        return read(Path.of("/proc/cpuinfo"))
                .filter(line -> line.startsWith(field) && line.contains(":"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
    }

    private static Map<String, String> findCaches() {
        Map<String, String> caches = new LinkedHashMap<>();
        for (int i = 0; ; i++) {
            Path folder = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + i);
            List<String> size = read(folder.resolve("size")).toList();
            if (size.isEmpty()) {
                return caches;
            }
            caches.put("L" + first(folder.resolve("level")) + " " + first(folder.resolve("type")), size.get(0));
        }
    }

    private static String first(Path file) {
        return read(file).findFirst().orElse("");
    }

    /** The lines of a file; none where there is no such file on this system. */
    private static Stream<String> read(Path file) {
        if (!Files.isReadable(file)) {
            return Stream.empty();
        }
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException e) {
            // files of the system that are there but cannot be read, as in some containers
            return Stream.empty();
        }
    }

    private static Map<String, String> askGpu() {
        List<String> values = new ArrayList<>();
        try {
            Process process = new ProcessBuilder("nvidia-smi", "--query-gpu=" + GPU_FIELDS, "--format=csv,noheader")
                    .redirectErrorStream(true)
                    .start();
            try (Stream<String> lines = new BufferedReader(
                            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                    .lines()) {
                lines.findFirst().ifPresent(line -> values.addAll(List.of(line.split(", "))));
            }
        } catch (IOException | UncheckedIOException e) {
            return Map.of("nvidia-smi", "could not be run: " + Reason.of(e));
        }
        List<String> fields = List.of(GPU_FIELDS.split(","));
        Map<String, String> gpu = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(fields.size(), values.size()); i++) {
            gpu.put(fields.get(i), values.get(i));
        }
        return gpu;
    }
}
