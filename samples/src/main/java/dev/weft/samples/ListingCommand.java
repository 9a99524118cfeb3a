package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Executable;
import dev.weft.op.Op;
import dev.weft.program.BoundStep;
import dev.weft.program.Cost;
import dev.weft.program.Listing;
import dev.weft.program.Program;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft listing}: the compiled training step of a network, as a backend executes it. */
@Command(
        name = "listing",
        description =
                "Shows the compiled training step of a network: every op with shapes, bytes and flops, and what the"
                        + " backend fuses.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft listing lenet5 --backend cpu",
            "",
            "An op without a number runs in one kernel with those above it. Bytes are what an"
                    + " op reads and writes at least, with four for each float; flops are those of"
                    + " matrix products and convolutions."
        })
final class ListingCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private NetworkArgument argument;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = BackendNames.AUTO,
            completionCandidates = BackendNames.class,
            description = "auto, cpu, reference or cuda. Default: auto.")
    private String backendName;

    @Mixin
    private KernelOptions kernelOptions;

    @Option(names = "--batch", paramLabel = "N", description = "Images of a training step. Default: the network's.")
    private Integer batch;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            completionCandidates = OptimizerName.Names.class,
            description = "As for weft train. Default: the network's.")
    private OptimizerName optimizer;

    @Override
    public Integer call() {
        Network network = argument.network();
        if (batch == null) {
            batch = network.batch();
        }
        if (batch < 1) {
            throw new ParameterException(spec.commandLine(), "--batch must be at least 1, got " + batch);
        }
        if (optimizer == null) {
            optimizer = network.optimizer();
        }
        if (optimizer.isLbfgs()) {
            throw new ParameterException(spec.commandLine(), "lbfgs has no training step; it takes whole batches");
        }
        try (Backend backend = BackendNames.open(
                spec.commandLine(), backendName, BackendOptions.defaults().with(kernelOptions.kernels()))) {
            list(network, backend);
        }
        return 0;
    }

    private void list(Network network, Backend backend) {
        try (BoundStep step = TrainingStep.bind(network, optimizer, batch, backend)) {
            Program program = step.step().program();
            List<Executable.Stage> stages = step.executable().stages();
            Listing listing = Listing.of(
                    program, stages.stream().map(Executable.Stage::ops).toList());
            PrintWriter out = spec.commandLine().getOut();
            out.printf("%s, training step of batch %d with %s%n", network.name(), batch, optimizer);
            out.println(backend.description());
            if (stages.stream().allMatch(stage -> stage.launches().isEmpty())) {
                print(listing, program, out);
            } else {
                printLaunches(listing, stages, program, out);
            }
            out.printf(
                    "arena %,d bytes; parameters %,d, gradients %,d, optimizer state %,d bytes%n",
                    step.executable().arenaBytes(),
                    step.bytes(Role.PARAMETER),
                    step.bytes(Role.GRADIENT),
                    step.bytes(Role.OPTIMIZER));
            out.flush();
        }
    }

    /** With kernel, grid, block, registers and shared memory in the place of what an op writes. */
    private static void printLaunches(
            Listing listing, List<Executable.Stage> stages, Program program, PrintWriter out) {
        TextTable table = new TextTable()
                .right("#")
                .left("layer")
                .left("op")
                .left("kernel")
                .left("grid")
                .right("block")
                .right("registers")
                .right("shared")
                .right("bytes")
                .right("flops");
        int number = 0;
        int launches = 0;
        for (Program.Part part : Program.Part.values()) {
            List<Op> ops = new ArrayList<>();
            table.line();
            for (Listing.Kernel kernel : listing.kernels(part)) {
                List<Executable.KernelLaunch> launched = stages.get(number).launches();
                addRows(table, number++, kernel.ops(), launched);
                ops.addAll(kernel.ops());
                launches += launched.size();
            }
            Cost cost = Cost.of(ops);
            String name = part.name().toLowerCase(Locale.ROOT);
            table.row("", name, ops.size() + " ops", "", "", "", "", "", bytes(cost), cost.flops());
        }
        Cost cost = Cost.of(program.ops());
        table.line();
        String ops = program.ops().size() + " ops";
        table.row("", "total", ops, launches + " launches", "", "", "", "", bytes(cost), cost.flops());
        table.print(out);
        out.println();
    }

    /** Ops that run at once beside their launches, each list from the top. */
    private static void addRows(TextTable table, int number, List<Op> ops, List<Executable.KernelLaunch> launches) {
        for (int i = 0; i < Math.max(ops.size(), launches.size()); i++) {
            Op op = i < ops.size() ? ops.get(i) : null;
            Executable.KernelLaunch launch = i < launches.size() ? launches.get(i) : null;
            table.row(
                    i == 0 ? String.valueOf(number) : "",
                    op == null ? "" : op.layer(),
                    op == null ? "" : Program.title(op),
                    launch == null ? "" : launch.kernel(),
                    launch == null ? "" : launch.library() ? "library" : launch.grid(),
                    launch == null || launch.library() ? "" : launch.block(),
                    launch == null || launch.library() ? "" : launch.registers(),
                    launch == null || launch.library() ? "" : launch.sharedBytes(),
                    op == null ? "" : bytes(Cost.of(op)),
                    op == null ? "" : flops(op));
        }
    }

    private static void print(Listing listing, Program program, PrintWriter out) {
        TextTable table = new TextTable()
                .right("#")
                .left("layer")
                .left("op")
                .left("writes")
                .right("bytes")
                .right("flops");
        int number = 0;
        for (Program.Part part : Program.Part.values()) {
            List<Op> ops = new ArrayList<>();
            table.line();
            for (Listing.Kernel kernel : listing.kernels(part)) {
                String shown = String.valueOf(number++);
                for (Op op : kernel.ops()) {
                    addRows(table, shown, op);
                    shown = "";
                }
                ops.addAll(kernel.ops());
            }
            Cost cost = Cost.of(ops);
            table.row("", part.name().toLowerCase(Locale.ROOT), ops.size() + " ops", "", bytes(cost), cost.flops());
        }
        Cost cost = Cost.of(program.ops());
        table.line();
        table.row("", "total", program.ops().size() + " ops in " + number + " kernels", "", bytes(cost), cost.flops());
        table.print(out);
        out.println();
    }

    /** A row for the op, and one more for each further tensor that it writes. */
    private static void addRows(TextTable table, String number, Op op) {
        List<TensorRef> outputs = op.outputs();
        Object first = outputs.isEmpty() ? "latch" : outputs.get(0);
        table.row(number, op.layer(), Program.title(op), first, bytes(Cost.of(op)), flops(op));
        for (TensorRef further : outputs.subList(Math.min(1, outputs.size()), outputs.size())) {
            table.row("", "", "", further, "", "");
        }
    }

    private static long bytes(Cost cost) {
        return cost.readBytes() + cost.writtenBytes();
    }

    /** Empty for ops without products. */
    private static Object flops(Op op) {
        long flops = Cost.of(op).flops();
        return flops == 0 ? "" : flops;
    }
}
