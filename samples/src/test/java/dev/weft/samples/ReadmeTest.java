package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.DataException;
import dev.weft.data.Mnist;
import java.io.ByteArrayOutputStream;
import java.io.File;
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
import java.util.Map;
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
            import dev.weft.io.*;
            import dev.weft.layer.*;
            import dev.weft.loss.*;
            import dev.weft.op.Op;
            import dev.weft.op.Window2d;
            import dev.weft.op.expr.*;
            import dev.weft.optim.*;
            import dev.weft.program.*;
            import dev.weft.tensor.*;
            import dev.weft.train.*;
            import java.nio.file.Path;
            import java.util.*;
            import java.util.stream.*;
            """;

    /** Runs what the README shows for many threads. */
    private static final String MANY_THREADS = """
            public class ManyThreads {
              public static boolean predictAlike() {
                Graph graph = Graph.sequential(Shape.of(4), linear(3));
                float[] values = new float[800];
                for (int i = 0; i < 800; i++) {
                  values[i] = i % 7;
                }
                Dataset data = Dataset.ofFloats(Shape.of(4), values, new int[200], 3);
                try (Backend backend = Backends.open("cpu");
                    Model trained = Model.create(graph, backend, 7);
                    Predictor predictor = trained.predictor()) {
                  float[][] answers = new Answers(predictor).of(data);
                  boolean alike = answers.length == 200;
                  for (int i = 0; i < 200; i++) {
                    alike &= Arrays.equals(answers[i], trained.predictProbabilities(data.image(i)));
                  }
                  return alike;
                }
              }
            }
            """;

    /** Around the steps of one's own. */
    private static final String STEPS = """
            public class Steps {
              public interface Game {
                double play(Model policy, HostTensor states, HostTensor actions, HostTensor rewards);
              }
            %s
            }
            """;

    /** Runs the steps of one's own: the critic's and the generator's losses, reconstruction errors, what the policy earns. */
    private static final String RUN_STEPS = """
            public class RunSteps {
              private static Columns images() {
                byte[] pixels = new byte[256 * 784];
                for (int i = 0; i < pixels.length; i++) {
                  pixels[i] = (byte) (i / 784 % 2 == i % 784 / 392 ? 230 : 10);
                }
                return Columns.of("pixels", HostTensor.of(Shape.of(256, 784), pixels));
              }

              public static List<Map<String, Double>> pair() {
                try (Backend backend = Backends.open("cpu")) {
                  return Steps.generativePair(backend, images(), 40).stream().map(Training.Epoch::metrics).toList();
                }
              }

              public static List<Double> machine() {
                try (Backend backend = Backends.open("cpu");
                    Model machine = Model.create("machine", Steps.boltzmannMachine(), backend, 1);
                    Training training = Training.of(backend, Steps.contrastiveDivergence(machine), images(), 16)) {
                  List<Double> errors = new ArrayList<>();
                  for (int i = 0; i < 2; i++) {
                    errors.add(error(machine, images()));
                    training.run(10);
                  }
                  errors.add(error(machine, images()));
                  return errors;
                }
              }

              private static double error(Model m, Columns images) {
                Step step = Step.of("reconstruct", s -> {
                  TensorRef v = s.column("pixels");
                  TensorRef back = s.apply("back", m, "visible", s.apply("data", m, "hidden", v));
                  s.metric("error", s.loss(Loss.meanSquaredError(), back, v));
                });
                try (Training training = Training.of(m.backend(), step, images, 256)) {
                  return training.run(1).get(0).metrics().get("error");
                }
              }

              /** The largest of three numbers is worth 1, and the others nothing; what is earned counts from the mean. */
              public static double policy() {
                Random random = new Random(1);
                Steps.Game game = (policy, states, actions, rewards) -> {
                  double won = 0;
                  for (int i = 0; i < 32; i++) {
                    float[] state = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
                    float[] p = policy.predictProbabilities(state);
                    double drawn = random.nextDouble();
                    int action = drawn < p[0] ? 0 : drawn < p[0] + p[1] ? 1 : 2;
                    boolean best = true;
                    for (float other : state) {
                      best &= state[action] >= other;
                    }
                    won += best ? 1 : 0;
                    System.arraycopy(state, 0, states.floats(), 3 * i, 3);
                    ((int[]) actions.array())[i] = action;
                    rewards.floats()[i] = best ? 0.5f : -0.5f;
                  }
                  return won / 32;
                };
                try (Backend backend = Backends.open("cpu")) {
                  return Steps.policyGradient(backend, game);
                }
              }
            }
            """;

    private static final String FORMULAS = "trainByFormulas";

    /** Runs the formulas of one's own on the backend that is named: a parabola is learned. */
    private static final String RUN_FORMULAS = """
            public class RunFormulas {
              public static void main(String[] backendName) {
                float[] x = new float[128];
                float[] y = new float[128];
                for (int i = 0; i < 128; i++) {
                  x[i] = i / 64f - 1;
                  y[i] = x[i] * x[i];
                }
                Dataset data = Dataset.ofTargets(Shape.of(1), x, Shape.of(1), y);
                try (Backend backend = Backends.open(backendName[0])) {
                  System.out.println(Steps.trainByFormulas(backend, data));
                }
              }
            }
            """;

    private static final String SENTENCES = "learnsSentences";

    /** Runs the recurrent cell of one's own: the class is whether the first word is below 10. */
    private static final String RUN_SENTENCES = """
            public class RunSentences {
              public static void main(String[] backendName) {
                Random random = new Random(1);
                int[] words = new int[64 * 6];
                int[] lengths = new int[64];
                int[] classes = new int[64];
                for (int n = 0; n < 64; n++) {
                  lengths[n] = 1 + random.nextInt(6);
                  for (int t = 0; t < lengths[n]; t++) {
                    words[n * 6 + t] = 1 + random.nextInt(19);
                  }
                  classes[n] = words[n * 6] < 10 ? 0 : 1;
                }
                Columns data = Columns.of("words", HostTensor.of(Shape.of(64, 6), words))
                    .with("length", HostTensor.of(Shape.of(64), lengths))
                    .classes("class", classes, 2);
                try (Backend backend = Backends.open(backendName[0])) {
                  System.out.println(Steps.learnsSentences(backend, data));
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
                        List.of(
                                "-d",
                                folder.toString(),
                                "-cp",
                                System.getProperty("java.class.path") + File.pathSeparator + folder),
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
            } else if (block.startsWith("static ")) {
                compile("Steps", IMPORTS + STEPS.formatted(block));
            } else {
                compile("Piece" + i, IMPORTS + AROUND_STATEMENTS.formatted(block));
            }
        }
    }

    @Test
    void theWayToPredictInManyThreadsDoes() throws ReflectiveOperationException, IOException {
        String answers = javaBlocks().stream()
                .filter(block -> block.startsWith("record Answers"))
                .findFirst()
                .orElseThrow();
        compile("ManyThreads", IMPORTS + answers + MANY_THREADS);
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Object alike =
                    loader.loadClass("ManyThreads").getMethod("predictAlike").invoke(null);
            assertThat(alike).isEqualTo(true);
        }
    }

    @Test
    @SuppressWarnings("unchecked")
    void theStepsOfOnesOwnAreShortAndTrain() throws ReflectiveOperationException, IOException {
        List<String> steps = javaBlocks().stream()
                .filter(block -> block.startsWith("static ") && !block.contains(FORMULAS) && !block.contains(SENTENCES))
                .toList();
        assertThat(steps).hasSize(3);
        assertThat(steps.get(0))
                .contains("generativePair")
                .satisfies(s -> assertThat(s.lines()).hasSizeLessThanOrEqualTo(20));
        assertThat(steps.get(1))
                .contains("contrastiveDivergence")
                .satisfies(s -> assertThat(s.lines()).hasSizeLessThanOrEqualTo(15));
        assertThat(steps.get(2))
                .contains("policyGradient")
                .satisfies(s -> assertThat(s.lines()).hasSizeLessThanOrEqualTo(20));
        compile("Steps", IMPORTS + STEPS.formatted(String.join("", steps)));
        compile("RunSteps", IMPORTS + RUN_STEPS);
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Class<?> run = loader.loadClass("RunSteps");
            List<Map<String, Double>> pair =
                    (List<Map<String, Double>>) run.getMethod("pair").invoke(null);
            // the critic begins with outputs about 0, which is wrong by 1 about the real ones; then it tells both apart
            assertThat(pair.get(0).get("critic")).isBetween(0.3, 2.0);
            assertThat(pair.get(39).get("critic")).isLessThan(pair.get(0).get("critic"));
            assertThat(pair).extracting(epoch -> epoch.get("generator")).allMatch(Double::isFinite);

            List<Double> errors = (List<Double>) run.getMethod("machine").invoke(null);
            assertThat(errors.get(0)).isBetween(0.1, 0.4);
            assertThat(errors.get(2)).isLessThan(0.5 * errors.get(0));

            double earned = (double) run.getMethod("policy").invoke(null);
            assertThat(earned).as("a third is chance").isGreaterThan(0.7);
        }
    }

    @Test
    void theFormulasOfOnesOwnTrainOnTheCpuAndOnTheEmulatedGpu() throws IOException, InterruptedException {
        // of the parabola's variance, 4/45
        trainsOnCpuAndEmulatedGpu(FORMULAS, "RunFormulas", RUN_FORMULAS, 0.1 * 4 / 45, 1e-3);
    }

    @Test
    void theCellOfOnesOwnLearnsOnTheCpuAndOnTheEmulatedGpu() throws IOException, InterruptedException {
        trainsOnCpuAndEmulatedGpu(SENTENCES, "RunSentences", RUN_SENTENCES, 0.1, 0.02);
    }

    /**
     * @param most the loss that is reached at least
     * @param relative how far both may differ, of the loss
     */
    private void trainsOnCpuAndEmulatedGpu(String name, String program, String source, double most, double relative)
            throws IOException, InterruptedException {
        String block = javaBlocks().stream()
                .filter(each -> each.contains(name))
                .findFirst()
                .orElseThrow();
        compile("Steps", IMPORTS + STEPS.formatted(block));
        compile(program, IMPORTS + source);
        double onCpu = run(program, "cpu");
        assertThat(onCpu).isBetween(1e-8, most);
        if (!Files.isExecutable(Path.of("/usr/bin/g++"))) {
            LOG.error("SKIPPED: the README's {} did not run on the emulated GPU, which needs /usr/bin/g++", name);
            abort("no g++");
        }
        assertThat(run(program, "cuda")).isCloseTo(onCpu, within(relative * onCpu));
    }

    private double run(String program, String backend) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path") + File.pathSeparator + folder;
        List<String> command = new ArrayList<>(List.of(java, "-cp", classes, program, backend));
        if (backend.equals("cuda")) {
            command.add(
                    0,
                    Path.of("../scripts/emulate").toAbsolutePath().normalize().toString());
        }
        Path errors = folder.resolve(backend + ".txt");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
        return Double.parseDouble(printed.lines().reduce((a, b) -> b).orElseThrow());
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
