package dev.weft.cuda;

import dev.weft.op.Op;
import java.util.List;

/** Launches of {@code random.cu}: a thread for every four elements. */
final class RandomKernels {
    private RandomKernels() {}

    static List<Launch> uniform(Op.RandomUniform op, Binding binding) {
        int n = op.y().elements();
        return List.of(binding.elementWise(
                "random",
                "random_uniform",
                (n + 3L) / 4,
                n,
                ElementWiseKernels.quads(n, op.y()),
                (float) op.low(),
                (float) (op.high() - op.low()),
                op.seed(),
                op.stream(),
                Binding.STATE,
                op.y()));
    }

    static List<Launch> normal(Op.RandomNormal op, Binding binding) {
        int n = op.y().elements();
        return List.of(binding.elementWise(
                "random",
                "random_normal",
                (n + 3L) / 4,
                n,
                ElementWiseKernels.quads(n, op.y()),
                (float) op.mean(),
                (float) op.deviation(),
                op.seed(),
                op.stream(),
                Binding.STATE,
                op.y()));
    }

    static List<Launch> bernoulli(Op.Bernoulli op, Binding binding) {
        int n = op.y().elements();
        return List.of(binding.elementWise(
                "random",
                "bernoulli",
                (n + 3L) / 4,
                n,
                ElementWiseKernels.quads(n, op.p(), op.y()),
                op.seed(),
                op.stream(),
                Binding.STATE,
                op.p(),
                op.y()));
    }
}
