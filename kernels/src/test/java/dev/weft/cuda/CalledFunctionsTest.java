package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.cuda.emulator.Emulator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every function of cuBLAS and cuDNN that we call is there: in JCuda's native libraries, and in NVIDIA's behind them. The
 * Java classes for cuDNN are older than the natives, which lack 46 functions of theirs, and a call of one of those would
 * fail only when it is made. Nothing is loaded, the files' symbols are read.
 */
class CalledFunctionsTest {
    @TempDir
    private Path folder;

    private static String javaClass(Library library) {
        return library == Library.CUBLAS ? "JCublas2" : "JCudnn";
    }

    private ElfSymbols nativesOfJCuda(Library library) throws IOException {
        String resource = "/lib/lib%s-12.6.0-linux-x86_64.so".formatted(javaClass(library));
        Path file = folder.resolve(library + ".so");
        try (InputStream in = CalledFunctionsTest.class.getResourceAsStream(resource)) {
            Files.copy(in, file);
        }
        return ElfSymbols.of(file);
    }

    private static Set<String> called(Library library) throws IOException {
        Pattern call = Pattern.compile("\\b" + javaClass(library) + "\\s*\\.(cu\\w+)\\(");
        Set<String> called = new TreeSet<>();
        try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/weft/cuda"))) {
            for (Path source : sources.toList()) {
                Matcher matcher = call.matcher(Files.readString(source));
                while (matcher.find()) {
                    called.add(matcher.group(1));
                }
            }
        }
        assertThat(called).hasSizeGreaterThanOrEqualTo(library == Library.CUBLAS ? 7 : 25);
        return called;
    }

    /** What NVIDIA's library is asked for when a Java method is called: {@code cublasSgemm} calls {@code cublasSgemm_v2}. */
    private static List<String> behind(String method, ElfSymbols nativesOfJCuda) {
        return Stream.of(method, method + "_v2")
                .filter(nativesOfJCuda.imported()::contains)
                .toList();
    }

    @ParameterizedTest
    @EnumSource(Library.class)
    void jcudaHasWhatWeCall(Library library) throws IOException {
        String prefix = library == Library.CUBLAS ? "Java_jcuda_jcublas_JCublas2_" : "Java_jcuda_jcudnn_JCudnn_";
        ElfSymbols natives = nativesOfJCuda(library);
        assertThat(natives.exported())
                .containsAll(called(library).stream()
                        .map(method -> prefix + method + "Native")
                        .toList());
        assertThat(called(library))
                .allSatisfy(method -> assertThat(behind(method, natives)).hasSize(1));
    }

    /** The test itself: this function is in the Java class, and not in the native library. */
    @Test
    void aFunctionThatIsGoneWouldBeSeen() throws IOException {
        assertThat(nativesOfJCuda(Library.CUDNN).exported())
                .contains("Java_jcuda_jcudnn_JCudnn_cudnnCreateNative")
                .doesNotContain("Java_jcuda_jcudnn_JCudnn_cudnnRNNForwardTrainingNative");
    }

    @ParameterizedTest
    @EnumSource(Library.class)
    void theStandInHasWhatJCudaImports(Library library) throws IOException {
        Set<String> imports = nativesOfJCuda(library).imported().stream()
                .filter(function -> function.startsWith(stem(library)))
                .collect(Collectors.toSet());
        assertThat(Files.readAllLines(Path.of("emulator/stand-ins/imports-" + stem(library) + ".txt")))
                .as("the list that it is built from")
                .containsExactlyInAnyOrderElementsOf(imports);
        Path standIn = standIns().resolve(library.file());
        assertThat(ElfSymbols.of(standIn).exported()).containsAll(imports);
    }

    private static Path standIns() {
        try {
            return Emulator.build().resolveSibling("stand-ins");
        } catch (IllegalStateException e) {
            System.err.println("CalledFunctionsTest SKIPPED: " + e.getMessage());
            assumeTrue(false, e.getMessage());
            throw e;
        }
    }

    /** The real one, where there is one: {@code mvn -Pcuda-libraries}, {@code -Dweft.cuda.libraries=FOLDER}, or installed. */
    @ParameterizedTest
    @EnumSource(Library.class)
    void theLibraryOfTheMachineHasWhatWeCall(Library library) throws IOException {
        LibraryFinder.Found found = LibraryFinder.ofMachine().find(library);
        if (!found.usable()) {
            System.err.println("CalledFunctionsTest SKIPPED: " + found.missing());
        }
        assumeTrue(found.usable(), found.missing());
        ElfSymbols natives = nativesOfJCuda(library);
        List<String> needed = called(library).stream()
                .flatMap(method -> behind(method, natives).stream())
                .toList();
        assertThat(ElfSymbols.of(found.file()).exported())
                .as(found.file().toString())
                .hasSizeGreaterThan(natives.imported().size() / 2)
                .containsAll(needed);
    }

    private static String stem(Library library) {
        return library == Library.CUBLAS ? "cublas" : "cudnn";
    }
}
