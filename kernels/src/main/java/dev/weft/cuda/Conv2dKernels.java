package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Launches of {@code conv2d.cu} and {@code conv2d_general.cu}. */
final class Conv2dKernels {
    private static final String MODULE = "conv2d";
    private static final String GENERAL = "conv2d_general";

    /** Threads of a block of the general kernels, and filters or channels of a thread. */
    private static final int GENERAL_BLOCK = 256;

    private static final int GENERAL_FILTERS = 4;

    /** Partial sums of the general filter gradient. */
    private static final int GENERAL_SLOTS = 64;

    private Conv2dKernels() {}

    static List<Launch> forwardGeneral(Op.Conv2d op, Binding binding) {
        return List.of(general(
                binding,
                "conv2d_general",
                op.y(),
                geometry(op.x(), op.w(), op.window(), op.y()),
                op.x(),
                op.w(),
                Binding.NULL,
                -1,
                op.y()));
    }

    static List<Launch> inputGradientGeneral(Op.Conv2dInputGradient op, Binding binding) {
        return List.of(general(
                binding,
                "conv2d_input_gradient_general",
                op.dx(),
                geometry(op.dx(), op.w(), op.window(), op.dy()),
                op.dy(),
                op.w(),
                op.dx()));
    }

    /** A launch with a thread for each position of {@code y} and four of its channels. */
    private static Launch general(Binding binding, String kernel, TensorRef y, Object[] geometry, Object... arguments) {
        int positions = y.elements() / y.shape().get(1);
        Grid grid = Grid.of(
                ceil(positions, GENERAL_BLOCK),
                Math.min(Grid.MAX_YZ, ceil(y.shape().get(1), GENERAL_FILTERS)));
        return binding.launch(GENERAL, kernel, grid, GENERAL_BLOCK, join(geometry, arguments));
    }

    static List<Launch> filterGradientGeneral(Op.Conv2dFilterGradient op, Binding binding) {
        int elements = op.dw().elements();
        int images = op.x().shape().get(0);
        int imagesPerSlot = ceil(images, GENERAL_SLOTS);
        int slots = ceil(images, imagesPerSlot);
        Binding.Scratch partial = binding.scratch((long) Float.BYTES * slots * elements);
        return List.of(
                binding.launch(
                        GENERAL,
                        "conv2d_filter_gradient_general",
                        Grid.of(ceil(elements, GENERAL_BLOCK), slots),
                        GENERAL_BLOCK,
                        join(geometry(op.x(), op.dw(), op.window(), op.dy()), imagesPerSlot, op.x(), op.dy(), partial)),
                reduce(binding, slots, elements, 0, partial, op.dw(), Binding.NULL));
    }

    private static Launch reduce(
            Binding binding, int slots, int elements, int filters, Binding.Scratch partial, TensorRef dw, Object db) {
        return binding.launch(
                MODULE,
                "conv2d_filter_gradient_reduce",
                Grid.of(ceil(elements + filters, 32)),
                256,
                slots,
                elements,
                filters,
                partial,
                dw,
                db);
    }

    /** N C H W K R S P Q, strides and paddings, the first parameters of the general kernels. */
    private static Object[] geometry(TensorRef x, TensorRef w, Window2d window, TensorRef y) {
        return new Object[] {
            x.shape().get(0),
            x.shape().get(1),
            x.shape().get(2),
            x.shape().get(3),
            w.shape().get(0),
            window.height(),
            window.width(),
            y.shape().get(2),
            y.shape().get(3),
            window.strideHeight(),
            window.strideWidth(),
            window.padHeight(),
            window.padWidth()
        };
    }

    private static Object[] join(Object[] first, Object... rest) {
        List<Object> all = new ArrayList<>(Arrays.asList(first));
        all.addAll(Arrays.asList(rest));
        return all.toArray();
    }

    private static int ceil(int a, int b) {
        return (a + b - 1) / b;
    }
}
