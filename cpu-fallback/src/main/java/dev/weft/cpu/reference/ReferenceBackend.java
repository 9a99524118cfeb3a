package dev.weft.cpu.reference;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.OpTable;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * The living definition of each op: double precision, naive loops, one thread. Every op also gives the magnitude of each
 * value, which tells how far another precision may be off.
 */
final class ReferenceBackend implements Backend {
    static final OpTable<Tensors, Runnable> OPS = new OpTable<Tensors, Runnable>()
            .on(Op.MatMul.class, op(LinearAlgebra::matMul))
            .on(Op.AddBias.class, op(LinearAlgebra::addBias))
            .on(Op.BiasGradient.class, op(LinearAlgebra::biasGradient))
            .on(Op.Conv2d.class, op(Convolution::forward))
            .on(Op.Conv2dInputGradient.class, op(Convolution::inputGradient))
            .on(Op.Conv2dFilterGradient.class, op(Convolution::filterGradient))
            .on(Op.MaxPool2d.class, op(Pooling::max))
            .on(Op.MaxPool2dBackward.class, op(Pooling::maxBackward))
            .on(Op.AvgPool2d.class, op(Pooling::average))
            .on(Op.AvgPool2dBackward.class, op(Pooling::averageBackward))
            .on(Op.Activation.class, op(ElementWise::activation))
            .on(Op.ActivationBackward.class, op(ElementWise::activationBackward))
            .on(Op.Add.class, op(ElementWise::add))
            .on(Op.Dropout.class, op(ElementWise::dropout))
            .on(Op.DropoutBackward.class, op(ElementWise::dropoutBackward))
            .on(Op.Fill.class, op(ElementWise::fill))
            .on(Op.RandomUniform.class, op(RandomNumbers::uniform))
            .on(Op.RandomNormal.class, op(RandomNumbers::normal))
            .on(Op.Bernoulli.class, op(RandomNumbers::bernoulli))
            .on(Op.Reshape.class, op(Movement::reshape))
            .on(Op.Concat.class, op(Movement::concat))
            .on(Op.Slice.class, op(Movement::slice))
            .on(Op.GatherRows.class, op(Movement::gatherRows))
            .on(Op.Softmax.class, op(Losses::softmax))
            .on(Op.SoftmaxBackward.class, op(Losses::softmaxBackward))
            .on(Op.SoftmaxCrossEntropy.class, op(Losses::softmaxCrossEntropy))
            .on(Op.SoftmaxCrossEntropyBackward.class, op(Losses::softmaxCrossEntropyBackward))
            .on(Op.SquaredError.class, op(Losses::squaredError))
            .on(Op.SquaredErrorBackward.class, op(Losses::squaredErrorBackward))
            .on(Op.BatchMean.class, op(Losses::batchMean))
            .on(Op.BatchMeanBackward.class, op(Losses::batchMeanBackward))
            .on(Op.CountCorrect.class, op(Losses::countCorrect))
            .on(Op.Map.class, op(Expressions::map))
            .on(Op.Reduce.class, op(Expressions::reduce))
            .on(Op.OneHot.class, op(Expressions::oneHot))
            .on(Op.Recurrence.class, op(Sequences::recurrence))
            .on(Op.RecurrenceBackward.class, op(Sequences::backward))
            .on(Op.Embedding.class, op(Sequences::embedding))
            .on(Op.EmbeddingGradient.class, op(Sequences::embeddingGradient))
            .on(Op.SequenceMask.class, op(Sequences::mask))
            .on(Op.RuleUpdate.class, op(Expressions::rule))
            .on(Op.CheckFinite.class, op(Updates::checkFinite))
            .on(Op.SgdUpdate.class, op(Updates::sgd))
            .on(Op.AdamUpdate.class, op(Updates::adam))
            .on(Op.StateUpdate.class, op(Updates::state));

    private static <T extends Op> BiFunction<T, Tensors, Runnable> op(BiConsumer<T, Tensors> definition) {
        return (op, tensors) -> () -> definition.accept(op, tensors);
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference: double precision, naive loops, 1 thread";
    }

    @Override
    public double unitRoundoff() {
        return 0x1p-53;
    }

    @Override
    public boolean batchInvariant() {
        return true;
    }

    @Override
    public Set<Class<? extends Op>> ops() {
        return OPS.kinds();
    }

    @Override
    public Memory allocate(Collection<TensorRef> tensors) {
        return new ReferenceMemory(tensors);
    }

    @Override
    public List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode) {
        return programs.stream()
                .map(program -> (Executable) new ReferenceProgram(program, memories, mode))
                .toList();
    }

    @Override
    public void close() {}
}
