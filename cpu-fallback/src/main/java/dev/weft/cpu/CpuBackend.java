package dev.weft.cpu;

import dev.weft.DeviceException;
import dev.weft.Warnings;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
import dev.weft.backend.Memory;
import dev.weft.backend.OpTable;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains on the CPU: float, several threads, the Vector API where it is there. */
final class CpuBackend implements Backend {
    /** The kernels that use the Vector API, as {@link Kernels#name} names them. */
    static final String VECTOR = "vector";

    /** The kernels of plain loops. */
    static final String SCALAR = "scalar";

    private static final Logger LOG = LoggerFactory.getLogger(CpuBackend.class);
    private static final String VECTOR_FLAG = "--add-modules jdk.incubator.vector";

    static final OpTable<Binding, Kernel> OPS = new OpTable<Binding, Kernel>()
            .on(Op.MatMul.class, MatMulKernel::bind)
            .on(Op.AddBias.class, BiasKernels::add)
            .on(Op.BiasGradient.class, BiasKernels::gradient)
            .on(Op.Conv2d.class, Conv2dKernels::forward)
            .on(Op.Conv2dInputGradient.class, Conv2dKernels::inputGradient)
            .on(Op.Conv2dFilterGradient.class, Conv2dKernels::filterGradient)
            .on(Op.MaxPool2d.class, Pool2dKernels::max)
            .on(Op.MaxPool2dBackward.class, Pool2dKernels::maxBackward)
            .on(Op.AvgPool2d.class, Pool2dKernels::average)
            .on(Op.AvgPool2dBackward.class, Pool2dKernels::averageBackward)
            .on(Op.Activation.class, ElementWiseKernels::activation)
            .on(Op.ActivationBackward.class, ElementWiseKernels::activationBackward)
            .on(Op.Add.class, ElementWiseKernels::add)
            .on(Op.Dropout.class, ElementWiseKernels::dropout)
            .on(Op.DropoutBackward.class, ElementWiseKernels::dropoutBackward)
            .on(Op.Fill.class, ElementWiseKernels::fill)
            .on(Op.RandomUniform.class, RandomKernels::uniform)
            .on(Op.RandomNormal.class, RandomKernels::normal)
            .on(Op.Bernoulli.class, RandomKernels::bernoulli)
            .on(Op.Reshape.class, MovementKernels::reshape)
            .on(Op.Concat.class, MovementKernels::concat)
            .on(Op.Slice.class, MovementKernels::slice)
            .on(Op.Map.class, ExpressionKernels::map)
            .on(Op.Reduce.class, ReduceKernel::bind)
            .on(Op.OneHot.class, MovementKernels::oneHot)
            .on(Op.Recurrence.class, RecurrenceKernel::bind)
            .on(Op.RecurrenceBackward.class, RecurrenceBackwardKernel::bind)
            .on(Op.Embedding.class, SequenceKernels::embedding)
            .on(Op.EmbeddingGradient.class, SequenceKernels::embeddingGradient)
            .on(Op.SequenceMask.class, SequenceKernels::mask)
            .on(Op.GatherRows.class, MovementKernels::gatherRows)
            .on(Op.Softmax.class, LossKernels::softmax)
            .on(Op.SoftmaxBackward.class, LossKernels::softmaxBackward)
            .on(Op.SoftmaxCrossEntropy.class, LossKernels::softmaxCrossEntropy)
            .on(Op.SoftmaxCrossEntropyBackward.class, LossKernels::softmaxCrossEntropyBackward)
            .on(Op.SquaredError.class, LossKernels::squaredError)
            .on(Op.SquaredErrorBackward.class, LossKernels::squaredErrorBackward)
            .on(Op.BatchMean.class, LossKernels::batchMean)
            .on(Op.BatchMeanBackward.class, LossKernels::batchMeanBackward)
            .on(Op.CountCorrect.class, LossKernels::countCorrect)
            .on(Op.CheckFinite.class, UpdateKernels::checkFinite)
            .on(Op.SgdUpdate.class, UpdateKernels::sgd)
            .on(Op.AdamUpdate.class, UpdateKernels::adam)
            .on(Op.RuleUpdate.class, ExpressionKernels::rule)
            .on(Op.StateUpdate.class, UpdateKernels::state);

    private final Workers workers;
    private final Primitives primitives;
    private final String reason;

    /**
     * @param reason why these primitives, for the description
     */
    CpuBackend(int threads, Primitives primitives, String reason) {
        this.workers = new Workers(threads);
        this.primitives = primitives;
        this.reason = reason;
    }

    /**
     * Opens the backend with the kernels that are asked for; else with the Vector API where the module is there, and scalar
     * loops where it is not.
     */
    static CpuBackend open(BackendOptions options) {
        boolean vector = vectorModule();
        String kernels = options.kernels().name();
        if (kernels.equals(SCALAR)) {
            return new CpuBackend(options.threads(), new ScalarPrimitives(), ", as asked for");
        } else if (kernels.equals(VECTOR) && !vector) {
            throw new DeviceException("vector kernels need the Vector API: start java with " + VECTOR_FLAG);
        } else if (!vector) {
            Warnings.warn(LOG, "the CPU backend runs on scalar loops, since java was started without " + VECTOR_FLAG);
            return new CpuBackend(
                    options.threads(),
                    new ScalarPrimitives(),
                    " (several times slower than the Vector API: start java with %s)".formatted(VECTOR_FLAG));
        }
        return new CpuBackend(options.threads(), new VectorPrimitives(), "");
    }

    static CpuBackend open(int threads) {
        return open(new BackendOptions(threads));
    }

    private static boolean vectorModule() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "cpu: float, %d thread%s, %s%s"
                .formatted(workers.threads(), workers.threads() == 1 ? "" : "s", primitives.description(), reason);
    }

    @Override
    public String kernels() {
        return primitives instanceof ScalarPrimitives ? SCALAR : VECTOR;
    }

    @Override
    public double unitRoundoff() {
        return 0x1p-24;
    }

    /** Of the vector units, whatever kernels are in use: that is what the processor is capable of. */
    @Override
    public Optional<PeakRates> measurePeakRates() {
        return vectorModule() ? Optional.of(VectorPeak.measure(workers)) : Optional.empty();
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
        return new CpuMemory(tensors);
    }

    @Override
    public List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode) {
        Binding.Form form = new Binding.Form(true, mode != MemoryMode.ARENA, mode);
        List<Step> steps = new ArrayList<>();
        List<Binding> bindings = new ArrayList<>();
        for (Program program : programs) {
            Step step = new Step();
            steps.add(step);
            bindings.add(new Binding(memories, workers.threads(), primitives, step, program, form));
        }
        Arena arena = new Arena(bindings);
        List<Executable> executables = new ArrayList<>();
        for (int i = 0; i < programs.size(); i++) {
            Program program = programs.get(i);
            Step step = steps.get(i);
            Execution running = new Execution(program, bindings.get(i), form, arena, workers);
            executables.add(new CpuProgram(
                    program, arena, step, running, fused -> tracing(program, memories, mode, step, fused)));
        }
        return executables;
    }

    /** A program for tracing: all tiles go through an op, or through fused ops, before the next one begins. */
    private Execution tracing(Program program, List<Memory> memories, MemoryMode mode, Step step, boolean fused) {
        Binding.Form form = new Binding.Form(fused, true, mode);
        Binding binding = new Binding(memories, workers.threads(), primitives, step, program, form);
        return new Execution(program, binding, form, new Arena(List.of(binding)), workers);
    }

    @Override
    public void close() {
        workers.close();
    }
}
