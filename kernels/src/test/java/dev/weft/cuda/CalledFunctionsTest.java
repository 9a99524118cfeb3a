package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * JCuda's native libraries have every function that we call: the Java classes for cuDNN are older than the natives, which
 * lack 46 functions of theirs, and a call of one of those would fail when it is made.
 */
class CalledFunctionsTest {

    @ParameterizedTest
    @CsvSource({"JCublas2, jcublas, 7", "JCudnn, jcudnn, 25"})
    void everyFunctionThatIsCalledIsExported(String type, String packageName, int atLeast) throws IOException {
        String library = nativeLibrary(type);
        Set<String> called = called(type);
        assertThat(called).hasSizeGreaterThanOrEqualTo(atLeast);
        assertThat(called)
                .allSatisfy(function -> assertThat(library)
                        .contains("\0Java_jcuda_%s_%s_%sNative\0".formatted(packageName, type, function)));
    }

    /** The test itself: this function is in the Java class, and not in the native library. */
    @org.junit.jupiter.api.Test
    void aFunctionThatIsGoneWouldBeSeen() throws IOException {
        assertThat(nativeLibrary("JCudnn"))
                .doesNotContain("\0Java_jcuda_jcudnn_JCudnn_cudnnRNNForwardTrainingNative\0");
    }

    /** The names of exported functions stand in it as text. */
    private static String nativeLibrary(String type) throws IOException {
        String resource = "/lib/lib%s-12.6.0-linux-x86_64.so".formatted(type);
        try (InputStream in = CalledFunctionsTest.class.getResourceAsStream(resource)) {
            assertThat(in).as(resource).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static Set<String> called(String type) throws IOException {
        Pattern call = Pattern.compile("\\b" + type + "\\s*\\.(cu\\w+)\\(");
        Set<String> called = new TreeSet<>();
        try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/weft/cuda"))) {
            for (Path source : sources.toList()) {
                Matcher matcher = call.matcher(Files.readString(source));
                while (matcher.find()) {
                    called.add(matcher.group(1));
                }
            }
        }
        return called;
    }
}
