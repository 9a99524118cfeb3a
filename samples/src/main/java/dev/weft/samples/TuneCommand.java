package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import dev.weft.backend.Tunable;
import dev.weft.io.OutputFile;
import dev.weft.program.BoundStep;
import dev.weft.program.Program;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft tune}: finds the fastest kernels for a network on this machine's GPU. */
@Command(
        name = "tune",
        description =
                "Times every kernel for the training step of a network on the GPU, those of cuBLAS and cuDNN included"
                        + " where they are installed, and writes a plan of the fastest.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft tune lenet5 --batch 128 --out lenet5.plan.json",
            "  weft train lenet5 --kernels tuned --plan lenet5.plan.json"
        })
final class TuneCommand implements Callable<Integer> {
    /** Characters that are shown of the ops that a kernel executes at once. */
    private static final int MAX_OPS = 100;

    @Spec
    private CommandSpec spec;

    @Mixin
    private NetworkArgument argument;

    @Option(names = "--batch", paramLabel = "N", description = "Images of a training step. Default: the network's.")
    private Integer batch;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            description = "Where to write the plan, for --kernels tuned --plan FILE.")
    private Path out;

    @Option(
            names = "--tf32",
            description = "Time cuBLAS and cuDNN with factors of products rounded to TF32: faster, less exact. The plan"
                    + " then needs --tf32 where it is used.")
    private boolean tf32;

    @Option(
            names = "--nondeterministic",
            description = "Time cuDNN's nondeterministic algorithms, too. A plan that takes one needs"
                    + " --nondeterministic where it is used.")
    private boolean nondeterministic;

    @Override
    public Integer call() {
        Network network = argument.network();
        int rows = batch == null ? network.batch() : batch;
        if (rows < 1) {
            throw new ParameterException(spec.commandLine(), "--batch must be at least 1, got " + rows);
        }
        OutputFile.check(out);
        Kernels kernels = new Kernels(Kernels.OWN_CHOICE, null, tf32, nondeterministic);
        try (Backend backend = Backends.open("cuda", BackendOptions.defaults().with(kernels))) {
            PrintWriter stdout = spec.commandLine().getOut();
            stdout.printf("%s, training step of batch %d with %s%n", network.name(), rows, network.optimizer());
            stdout.println(backend.description());
            if (backend.emulated()) {
                stdout.println("The device is emulated: these times say nothing about a GPU.");
            }
            if (tf32) {
                stdout.println("cuBLAS and cuDNN round the factors of products to TF32.");
            }
            try (BoundStep step = TrainingStep.bind(network, network.optimizer(), rows, backend)) {
                List<Program> programs = List.of(step.step().program());
                print(((Tunable) backend).tune(programs, step.memories(), out), stdout);
            }
            stdout.printf(
                    "written to %s; use it with --kernels tuned --plan %s%s%s%n",
                    out, out, tf32 ? " --tf32" : "", nondeterministic ? " --nondeterministic" : "");
            stdout.flush();
        }
        return 0;
    }

    /** Rows without ops are about those of the row above. */
    private static void print(List<Tunable.Timing> timings, PrintWriter out) {
        TextTable table = new TextTable()
                .left("taken")
                .right("microseconds")
                .left("kernel")
                .left("ops");
        String ops = "";
        for (Tunable.Timing timing : timings) {
            table.row(
                    timing.taken() ? "*" : "",
                    "%.1f".formatted(timing.microseconds()),
                    timing.candidate(),
                    timing.ops().equals(ops) ? "" : shorten(timing.ops()));
            ops = timing.ops();
        }
        table.print(out);
    }

    private static String shorten(String ops) {
        return ops.length() <= MAX_OPS ? ops : ops.substring(0, MAX_OPS - 3) + "...";
    }
}
