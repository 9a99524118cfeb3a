package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Launches of the kernels that {@link RecurrenceWriter} writes, and of {@code sequence.cu}. */
final class RecurrenceKernels {
    private RecurrenceKernels() {}

    /** The weights are transposed first, so that the threads of a warp read a line of them. */
    static List<Launch> forward(Op.Recurrence op, Binding binding) {
        List<Launch> launches = new ArrayList<>();
        List<Object> transposed = new ArrayList<>();
        for (TensorRef w : op.w()) {
            Object to = binding.scratch(4L * w.elements());
            transposed.add(to);
            int rows = w.shape().get(0);
            launches.add(binding.elementWise("sequence", "transpose", w.elements(), rows, op.units(), w, to));
        }
        launches.add(launch(
                RecurrenceWriter.forward("recurrence_forward", op, transposed, binding::scratch),
                op.y().shape().get(0),
                op.units(),
                binding));
        return launches;
    }

    static List<Launch> backward(Op.RecurrenceBackward op, Binding binding) {
        return List.of(launch(
                RecurrenceWriter.backward("recurrence_backward", op, binding::scratch),
                op.dx().shape().get(0),
                op.units(),
                binding));
    }

    private static Launch launch(RecurrenceWriter.Written written, int rows, int units, Binding binding) {
        int block = Math.min(RecurrenceWriter.MOST_THREADS, (units + 31) / 32 * 32);
        return binding.written(
                written.kernel(),
                written.text(),
                Grid.of(rows),
                block,
                written.sharedBytes(),
                written.arguments().toArray());
    }

    static List<Launch> embedding(Op.Embedding op, Binding binding) {
        int n = op.index().elements();
        int rows = op.table().shape().get(0);
        int width = op.table().shape().last();
        return List.of(binding.elementWise(
                "sequence",
                "embedding",
                op.y().elements(),
                n,
                rows,
                width,
                op.padding(),
                op.table(),
                op.index(),
                op.y()));
    }

    static List<Launch> embeddingGradient(Op.EmbeddingGradient op, Binding binding) {
        int n = op.index().elements();
        int rows = op.dtable().shape().get(0);
        int width = op.dtable().shape().last();
        return List.of(binding.elementWise(
                "sequence",
                "embedding_gradient",
                op.dtable().elements(),
                n,
                rows,
                width,
                op.padding(),
                op.index(),
                op.dy(),
                op.dtable()));
    }

    static List<Launch> mask(Op.SequenceMask op, Binding binding) {
        int n = op.y().elements();
        int steps = op.y().shape().get(1);
        return List.of(binding.elementWise("sequence", "sequence_mask", n, n, steps, op.lengths(), op.y()));
    }
}
