package dev.weft.samples;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import dev.weft.backend.Tunable;
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
        try (Backend backend = Backends.best(BackendOptions.defaults().with(kernels))) {
            if (!(backend instanceof Tunable tunable)) {
                throw new DeviceException(
                        "the backend %s has no kernels to choose from; weft doctor tells why no GPU is used"
                                .formatted(backend.name()));
            }
            try (TrainingStep step = new TrainingStep(network, network.optimizer(), rows, backend)) {
                print(tunable.tune(List.of(step.program()), step.memories(), out));
            }
        }
        return 0;
    }

    private void print(List<Tunable.Timing> timings) {
        PrintWriter stdout = spec.commandLine().getOut();
        TextTable table =
                new TextTable().left("").right("microseconds").left("kernel").left("ops");
        for (Tunable.Timing timing : timings) {
            table.row(
                    timing.taken() ? "*" : "",
                    "%.1f".formatted(timing.microseconds()),
                    timing.candidate(),
                    timing.ops());
        }
        table.print(stdout);
        stdout.printf("written to %s; use it with --kernels tuned --plan %s%n", out, out);
        stdout.flush();
    }
}
