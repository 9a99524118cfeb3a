package dev.weft.samples;

import dev.weft.backend.Kernels;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --plan}, {@code --tf32} and {@code --nondeterministic}: what kernels that were named may take on a GPU. */
public class KernelFlags {
    private static final List<String> WITH_TF32 = List.of("cublas", "cudnn", Kernels.TUNED);
    private static final List<String> WITH_NONDETERMINISTIC = List.of("cudnn", Kernels.TUNED);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--plan", paramLabel = "FILE", description = "What weft tune has written, for --kernels tuned.")
    private Path plan;

    @Option(
            names = "--tf32",
            description = "Let cuBLAS and cuDNN round the factors of products to TF32: faster, less exact.")
    private boolean tf32;

    @Option(
            names = "--nondeterministic",
            description = "Let cuDNN take algorithms that give other bits in another run.")
    private boolean nondeterministic;

    /** Kernels of these names, in this order, with the flags for those that can have them. */
    public List<Kernels> of(List<String> names) {
        require(
                names.contains(Kernels.TUNED) == (plan != null),
                "--kernels tuned needs --plan, the file that weft tune has written, and no others take one");
        require(
                !tf32 || names.stream().anyMatch(WITH_TF32::contains),
                "--tf32 is for --kernels " + String.join(", ", WITH_TF32));
        require(
                !nondeterministic || names.stream().anyMatch(WITH_NONDETERMINISTIC::contains),
                "--nondeterministic is for --kernels " + String.join(", ", WITH_NONDETERMINISTIC));
        return names.stream().map(this::of).toList();
    }

    private Kernels of(String name) {
        return new Kernels(
                name,
                name.equals(Kernels.TUNED) ? plan : null,
                tf32 && WITH_TF32.contains(name),
                nondeterministic && WITH_NONDETERMINISTIC.contains(name));
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
