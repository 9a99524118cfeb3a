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

    private static final String IMPORTS = """
            import static dev.weft.layer.Layers.*;
            import dev.weft.backend.*;
            import dev.weft.check.*;
            import dev.weft.data.*;
            import dev.weft.graph.*;
            import dev.weft.layer.*;
            import dev.weft.loss.*;
            import dev.weft.op.Op;
            import dev.weft.op.Window2d;
            import dev.weft.tensor.*;
            import dev.weft.train.*;
            import java.nio.file.Path;
            import java.util.*;
            import java.util.concurrent.*;
            """;

    /** Runs what the README shows for many threads. */
    private static final String MANY_THREADS = """
            public class ManyThreads {
              public static boolean predictAlike(Path file) throws Exception {
                Graph graph = Graph.sequential(Shape.of(4), linear(3));
                ExecutorService threads = Executors.newFixedThreadPool(4);
                try (Backend backend = Backends.open("cpu"); Model trained = Model.create(graph, backend, 7)) {
                  trained.save(file);
                  float[] sample = {1, 2, 3, 4};
                  Predictors predictors = Predictors.load(file, graph, backend, 2);
                  Callable<float[]> task = () -> predictors.predict(sample);
                  boolean alike = true;
                  for (Future<float[]> result : threads.invokeAll(Collections.nCopies(200, task))) {
                    alike &= Arrays.equals(result.get(), trained.predictProbabilities(sample));
                  }
                  predictors.free().forEach(Model::close);
                  return alike;
                } finally {
                  threads.shutdown();
                }
              }
            }
            """;

    /** What statements take for granted. */
    private static final String AROUND_STATEMENTS = """
            class Piece {
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
        assertThat(blocks).hasSizeGreaterThan(4);
        for (int i = 0; i < blocks.size(); i++) {
            String block = blocks.get(i);
            if (block.contains("public class Quickstart")) {
                compile("Quickstart", block);
            } else if (block.startsWith("record ")) {
                compile("Piece" + i, IMPORTS + block);
            } else {
                compile("Piece" + i, IMPORTS + AROUND_STATEMENTS.formatted(block));
            }
        }
    }

    @Test
    void theWayToPredictInManyThreadsDoes() throws ReflectiveOperationException, IOException {
        String predictors = javaBlocks().stream()
                .filter(block -> block.startsWith("record Predictors"))
                .findFirst()
                .orElseThrow();
        compile("ManyThreads", IMPORTS + predictors + MANY_THREADS);
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Object alike = loader.loadClass("ManyThreads")
                    .getMethod("predictAlike", Path.class)
                    .invoke(null, folder.resolve("weights.safetensors"));
            assertThat(alike).isEqualTo(true);
        }
    }

    @Test
    void theDependencyHasTheVersionOfThisBuild() throws IOException {
        String readme = Files.readString(README);
        Matcher version =
                Pattern.compile("(?m)^  <version>(.*)</version>$").matcher(Files.readString(Path.of("../pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(readme).contains("""
                <dependency>
                  <groupId>dev.weft</groupId>
                  <artifactId>weft-cpu</artifactId>
                  <version>%s</version>
                </dependency>
                """.formatted(version.group(1)));
        for (String module : List.of("cpu-fallback", "kernels")) {
            Matcher artifact = Pattern.compile("(?m)^  <artifactId>(.*)</artifactId>$")
                    .matcher(Files.readString(Path.of("..", module, "pom.xml")));
            assertThat(artifact.find()).isTrue();
            assertThat(readme).contains("`" + artifact.group(1) + "`");
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
