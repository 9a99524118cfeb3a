package dev.weft.samples;

import dev.weft.backend.Kernels;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --kernels} and its flags: which of its kernels a backend takes. */
final class KernelOptions extends KernelFlags {
    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            defaultValue = Kernels.OWN_CHOICE,
            description = "For cuda: hand, Weft's own kernels; cublas or cudnn, NVIDIA's where they have the op; tuned,"
                    + " those of --plan. For cpu: vector or scalar. Default: the backend's own choice, hand or vector.")
    private String name;

    Kernels kernels() {
        return of(List.of(name)).get(0);
    }
}
