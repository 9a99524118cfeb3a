package dev.weft.cuda;

import dev.weft.cuda.MatMulKernels.Tile;
import dev.weft.op.Op;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The table of candidates. For each op of a program the first that takes it executes it. */
final class Candidates {
    private static final MatMulKernels MATMUL = new MatMulKernels(Tile.values());

    /** Kernels of our own. Fused forms first, then single ops, the preferred form of each first. */
    static final List<Candidate> TABLE = List.of(
            Candidate.fused("conv2d_bias_activation_pool", Conv2dKernels::matchPooled, Conv2dKernels::fused),
            Candidate.fused("conv2d_bias_activation", Conv2dKernels::matchActivated, Conv2dKernels::fused),
            Candidate.fused("conv2d_bias", Conv2dKernels::matchBiased, Conv2dKernels::fused),
            Candidate.fused("conv2d_gradients", Conv2dKernels::matchGradients, Conv2dKernels::gradients),
            Candidate.fused("linear_forward", MatMulKernels::linearForwardOps, MATMUL::linearForward),
            Candidate.fused("linear_backward", MATMUL::linearBackwardOps, MATMUL::linearBackward),
            Candidate.fused(
                    "softmax_cross_entropy_step", LossSteps::matchSoftmaxCrossEntropy, LossSteps::softmaxCrossEntropy),
            Candidate.fused("squared_error_step", LossSteps::matchSquaredError, LossSteps::squaredError),
            Candidate.fused(
                    "max_pool2d_activation_backward_2x2",
                    Pool2dKernels::matchMaxActivationBackward2x2,
                    Pool2dKernels::maxActivationBackward2x2),
            Candidate.fused(
                    "max_pool2d_activation_backward",
                    Pool2dKernels::matchMaxActivationBackward,
                    Pool2dKernels::maxActivationBackward),
            Candidate.fused(
                    "dropout_activation_backward",
                    ElementWiseKernels::matchDropoutActivationBackward,
                    ElementWiseKernels::dropoutActivationBackward),
            Candidate.fused("check_finite_2", UpdateKernels::matchCheckFinite2, UpdateKernels::checkFinite2),
            Candidate.of("matmul", Op.MatMul.class, MATMUL::product),
            Candidate.of("matmul_small", Op.MatMul.class, new MatMulKernels(Tile.SMALL)::product),
            Candidate.of("matmul_medium", Op.MatMul.class, new MatMulKernels(Tile.MEDIUM)::product),
            Candidate.of("matmul_large", Op.MatMul.class, new MatMulKernels(Tile.LARGE)::product),
            Candidate.of("add_bias", Op.AddBias.class, BiasKernels::addBias),
            Candidate.of("bias_gradient", Op.BiasGradient.class, BiasKernels::biasGradient),
            Candidate.of("fill", Op.Fill.class, ElementWiseKernels::fill),
            Candidate.of("conv2d", Op.Conv2d.class, Conv2dKernels::tiled, Conv2dKernels::forwardTiled),
            Candidate.of("conv2d_wide", Op.Conv2d.class, Conv2dKernels::wide, Conv2dKernels::forwardWide),
            Candidate.of("conv2d_general", Op.Conv2d.class, Conv2dKernels::forwardGeneral),
            Candidate.of(
                    "conv2d_input_gradient",
                    Op.Conv2dInputGradient.class,
                    Conv2dKernels::tiled,
                    Conv2dKernels::inputGradientTiled),
            Candidate.of(
                    "conv2d_input_gradient_general", Op.Conv2dInputGradient.class, Conv2dKernels::inputGradientGeneral),
            Candidate.of(
                    "conv2d_filter_gradient",
                    Op.Conv2dFilterGradient.class,
                    Conv2dKernels::tiled,
                    Conv2dKernels::filterGradientTiled),
            Candidate.of(
                    "conv2d_filter_gradient_general",
                    Op.Conv2dFilterGradient.class,
                    Conv2dKernels::filterGradientGeneral),
            Candidate.of("activation_forward", Op.Activation.class, ElementWiseKernels::activation),
            Candidate.of("activation_backward", Op.ActivationBackward.class, ElementWiseKernels::activationBackward),
            Candidate.of("add", Op.Add.class, ElementWiseKernels::add),
            Candidate.of("random_uniform", Op.RandomUniform.class, RandomKernels::uniform),
            Candidate.of("random_normal", Op.RandomNormal.class, RandomKernels::normal),
            Candidate.of("bernoulli", Op.Bernoulli.class, RandomKernels::bernoulli),
            Candidate.of("dropout_forward", Op.Dropout.class, ElementWiseKernels::dropout),
            Candidate.of("dropout_backward", Op.DropoutBackward.class, ElementWiseKernels::dropoutBackward),
            Candidate.of("max_pool2d_forward_2x2", Op.MaxPool2d.class, Pool2dKernels::maxTiles, Pool2dKernels::max2x2),
            Candidate.of("max_pool2d_forward", Op.MaxPool2d.class, Pool2dKernels::max),
            Candidate.of(
                    "max_pool2d_backward_2x2",
                    Op.MaxPool2dBackward.class,
                    Pool2dKernels::maxBackwardTiles,
                    Pool2dKernels::maxBackward2x2),
            Candidate.of("max_pool2d_backward", Op.MaxPool2dBackward.class, Pool2dKernels::maxBackward),
            Candidate.of("avg_pool2d_forward", Op.AvgPool2d.class, Pool2dKernels::average),
            Candidate.of("avg_pool2d_backward", Op.AvgPool2dBackward.class, Pool2dKernels::averageBackward),
            Candidate.of(
                    "reshape_shared", Op.Reshape.class, MovementKernels::reshapeShares, MovementKernels::reshapeShared),
            Candidate.of("reshape", Op.Reshape.class, MovementKernels::reshape),
            Candidate.of("concat", Op.Concat.class, MovementKernels::concat),
            Candidate.of("slice", Op.Slice.class, MovementKernels::slice),
            Candidate.of("gather_rows", Op.GatherRows.class, MovementKernels::gatherRows),
            Candidate.of("map", Op.Map.class, ExpressionKernels::map),
            Candidate.of("reduce", Op.Reduce.class, ReduceKernels::reduce),
            Candidate.of("one_hot", Op.OneHot.class, MovementKernels::oneHot),
            Candidate.of("recurrence_forward", Op.Recurrence.class, RecurrenceKernels::forward),
            Candidate.of("recurrence_backward", Op.RecurrenceBackward.class, RecurrenceKernels::backward),
            Candidate.of("embedding", Op.Embedding.class, RecurrenceKernels::embedding),
            Candidate.of("embedding_gradient", Op.EmbeddingGradient.class, RecurrenceKernels::embeddingGradient),
            Candidate.of("sequence_mask", Op.SequenceMask.class, RecurrenceKernels::mask),
            Candidate.of("softmax_forward", Op.Softmax.class, LossKernels::softmax),
            Candidate.of("softmax_backward", Op.SoftmaxBackward.class, LossKernels::softmaxBackward),
            Candidate.of(
                    "softmax_cross_entropy_forward", Op.SoftmaxCrossEntropy.class, LossKernels::softmaxCrossEntropy),
            Candidate.of(
                    "softmax_cross_entropy_backward",
                    Op.SoftmaxCrossEntropyBackward.class,
                    LossKernels::softmaxCrossEntropyBackward),
            Candidate.of("squared_error_forward", Op.SquaredError.class, LossKernels::squaredError),
            Candidate.of("squared_error_backward", Op.SquaredErrorBackward.class, LossKernels::squaredErrorBackward),
            Candidate.of("batch_mean_forward", Op.BatchMean.class, LossKernels::batchMean),
            Candidate.of("batch_mean_backward", Op.BatchMeanBackward.class, LossKernels::batchMeanBackward),
            Candidate.of("count_correct", Op.CountCorrect.class, LossKernels::countCorrect),
            Candidate.of("check_finite", Op.CheckFinite.class, UpdateKernels::checkFinite),
            Candidate.of("sgd_update", Op.SgdUpdate.class, UpdateKernels::sgd),
            Candidate.of("adam_update", Op.AdamUpdate.class, UpdateKernels::adam),
            Candidate.of("rule_update", Op.RuleUpdate.class, ExpressionKernels::update),
            Candidate.of("state_update", Op.StateUpdate.class, UpdateKernels::state));

    /**
     * Those of cuBLAS and cuDNN, which are taken when they are asked for by name or by a plan; of each kind of op the
     * preferred form first.
     */
    static final List<Candidate> LIBRARIES = Stream.of(
                    List.of(Candidate.library(
                            Library.CUBLAS, "cublas_sgemm", Op.MatMul.class, (op, binding) -> true, CuBlas::matMul)),
                    CuDnnConvolution.CANDIDATES,
                    List.of(
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_avg_pool2d",
                                    Op.AvgPool2d.class,
                                    CuDnnCalls::averages,
                                    CuDnnCalls::average),
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_max_pool2d",
                                    Op.MaxPool2d.class,
                                    CuDnnCalls::maximaAlone,
                                    CuDnnCalls::max),
                            Candidate.library(
                                            Library.CUDNN,
                                            "cudnn_max_pool2d_backward",
                                            Op.MaxPool2dBackward.class,
                                            CuDnnCalls::followsForward,
                                            CuDnnCalls::maxBackward)
                                    .nondeterministic(),
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_activation",
                                    Op.Activation.class,
                                    (op, binding) -> true,
                                    CuDnnCalls::activation),
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_relu_backward",
                                    Op.ActivationBackward.class,
                                    CuDnnCalls::isRelu,
                                    CuDnnCalls::reluBackward),
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_softmax",
                                    Op.Softmax.class,
                                    (op, binding) -> true,
                                    CuDnnCalls::softmax),
                            Candidate.library(
                                    Library.CUDNN,
                                    "cudnn_softmax_backward",
                                    Op.SoftmaxBackward.class,
                                    (op, binding) -> true,
                                    CuDnnCalls::softmaxBackward)))
            .flatMap(List::stream)
            .toList();

    private Candidates() {}

    /** The kinds of op that have a candidate of their own. */
    static Set<Class<? extends Op>> kinds() {
        Set<Class<? extends Op>> kinds = new LinkedHashSet<>();
        TABLE.forEach(candidate -> candidate.kind().ifPresent(kinds::add));
        return kinds;
    }
}
