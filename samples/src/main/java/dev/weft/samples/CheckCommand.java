package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.check.GradientCheck;
import dev.weft.check.GradientReport;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizer;
import dev.weft.program.MemoryMode;
import dev.weft.samples.bench.RandomData;
import dev.weft.train.Model;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft check}: backends against the reference, op by op, and gradients against finite differences. */
@Command(
        name = "check",
        description = "Checks that backends compute a training step of a network rightly: every output of every op,"
                + " forward and backward, against the reference in double.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        abbreviateSynopsis = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft check lenet5",
            "  weft check lenet5 --backends cpu,cuda --finite-differences",
            "",
            "Each op is judged alone: before it runs, it is given the reference's inputs. The scaled"
                    + " error is in units of unit roundoff times the sum of the absolute products; what each"
                    + " op is allowed stands in the last column. The exit code is 1 where anything differs."
        })
final class CheckCommand implements Callable<Integer> {
    private static final int FREE_STEPS = 10;
    /** Each evaluation of the loss is two forward passes of the reference for each element. */
    private static final int DIFFERENCE_ROWS = 4;

    @Spec
    private CommandSpec spec;

    @Mixin
    private NetworkArgument argument;

    @Option(
            names = "--backends",
            paramLabel = "NAME",
            split = ",",
            defaultValue = BackendNames.AUTO,
            completionCandidates = BackendNames.class,
            description = "Backends to check, separated by commas. Default: auto, the best one here.")
    private List<String> names;

    @Mixin
    private KernelOptions kernelOptions;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "Images of the step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides parameters and images, which are random. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--finite-differences",
            description = "Check the gradients numerically, too: central differences in double.")
    private boolean finiteDifferences;

    @Option(
            names = "--elements",
            paramLabel = "N",
            defaultValue = "10",
            description = "Elements of each parameter for --finite-differences. Default: ${DEFAULT-VALUE}.")
    private int elements;

    @Override
    public Integer call() {
        if (batch < 1 || elements < 1) {
            throw new ParameterException(spec.commandLine(), "--batch and --elements must be at least 1");
        }
        Network network = argument.network();
        BackendOptions options = BackendOptions.defaults().with(kernelOptions.kernels());
        PrintWriter out = spec.commandLine().getOut();
        boolean passed = true;
        try (Backend reference = Backends.open("reference");
                Model model = Model.create(network.graph(), reference, seed)) {
            for (String name : names) {
                try (Backend backend = BackendNames.open(spec.commandLine(), name, options)) {
                    passed &= compare(network, model, backend, out);
                }
            }
            if (finiteDifferences) {
                GradientReport report = GradientCheck.of(
                        model, Loss.softmaxCrossEntropy(), images(network.graph(), DIFFERENCE_ROWS), elements);
                out.println(report);
                passed &= report.passed();
            }
        }
        out.flush();
        return passed ? 0 : 1;
    }

    private Dataset images(Graph graph, int rows) {
        int classes = Math.toIntExact(graph.output().shape().elements());
        return RandomData.images(graph.input().shape(), classes, rows, seed);
    }

    private boolean compare(Network network, Model model, Backend backend, PrintWriter out) {
        Optimizer optimizer = network.optimizer().create(network.learningRate());
        out.printf("%s, training step of batch %d with %s%n", network.name(), batch, network.optimizer());
        out.println(backend.description());
        try (BackendCheck check = new BackendCheck(
                network.graph(),
                model.parameters(),
                Loss.softmaxCrossEntropy(),
                optimizer,
                images(network.graph(), batch),
                batch,
                seed,
                model.backend(),
                backend,
                MemoryMode.ARENA)) {
            CheckReport report = check.step(0);
            out.println(report);
            BackendCheck.FreeRun run = check.freeRun(FREE_STEPS);
            out.printf(
                    "%d steps, each side on its own: the loss goes from %.4f to %.4f and differs by at most %.1e of it%n%n",
                    FREE_STEPS, run.reference()[0], run.reference()[FREE_STEPS - 1], run.maxRelative());
            out.flush();
            return report.passed();
        }
    }
}
