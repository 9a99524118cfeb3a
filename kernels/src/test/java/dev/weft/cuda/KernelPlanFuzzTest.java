package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.fuzz.Fuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Malformed kernel plans. */
class KernelPlanFuzzTest {
    @TempDir
    private Path folder;

    @Test
    void kernelPlans() throws IOException {
        KernelPlan plan = new KernelPlan(
                "some GPU",
                true,
                Map.of(
                        "MatMul [64,10] [10,5] -> [64,5]",
                        new KernelPlan.Choice("gemm_tiled", Map.of("gemm_tiled", 12.5, "cublas", 30.0)),
                        "Relu [64] -> [64]",
                        new KernelPlan.Choice("relu", Map.of("relu", 1.0))));
        Path file = folder.resolve("plan.json");
        plan.write(file);
        Fuzz.run(
                "kernel-plan",
                folder,
                mutant -> {
                    KernelPlan read = KernelPlan.read(mutant);
                    assertThat(read.digest())
                            .as("what is chosen is what was written")
                            .isEqualTo(plan.digest());
                },
                Files.readAllBytes(file));
    }
}
