package dev.weft.samples;

import dev.weft.backend.Kernels;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --kernels}, {@code --plan}, {@code --tf32}: which kernels a GPU takes. */
final class KernelOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            defaultValue = "hand",
            description = "Kernels on a GPU: hand, Weft's own; cublas or cudnn, NVIDIA's where they have the op; tuned,"
                    + " those of --plan. Default: ${DEFAULT-VALUE}.")
    private String source;

    @Option(names = "--plan", paramLabel = "FILE", description = "What weft tune has written, for --kernels tuned.")
    private Path plan;

    @Option(
            names = "--tf32",
            description = "Let cuBLAS and cuDNN round the factors of products to TF32: faster, less exact.")
    private boolean tf32;

    Kernels kernels() {
        for (Kernels.Source value : Kernels.Source.values()) {
            if (value.toString().equals(source)) {
                try {
                    return new Kernels(value, plan, tf32);
                } catch (IllegalArgumentException e) {
                    throw new ParameterException(
                            spec.commandLine(), e.getMessage() + "; see --kernels, --plan and --tf32");
                }
            }
        }
        throw new ParameterException(
                spec.commandLine(), "--kernels is hand, cublas, cudnn or tuned, got '" + source + "'");
    }

    Path plan() {
        return plan;
    }
}
