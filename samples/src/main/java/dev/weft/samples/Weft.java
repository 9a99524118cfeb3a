package dev.weft.samples;

import dev.weft.WeftException;
import dev.weft.data.Mnist;
import dev.weft.layer.Activations;
import dev.weft.layer.Cells;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Function;
import dev.weft.samples.bench.BenchCommand;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code weft} command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 129, 130 and 143 ended by a signal. A failure is one line on the standard error;
 * {@code --stacktrace} adds where it came from.
 */
@Command(
        name = "weft",
        description = "Trains neural networks on the JVM, on a GPU or the CPU.",
        mixinStandardHelpOptions = true,
        versionProvider = Weft.Version.class,
        usageHelpAutoWidth = true,
        synopsisSubcommandLabel = "COMMAND",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = {
            "  weft train lenet5",
            "  weft predict --model runs/best/model.safetensors digit.png",
            "",
            "weft COMMAND --help tells more about a command.",
            "Exit codes: 0 done, 1 failed, 2 wrong usage,",
            "            130 ended by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP."
        })
public final class Weft implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "Show where an error came from.")
    private boolean stacktrace;

    private final Terminal terminal;

    private Weft(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        // numbers look the same everywhere
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        // pictures are written to files; no window is ever opened
        System.setProperty("java.awt.headless", "true");
        useTerminalForErrors();
        int code;
        // an error is told before the JVM ends, too
        try (Interruption interruption = new Interruption().holdTheEnd()) {
            StandardOutput out = new StandardOutput();
            CommandLine commandLine =
                    commandLine(Mnist::load, Terminal.current(), interruption).setOut(out.writer());
            code = out.exitCode(commandLine.execute(arguments), commandLine.getErr());
        }
        System.exit(code);
    }

    /** The launcher filters what the JVM itself says, and names the file that takes messages to the terminal. */
    private static void useTerminalForErrors() {
        String terminal = System.getProperty("weft.stderr");
        if (terminal != null) {
            try {
                System.setErr(new PrintStream(
                        new FileOutputStream(terminal), true, Charset.forName(System.getProperty("native.encoding"))));
            } catch (IOException e) {
                // not ours to open: the filter lets messages through as well
            }
        }
    }

    static CommandLine commandLine(MnistLoader loader) {
        return commandLine(loader, Terminal.current(), new Interruption());
    }

    static CommandLine commandLine(MnistLoader loader, Terminal terminal, Interruption interruption) {
        Weft weft = new Weft(terminal);
        return new CommandLine(weft)
                .addSubcommand(new TrainCommand(loader, interruption))
                .addSubcommand(new PredictCommand(terminal))
                .addSubcommand(new DataCommand(terminal))
                .addSubcommand(new SummaryCommand())
                .addSubcommand(new ListingCommand())
                .addSubcommand(new TuneCommand())
                .addSubcommand(new GraphCommand())
                .addSubcommand(new CheckCommand())
                .addSubcommand(new BenchCommand(terminal))
                .addSubcommand(new InfoCommand(terminal))
                .addSubcommand(new DoctorCommand(terminal))
                .addSubcommand(new CommandLine(new CudaCommand()).addSubcommand(new CudaCommand.Fetch(terminal)))
                .addSubcommand(new CompletionCommand())
                .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.ansi()))
                .registerConverter(DatasetName.class, name -> find(name, DatasetName.values()))
                .registerConverter(OptimizerName.class, text -> read(OptimizerName::of, text))
                .registerConverter(ScheduleName.class, text -> read(ScheduleName::of, text))
                .registerConverter(LossName.class, text -> read(LossName::of, text))
                .registerConverter(Function.class, text -> read(Activations::of, text))
                .registerConverter(Cell.class, text -> read(Cells::of, text))
                .setExecutionStrategy(weft::run)
                .setParameterExceptionHandler((e, arguments) -> weft.usageError(e))
                .setExecutionExceptionHandler((e, command, result) -> weft.failure(e, command));
    }

    private static <T> T read(java.util.function.Function<String, T> reader, String text) {
        try {
            return reader.apply(text);
        } catch (WeftException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** The value that prints as {@code name}. */
    private static <T> T find(String name, T[] values) {
        for (T value : values) {
            if (value.toString().equals(name)) {
                return value;
            }
        }
        throw new TypeConversionException("there is no '%s'; there are %s"
                .formatted(name, Stream.of(values).map(String::valueOf).collect(Collectors.joining(", "))));
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return CommandLine.ExitCode.USAGE;
    }

    /** Runs a command; where memory runs out, the user can do something about it. */
    private int run(ParseResult parsed) {
        try {
            return new RunLast().execute(parsed);
        } catch (OutOfMemoryError e) {
            CommandLine command =
                    parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
            boolean batches = command.getCommandSpec().findOption("--batch") != null;
            throw new ExecutionException(
                    command,
                    e.getMessage(),
                    new WeftException(
                            "out of memory: %s, with a Java heap of %,d MB. Take %smore heap: WEFT_JAVA_OPTS=-Xmx8g"
                                    .formatted(
                                            e.getMessage(),
                                            Runtime.getRuntime().maxMemory() >> 20,
                                            batches ? "a smaller --batch, or " : ""),
                            e));
        }
    }

    private int usageError(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String message = e instanceof UnmatchedArgumentException unmatched ? unmatched(unmatched) : e.getMessage();
        print(command, message + " (see " + command.getCommandSpec().qualifiedName() + " --help)", e);
        return CommandLine.ExitCode.USAGE;
    }

    /** What was not understood, and what may have been meant: for an option also one of the commands below. */
    private static String unmatched(UnmatchedArgumentException e) {
        CommandLine command = e.getCommandLine();
        String argument = e.getUnmatched().get(0);
        if (!argument.startsWith("-")) {
            return command.getSubcommands().isEmpty()
                    ? "unexpected argument '%s'".formatted(argument)
                    : "there is no command '%s'; there are %s"
                            .formatted(
                                    argument,
                                    String.join(", ", command.getSubcommands().keySet()));
        }
        String option = argument.replaceFirst("=.*", "");
        // by the number of letters that they have in common with it
        SortedMap<Integer, List<String>> alike = new TreeMap<>();
        suggest(option, command, "", alike);
        command.getSubcommands()
                .values()
                .forEach(below -> suggest(option, below, below.getCommandSpec().qualifiedName() + " ", alike));
        return "there is no option '%s'%s"
                .formatted(
                        option,
                        alike.isEmpty() ? "" : "; do you mean " + String.join(", ", alike.get(alike.lastKey())) + "?");
    }

    private static void suggest(
            String option, CommandLine command, String prefix, SortedMap<Integer, List<String>> alike) {
        for (String name : new UnmatchedArgumentException(command, List.of(option)).getSuggestions()) {
            int common = 0;
            while (common < Math.min(name.length(), option.length()) && name.charAt(common) == option.charAt(common)) {
                common++;
            }
            alike.computeIfAbsent(common, key -> new ArrayList<>()).add(prefix + name);
        }
    }

    private int failure(Exception e, CommandLine command) {
        // which is of bounded length
        WeftException known = e instanceof WeftException w ? w : new WeftException("internal error: " + e);
        String message = known.getMessage();
        print(command, message, e);
        return CommandLine.ExitCode.SOFTWARE;
    }

    private void print(CommandLine command, String message, Exception e) {
        PrintWriter err = command.getErr();
        err.println(terminal.red("weft:") + " " + message.replaceAll("\\s*\\R\\s*", " "));
        if (stacktrace) {
            e.printStackTrace(err);
        }
        err.flush();
    }

    /** Tells Weft's version, and what it runs on. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"weft " + Machine.weft() + ", JDK " + Machine.jdk() + ", " + Machine.os()};
        }
    }
}
