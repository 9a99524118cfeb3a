package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.DataFetcher;
import dev.weft.data.IdxFiles;
import dev.weft.data.Mnist;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The commands that show something, in this JVM. */
class CommandsTest {
    private static final Logger LOG = LoggerFactory.getLogger(CommandsTest.class);
    private static final String ESCAPE = "\u001b";

    private String out;
    private String err;

    private int weft(String... arguments) {
        return weft(Terminal.of(false, null), arguments);
    }

    private int weft(Terminal terminal, String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int code = Weft.commandLine(Mnist::load, terminal, new Interruption())
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    static List<String> commands() {
        return List.copyOf(Weft.commandLine(Mnist::load).getSubcommands().keySet());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(String command) {
        assertThat(weft(command, "--help")).isZero();
        assertThat(out)
                .startsWith("Usage: weft " + command)
                .containsPattern("Examples?:\\R  (source <\\()?(.*> )?weft " + command)
                .contains("--stacktrace", "-h, --help");
    }

    @Test
    void theHelpTellsTheExitCodes() {
        assertThat(weft("--help")).isZero();
        assertThat(out)
                .contains(
                        "Exit codes: 0 done, 1 failed, 2 wrong usage,",
                        "130 ended by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.");
        commands().forEach(command -> assertThat(out).contains("  " + command + " "));
    }

    /** At 80 columns no word is broken that a very wide terminal shows whole, and no line is longer. */
    @ParameterizedTest
    @MethodSource("allCommands")
    void helpIsBrokenBetweenWordsAlone(String command) {
        List<String> lines = help(command, 80).lines().toList();
        assertThat(lines).allMatch(line -> line.length() <= 80);
        assertThat(words(lines)).isSubsetOf(words(help(command, 5000).lines().toList()));
        assertThat(lines)
                .as("single words left over by a line that was too long")
                .noneMatch(line -> line.matches("[a-z]+"));
    }

    static List<String> allCommands() {
        List<String> all = new ArrayList<>();
        addCommands(Weft.commandLine(Mnist::load), all);
        return all;
    }

    private static void addCommands(CommandLine command, List<String> all) {
        all.add(command.getCommandSpec().qualifiedName().replaceFirst("^weft ?", ""));
        command.getSubcommands().values().forEach(below -> addCommands(below, all));
    }

    private static String help(String command, int width) {
        CommandLine line = Weft.commandLine(Mnist::load).setUsageHelpAutoWidth(false);
        for (String name : command.split(" ")) {
            line = name.isEmpty() ? line : line.getSubcommands().get(name);
        }
        return line.setUsageHelpAutoWidth(false).setUsageHelpWidth(width).getUsageMessage(CommandLine.Help.Ansi.OFF);
    }

    private static Set<String> words(List<String> lines) {
        return lines.stream()
                .flatMap(line -> Stream.of(line.strip().split(" +")))
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --epoch 3                    | there is no option '--epoch'; do you mean weft train --epochs, weft bench --epochs? (see weft --help)
                    --epochs=3 train lenet5      | there is no option '--epochs'; do you mean weft train --epochs, weft bench --epochs? (see weft --help)
                    --plan x graph lenet5        | there is no option '--plan'; do you mean weft train --plan, weft listing --plan, weft check --plan, weft bench --plan? (see weft --help)
                    train lenet5 --epoch 3       | there is no option '--epoch'; do you mean --epochs? (see weft train --help)
                    train lenet5 --batc=3        | there is no option '--batc'; do you mean --batch? (see weft train --help)
                    bench compare --plan a b     | there is no option '--plan' (see weft bench compare --help)
                    cuda --yess                  | there is no option '--yess'; do you mean weft cuda fetch --yes? (see weft cuda --help)
                    --verson                     | there is no option '--verson'; do you mean --version
                    summary lenet5 mlp           | unexpected argument 'mlp' (see weft summary --help)
                    cuda fech                    | there is no command 'fech'; there are fetch (see weft cuda --help)
                    """)
    void whatIsNotUnderstoodIsToldWithWhatMayBeMeant(String arguments, String message) {
        assertThat(weft(arguments.split(" "))).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err).startsWith("weft: " + message).hasLineCount(1);
        assertThat(out).isEmpty();
    }

    // summary, graph, listing

    @Test
    void summaryOfLenet5() {
        assertThat(weft("summary", "lenet5")).as(err).isZero();
        assertThat(out.lines().map(String::strip))
                .anyMatch(line ->
                        line.matches("conv2 +conv2d 5x5 stride 1, add_bias +\\[16,10,10] +2,416 +9,664 +240,000"))
                .anyMatch(line -> line.matches("relu4 +activation relu +\\[84]"))
                .last()
                .asString()
                .matches("total +61,706 +246,824 +416,520");
    }

    @Test
    void graphAsTextAndForGraphviz() {
        assertThat(weft("graph", "lenet5")).as(err).isZero();
        assertThat(out).containsPattern("pool1 +\\[6,14,14] +relu1\\R");

        assertThat(weft("graph", "lenet5", "--dot")).as(err).isZero();
        assertThat(out).startsWith("digraph network {").contains("\"relu1\" -> \"pool1\" [label=\" [6,28,28]\"];");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void listingOfLenet5(String backend) {
        assertThat(weft("listing", "lenet5", "--backend", backend, "--batch", "2", "--optimizer", "sgd"))
                .as(err)
                .isZero();
        assertThat(out)
                .startsWith("lenet5, training step of batch 2 with sgd")
                .contains(backend + ": ")
                .containsPattern("conv1 +conv2d 5x5 stride 1 pad 2 +conv1.product\\[2,6,28,28] +[\\d,]+ +470,400\\R")
                .containsPattern(" forward +22 ops +[\\d,]+ +1,666,080\\R")
                .containsPattern(" backward +24 ops +[\\d,]+ +2,861,760\\R")
                .containsPattern(" update +\\d+ ops ")
                .containsPattern(" total +\\d+ ops in \\d+ kernels ")
                .containsPattern("arena [\\d,]+ bytes; parameters [\\d,]+, gradients [\\d,]+, optimizer state 0 bytes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "summary resnet              | there is no network 'resnet'; there are lenet5, mlp",
                "graph                       | name one network: NETWORK (lenet5 or mlp or lstm-rows), --network FILE.json or --from FILE",
                "listing mlp --backend abacus | there is no backend 'abacus'; there are auto, ",
                "listing mlp --batch 0       | --batch must be at least 1, got 0"
            })
    void wrongUsage(String arguments, String message) {
        assertThat(weft(arguments.split(" "))).isEqualTo(2);
        assertThat(err.lines()).singleElement().asString().startsWith("weft: ").contains(message);
    }

    // info, data, completion

    @Test
    void doctorNamesTheCauseAndItsExitCodeIsThatOfTheGpu() {
        Assumptions.assumeFalse(
                Files.exists(Path.of("/proc/driver/nvidia/version")),
                "SKIPPED: this machine has an NVIDIA driver, so its absence cannot be tested");
        assertThat(weft("doctor")).isEqualTo(1);
        assertThat(out)
                .contains("no  driver and device: there is no CUDA driver (libcuda.so.1)")
                .contains("nvidia-smi")
                .endsWith("Training on the GPU will not work; the CPU will be used.\n");
    }

    @Test
    void cudaFetchShowsLicenceAndSizesAndDoesNothingUnlessToldSo() {
        assertThat(weft("cuda", "fetch")).as(err).isEqualTo(1);
        assertThat(out)
                .contains("libcublasLt.so.12", "1,466,612,560 bytes  in all", "2,026,748,503 bytes", "EULA")
                .endsWith("Nothing was done. If you agree, add --yes.\n");
        assertThat(weft("cuda", "fetch", "--from", "any.jar")).as(err).isEqualTo(1);
        assertThat(out).doesNotContain("Maven").contains("EULA", "Nothing was done");
    }

    @Test
    void cudaFetchAsksOnATerminal() {
        InputStream before = System.in;
        try {
            for (String no : List.of("\n", "n\n", "")) {
                System.setIn(new ByteArrayInputStream(no.getBytes(StandardCharsets.UTF_8)));
                assertThat(weft(new Terminal(true, false), "cuda", "fetch", "--from", "no-such.jar"))
                        .isEqualTo(1);
                assertThat(out).contains("Go ahead? [y/N] ").endsWith("Nothing was done.\n");
                assertThat(err).isEmpty();
            }
            System.setIn(new ByteArrayInputStream("y\n".getBytes(StandardCharsets.UTF_8)));
            assertThat(weft(new Terminal(true, false), "cuda", "fetch", "--from", "no-such.jar"))
                    .isEqualTo(1);
            assertThat(err).startsWith("weft: there is no file no-such.jar; it should be org.bytedeco:cuda:");
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void kernelsThatTheBackendDoesNotHaveAreRefusedWithThoseThatItHas() {
        for (String command : List.of("listing", "check", "train")) {
            assertThat(weft(command, "mlp", backendOption(command), "cpu", "--kernels", "cudnn"))
                    .isEqualTo(1);
            assertThat(err).contains("backend cpu has no kernels 'cudnn'; there are vector, scalar");
        }
        assertThat(weft("listing", "mlp", "--backend", "reference", "--kernels", "vector"))
                .isEqualTo(1);
        assertThat(err).contains("backend reference has no kernels 'vector'; there are none to choose from");
        assertThat(weft("bench", "gemm", "--backends", "cpu", "--kernels", "cudnn"))
                .isEqualTo(2);
        assertThat(err).contains("none of the backends has kernels cudnn").contains("; cpu has vector, scalar");
        assertThat(weft("listing", "mlp", "--backend", "cpu", "--kernels", "scalar"))
                .as(err)
                .isZero();
        assertThat(out).contains("scalar");
    }

    private static String backendOption(String command) {
        return command.equals("check") ? "--backends" : "--backend";
    }

    @Test
    void kernelsOfTheGpuAreRefusedWithTheReasonWhyItIsNotUsed(@TempDir Path folder) {
        Assumptions.assumeFalse(
                Files.exists(Path.of("/proc/driver/nvidia/version")),
                "SKIPPED: this machine has an NVIDIA driver, so its absence cannot be tested");
        assertThat(weft("train", "mlp", "--kernels", "cudnn")).isEqualTo(1);
        String reason = "cuda is not usable: there is no CUDA driver (libcuda.so.1); install NVIDIA's driver";
        assertThat(err)
                .contains("backend cpu has no kernels 'cudnn'; there are vector, scalar")
                .contains(reason);
        assertThat(weft("bench", "gemm", "--kernels", "cudnn")).isEqualTo(2);
        assertThat(err).contains(reason);
        assertThat(weft("tune", "mlp", "--out", folder.resolve("plan.json").toString()))
                .isEqualTo(1);
        assertThat(err).contains(reason);
    }

    @Test
    void flagsOfKernelsThatCouldHaveNoEffectAreRefused() {
        for (String command : List.of("listing", "check", "bench", "train")) {
            String what = command.equals("bench") ? "gemm" : "mlp";
            assertThat(weft(command, what, "--kernels", "tuned")).isEqualTo(2);
            assertThat(err).contains("--kernels tuned needs --plan");
            assertThat(weft(command, what, "--kernels", "hand", "--plan", "x")).isEqualTo(2);
            assertThat(err).contains("no others take one");
            assertThat(weft(command, what, "--tf32")).isEqualTo(2);
            assertThat(err).contains("--tf32 is for --kernels cublas, cudnn, tuned");
            assertThat(weft(command, what, "--kernels", "cublas", "--nondeterministic"))
                    .isEqualTo(2);
            assertThat(err).contains("--nondeterministic is for --kernels cudnn, tuned");
        }
    }

    @Test
    void infoTellsMachineAndBackends() {
        assertThat(weft("info")).as(err).isZero();
        assertThat(out)
                .containsPattern("JDK +" + Pattern.quote(Machine.jdk()))
                .containsPattern("Vector API +\\d+ bit\\R")
                .containsPattern("cache +" + DataFetcher.defaultCache())
                .containsPattern("cuda +(yes|no) +\\S+")
                .containsPattern("cpu +yes +float, \\d+ threads?, Vector API")
                .containsPattern("auto +takes (cuda|cpu)\\R");
    }

    /** In a JVM of its own, since the cache's place is told by the environment. */
    @Test
    void dataListsAndVerifies(@TempDir Path cache) throws Exception {
        WeftProcess empty = new WeftProcess(List.of(), "data").environment("XDG_CACHE_HOME", cache.toString());
        assertThat(empty.run()).as(empty.err()).isZero();
        assertThat(empty.out()).contains("mnist: not in " + cache.resolve("weft/mnist"));

        IdxFiles.writeMnist(cache.resolve("weft/mnist"), 20);
        Files.delete(cache.resolve("weft/mnist/t10k-labels-idx1-ubyte"));
        WeftProcess corrupt = new WeftProcess(List.of(), "data").environment("XDG_CACHE_HOME", cache.toString());
        assertThat(corrupt.run()).as(corrupt.err()).isEqualTo(1);
        assertThat(corrupt.out())
                .containsPattern("train-images-idx3-ubyte +15,696 bytes +corrupt\\R")
                .containsPattern("t10k-labels-idx1-ubyte +0 bytes +missing\\R")
                .containsPattern("total +31,420 bytes\\R")
                .contains("is not the published train-images-idx3-ubyte: 15,696 bytes with SHA-256 ");
    }

    @Test
    void completionIsAScriptThatBashAccepts() throws IOException, InterruptedException {
        assertThat(weft("completion")).as(err).isZero();
        assertThat(out).contains("complete -F _complete_weft", "fashion-mnist", "lenet5", "listing", "nesterov");

        Process bash;
        try {
            bash = new ProcessBuilder("bash", "-c", """
                    source /dev/stdin
                    COMP_WORDS=(weft train lenet5 --dataset f) COMP_CWORD=4
                    _complete_weft
                    echo "completed: ${COMPREPLY[*]}"
                    COMP_WORDS=(weft su) COMP_CWORD=1
                    _complete_weft
                    echo "completed: ${COMPREPLY[*]}"
                    """)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            LOG.error("SKIPPED: the completion was not tried, since there is no bash");
            Assumptions.abort("no bash");
            return;
        }
        bash.getOutputStream().write(out.getBytes(StandardCharsets.UTF_8));
        bash.getOutputStream().close();
        String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(answer).contains("completed: fashion-mnist", "completed: summary");
    }

    // colours

    @Test
    void coloursAreForTerminalsWithoutNoColor() {
        Terminal plain = Terminal.of(false, null);
        Terminal colored = Terminal.of(true, null);
        assertThat(colored.colors()).isTrue();
        assertThat(Terminal.of(true, "").colors())
                .as("an empty NO_COLOR counts as none")
                .isTrue();
        assertThat(Terminal.of(true, "0")).isEqualTo(new Terminal(true, false));
        assertThat(plain.red("x")).isEqualTo("x");
        assertThat(colored.red("x")).isEqualTo(ESCAPE + "[31mx" + ESCAPE + "[0m");

        for (String[] arguments :
                List.of(new String[] {"--help"}, new String[] {"info"}, new String[] {"no-command"})) {
            weft(plain, arguments);
            assertThat(out + err).doesNotContain(ESCAPE);
            weft(Terminal.of(true, "1"), arguments);
            assertThat(out + err).doesNotContain(ESCAPE);
            weft(colored, arguments);
            assertThat(out + err).as(arguments[0]).contains(ESCAPE);
        }
    }

    @Test
    void coloursDoNotShiftTheColumnsOfATable() {
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text);
        Terminal colored = Terminal.of(true, null);
        new TextTable()
                .left("a")
                .right("b")
                .left("")
                .row(colored.green("ok"), 1234L, "x")
                .line()
                .row("corrupt", 5L, "y")
                .print(writer);
        writer.flush();
        assertThat(text.toString().replaceAll(ESCAPE + "\\[[0-9;]*m", "").lines())
                .containsExactly("a            b", "ok       1,234  x", "-----------------", "corrupt      5  y");
    }

    @Test
    void everyOptionWithFewValuesCompletes() {
        CommandLine train = Weft.commandLine(Mnist::load).getSubcommands().get("train");
        for (String option : List.of("--backend", "--optimizer", "--schedule", "--dataset", "--activation", "--loss")) {
            assertThat(train.getCommandSpec().findOption(option).completionCandidates())
                    .as(option)
                    .isNotEmpty();
        }
    }
}
