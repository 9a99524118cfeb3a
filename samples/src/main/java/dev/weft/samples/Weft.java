package dev.weft.samples;

import dev.weft.WeftException;
import dev.weft.data.Mnist;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code weft} command line. Exit codes: 0 done, 1 failed, 2 wrong usage. A failure is one line on the standard error;
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
        footer = {"  weft train lenet5", "", "weft COMMAND --help tells more about a command."})
public final class Weft implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "Show where an error came from.")
    private boolean stacktrace;

    private Weft() {}

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        // numbers look the same everywhere
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        System.exit(commandLine(Mnist::load).execute(arguments));
    }

    static CommandLine commandLine(MnistLoader loader) {
        Weft weft = new Weft();
        return new CommandLine(weft)
                .addSubcommand(new TrainCommand(loader))
                .registerConverter(OptimizerName.class, name -> find(name, OptimizerName.values()))
                .registerConverter(ScheduleName.class, name -> find(name, ScheduleName.values()))
                .setParameterExceptionHandler((e, arguments) -> weft.usageError(e))
                .setExecutionExceptionHandler((e, command, result) -> weft.failure(e, command));
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

    private int usageError(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String message = e.getMessage();
        if (e instanceof UnmatchedArgumentException unmatched
                && !command.getSubcommands().isEmpty()) {
            message = "there is no command '%s'; there are %s"
                    .formatted(
                            unmatched.getUnmatched().get(0),
                            String.join(", ", command.getSubcommands().keySet()));
        }
        print(command, message + " (see " + command.getCommandSpec().qualifiedName() + " --help)", e);
        return CommandLine.ExitCode.USAGE;
    }

    private int failure(Exception e, CommandLine command) {
        String message = e instanceof WeftException ? e.getMessage() : "internal error: " + e;
        print(command, message, e);
        return CommandLine.ExitCode.SOFTWARE;
    }

    private void print(CommandLine command, String message, Exception e) {
        PrintWriter err = command.getErr();
        err.println("weft: " + message.replaceAll("\\s*\\R\\s*", " "));
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
