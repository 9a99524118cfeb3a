package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.DataException;
import dev.weft.data.Mnist;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the README shows compiles, runs and does what the README says. */
class ReadmeTest {
    private static final Logger LOG = LoggerFactory.getLogger(ReadmeTest.class);
    private static final Path README = Path.of("..", "README.md");

    /** What the shorter pieces of code take for granted. */
    private static final String AROUND_PIECES = """
            import static dev.weft.layer.Layers.*;
            import dev.weft.backend.*;
            import dev.weft.check.*;
            import dev.weft.data.*;
            import dev.weft.graph.*;
            import dev.weft.layer.*;
            import dev.weft.loss.*;
            import dev.weft.tensor.*;
            import dev.weft.train.*;
            class Piece%d {
              void run(Graph graph, Dataset train, Backend backend) {
            %s
              }
            }
            """;

    @TempDir
    Path folder;

    private static List<String> javaBlocks() throws IOException {
        Matcher matcher = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
        List<String> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    private void compile(String className, String source) throws IOException {
        Path file = Files.writeString(folder.resolve(className + ".java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        boolean compiled = compiler.getTask(
                        messages,
                        null,
                        null,
                        List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path")),
                        null,
                        compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
                .call();
        assertThat(compiled).as(messages.toString()).isTrue();
    }

    @Test
    void everyPieceOfCodeCompiles() throws IOException {
        List<String> blocks = javaBlocks();
        assertThat(blocks).hasSizeGreaterThan(2);
        for (int i = 0; i < blocks.size(); i++) {
            String block = blocks.get(i);
            if (block.contains("class ")) {
                compile("Quickstart", block);
            } else {
                compile("Piece" + i, AROUND_PIECES.formatted(i, block));
            }
        }
    }

    @Test
    void theFirstExampleIsShortAndTrains() throws ReflectiveOperationException, IOException {
        try {
            Mnist.load();
        } catch (DataException e) {
            LOG.error("SKIPPED: the README's example did not run, since MNIST is not to be had. {}", e.getMessage());
            abort(e.getMessage());
        }
        String example = javaBlocks().get(0);
        assertThat(example.substring(example.indexOf("class")).lines()).hasSizeLessThanOrEqualTo(20);
        compile("Quickstart", example);

        Path saved = Path.of("lenet5.safetensors");
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Method main = loader.loadClass("Quickstart").getMethod("main", String[].class);
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            main.invoke(null, (Object) new String[0]);
            assertThat(saved).isNotEmptyFile();
        } finally {
            System.setOut(console);
            Files.deleteIfExists(saved);
        }
        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(Double.parseDouble(lines.get(0))).as("test accuracy").isBetween(0.95, 1.0);
        assertThat(Double.parseDouble(lines.get(1)))
                .as("probability of the first test image being a 7")
                .isBetween(0.9, 1.0);
    }
}
