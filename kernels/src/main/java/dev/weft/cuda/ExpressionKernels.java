package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Launches of the kernels that {@link PtxWriter} writes. */
final class ExpressionKernels {
    private ExpressionKernels() {}

    static List<Launch> map(Op.Map op, Binding binding) {
        List<PtxWriter.Operand> operands = operands(op);
        int n = op.y().elements();
        TensorRef[] byFours = IntStream.range(0, operands.size())
                .filter(k -> operands.get(k).broadcast().whole())
                .mapToObj(k -> op.x().get(k))
                .toArray(TensorRef[]::new);
        int quads = Math.min(ElementWiseKernels.quads(n, byFours), ElementWiseKernels.quads(n, op.y()));
        List<Object> arguments = new ArrayList<>(List.of(n, quads));
        arguments.addAll(op.x());
        arguments.add(op.y());
        operands.forEach(operand -> arguments.addAll(operand.broadcast().divisors()));
        String kernel = kernel("map", op.function().name());
        String text = PtxWriter.map(kernel, op.function().code(), operands);
        return List.of(binding.written(kernel, text, ElementWiseKernels.threads(n, quads), arguments.toArray()));
    }

    static List<PtxWriter.Operand> operands(Op.Map op) {
        return IntStream.range(0, op.x().size())
                .mapToObj(k -> new PtxWriter.Operand(
                        op.x().get(k).type(),
                        Broadcast.of(op.y().shape(), op.axes().get(k))))
                .toList();
    }

    static List<Launch> update(Op.RuleUpdate op, Binding binding) {
        List<TensorRef> operands =
                Stream.concat(Stream.of(op.w(), op.dw()), op.state().stream()).toList();
        int n = op.w().elements();
        int quads = ElementWiseKernels.quads(n, operands.toArray(TensorRef[]::new));
        List<Object> arguments = new ArrayList<>(List.of(n, quads, Binding.STATE, new Binding.Rates(op.optimizer())));
        arguments.addAll(operands);
        String kernel = kernel("rule", op.rule());
        String text = PtxWriter.rule(kernel, op.code());
        return List.of(binding.written(kernel, text, ElementWiseKernels.threads(n, quads), arguments.toArray()));
    }

    /** A name that PTX allows: {@code map_gelu_gradient}. */
    private static String kernel(String kind, String name) {
        return kind + "_" + name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    }
}
