package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which ops of a stage are executed together. Fused ops give the bits of the single ones; what passes between them takes
 * no memory.
 *
 * <ul>
 *   <li>convolution or linear layer, bias, ReLU
 *   <li>convolution, bias, ReLU, max-pooling; and their counterpart, the backward ops of max-pooling and ReLU: the gradient
 *       goes to the pixel that won, where the maximum is above zero. The ReLU's value, which its backward op reads, is then
 *       not there, but at the pixel that won it is the maximum
 * </ul>
 */
final class Fusion {
    private final Stage stage;
    private final Set<TensorRef> results = new HashSet<>();
    private final Map<TensorRef, List<Op>> readers = new HashMap<>();
    private final Map<TensorRef, Op> writers = new HashMap<>();

    private Fusion(Stage stage, Program program) {
        this.stage = stage;
        results.addAll(program.outputs());
        results.addAll(program.metricValues());
        for (Op op : program.ops()) {
            op.inputs()
                    .forEach(x ->
                            readers.computeIfAbsent(x, key -> new ArrayList<>()).add(op));
            op.outputs().forEach(y -> writers.put(y, op));
        }
    }

    /** The ops of a stage in groups that are executed together, each where its first op stands. */
    static List<Group> groups(Stage stage, Program program) {
        return new Fusion(stage, program).groups();
    }

    private List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        Set<Op> taken = new HashSet<>();
        for (Op op : stage.ops()) {
            if (taken.contains(op)) {
                continue;
            }
            Group group = Group.single(op, stage.tiled());
            if (op instanceof Op.Conv2d || op instanceof Op.MatMul) {
                group = Group.chain(chain(op), stage.tiled());
            } else if (op instanceof Op.MaxPool2dBackward backward
                    && onlyReader(backward.dx()) instanceof Op.ActivationBackward relu
                    && pool(relu) != null) {
                group = Group.poolBackward(backward, relu, pool(relu));
            }
            taken.addAll(group.ops());
            groups.add(group);
        }
        return groups;
    }

    /** Convolution or linear layer with what follows it: bias, ReLU, max-pooling. */
    private List<Op> chain(Op first) {
        boolean ofSequences =
                first instanceof Op.MatMul product && product.c().shape().rank() > 2;
        if (ofSequences || !(onlyReader(first.outputs().get(0)) instanceof Op.AddBias bias)) {
            return List.of(first);
        }
        if (!(onlyReader(bias.y()) instanceof Op.Activation relu) || relu.function() != Op.Nonlinearity.RELU) {
            return List.of(first, bias);
        }
        Op.MaxPool2d pool = first instanceof Op.Conv2d ? pool(relu) : null;
        return pool == null ? List.of(first, bias, relu) : List.of(first, bias, relu, pool);
    }

    /** The op that alone reads a tensor, in this stage; else null. */
    private Op onlyReader(TensorRef tensor) {
        List<Op> all = readers.getOrDefault(tensor, List.of());
        boolean only = all.size() == 1 && !results.contains(tensor) && isHere(all.get(0));
        return only ? all.get(0) : null;
    }

    private boolean isHere(Op op) {
        return stage.ops().contains(op);
    }

    /** The pooling that can be fused with the ReLU before it, and so can their backward ops; else null. */
    private Op.MaxPool2d pool(Op.Activation relu) {
        Op.MaxPool2d pool = null;
        Op.ActivationBackward reluBackward = null;
        for (Op reader : readers.getOrDefault(relu.y(), List.of())) {
            if (reader instanceof Op.MaxPool2d next && pool == null) {
                pool = next;
            } else if (reader instanceof Op.ActivationBackward backward
                    && reluBackward == null
                    && !backward.dy().equals(relu.y())) {
                reluBackward = backward;
            } else {
                return null;
            }
        }
        if (pool == null
                || !isHere(pool)
                || results.contains(relu.y())
                || results.contains(pool.argmax())
                || pool.window().strideHeight() < pool.window().height()) {
            return null;
        }
        List<Op> winnersReaders = readers.getOrDefault(pool.argmax(), List.of());
        if (reluBackward == null) {
            return winnersReaders.isEmpty() ? pool : null;
        }
        boolean counterpart = winnersReaders.size() == 1
                && winnersReaders.get(0) instanceof Op.MaxPool2dBackward backward
                && onlyReader(backward.dx()) == reluBackward
                && isHere(backward);
        return counterpart ? pool : null;
    }

    /** The pooling whose backward op can be fused with that of the ReLU before it. */
    private Op.MaxPool2d pool(Op.ActivationBackward backward) {
        boolean fused = backward.function() == Op.Nonlinearity.RELU
                && writers.get(backward.y()) instanceof Op.Activation relu
                && writers.get(relu.x()) instanceof Op.AddBias bias
                && writers.get(bias.x()) instanceof Op.Conv2d conv
                && chain(conv).size() == 4;
        return fused ? pool((Op.Activation) writers.get(backward.y())) : null;
    }

    /** The kernel of a group. */
    static Kernel kernel(Group group, Binding binding) {
        if (group.pool() != null) {
            return Pool2dKernels.maxBackward(
                    group.find(Op.MaxPool2dBackward.class),
                    group.find(Op.ActivationBackward.class),
                    group.pool(),
                    binding);
        }
        Op.AddBias bias = group.find(Op.AddBias.class);
        if (group.ops().size() > 1 && group.first() instanceof Op.MatMul product) {
            Op.Activation relu = group.find(Op.Activation.class);
            return group.tiled()
                    ? LinearKernel.bind(product, bias, relu, binding)
                    : MatMulKernel.bind(product, bias, relu, binding);
        }
        if (group.ops().size() > 1 && group.first() instanceof Op.Conv2d conv) {
            Op.MaxPool2d pool = group.find(Op.MaxPool2d.class);
            return pool == null
                    ? Conv2dKernels.forward(conv, bias, group.find(Op.Activation.class), binding)
                    : Conv2dKernels.forwardAndPool(conv, bias, pool, binding);
        }
        return CpuBackend.OPS.make(group.first(), binding);
    }
}
