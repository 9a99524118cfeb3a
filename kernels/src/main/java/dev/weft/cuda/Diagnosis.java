package dev.weft.cuda;

import dev.weft.backend.Finding;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands in the way of training on a GPU, from the ground up; what builds on something that failed is not looked at.
 *
 * @param os its name, as Java tells it
 * @param architecture likewise
 * @param glibc version of the C library, for example 2.36; empty where it is another one
 * @param natives where Weft unpacks JCuda's native libraries
 * @param finder of cuBLAS and cuDNN
 * @param unusable why the driver or the device cannot be used
 * @param device describes the device, where it can
 */
record Diagnosis(
        String os,
        String architecture,
        String glibc,
        Path natives,
        LibraryFinder finder,
        Supplier<Optional<String>> unusable,
        Supplier<String> device) {
    /** The newest symbol version that JCuda's native libraries ask for is of this one. */
    private static final int GLIBC_MINOR = 17;

    private static final Pattern VERSION = Pattern.compile("glibc 2\\.(\\d+)");

    /** Of this machine. */
    static Diagnosis ofMachine(Supplier<Optional<String>> unusable, Supplier<String> device) {
        return new Diagnosis(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                glibcOfMachine(),
                JCudaNatives.folder(),
                LibraryFinder.ofMachine(),
                unusable,
                device);
    }

    private static String glibcOfMachine() {
        try {
            Process process = new ProcessBuilder("getconf", "GNU_LIBC_VERSION")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        if (!os.equals("Linux") || !architecture.equals("amd64")) {
            findings.add(Finding.failed(
                    "platform", os + " on " + architecture, "use Linux on x86-64; elsewhere Weft trains on the CPU"));
            return findings;
        }
        findings.add(Finding.found("platform", "Linux on x86-64"));
        findings.add(cLibrary());
        findings.add(nativesFolder());
        if (findings.stream().allMatch(Finding::ok)) {
            findings.add(driver());
            // they can be loaded without a driver
            for (Library library : Library.values()) {
                findings.add(library(library));
            }
        }
        return findings;
    }

    private Finding cLibrary() {
        Matcher version = VERSION.matcher(glibc);
        if (!version.matches()) {
            return Finding.failed(
                    "glibc",
                    "the C library is not the GNU one, which JCuda needs",
                    "use a distribution with glibc, such as Debian or Fedora; not Alpine");
        }
        return Integer.parseInt(version.group(1)) >= GLIBC_MINOR
                ? Finding.found("glibc", glibc)
                : Finding.failed("glibc", glibc + ", JCuda needs 2." + GLIBC_MINOR, "use a newer distribution");
    }

    private Finding nativesFolder() {
        String problem;
        try {
            JCudaNatives.makePrivate(natives);
            Path file = Files.createTempFile(natives, "weft", ".tmp");
            boolean loadable = file.toFile().setExecutable(true) && Files.isExecutable(file);
            Files.delete(file);
            if (loadable) {
                return Finding.found("JCuda natives", "can be unpacked into " + natives);
            }
            problem = "cannot be loaded from %s: it is mounted noexec".formatted(natives);
        } catch (IOException e) {
            problem = "cannot be unpacked into %s: %s".formatted(natives, Reason.of(e));
        }
        return Finding.failed("JCuda natives", problem, "name another cache folder with XDG_CACHE_HOME");
    }

    private Finding driver() {
        Optional<String> reason = unusable.get();
        if (reason.isEmpty()) {
            return Finding.found("driver and device", device.get());
        }
        return Finding.failed(
                "driver and device",
                reason.get(),
                "nvidia-smi must show the device; a container has to be started with --gpus all");
    }

    private Finding library(Library library) {
        try {
            LibraryFinder.Found found = Libraries.load(library, finder);
            return Finding.found(library.title(), found.file() + " (" + found.place() + ")");
        } catch (LibraryLoadException e) {
            return Finding.missing(
                    library.title(), e.problem(), e.fix() + "; without it Weft's own kernels do all the work");
        }
    }
}
