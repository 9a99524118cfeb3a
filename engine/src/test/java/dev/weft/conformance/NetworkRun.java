package dev.weft.conformance;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.conformance.Networks.Network;
import dev.weft.data.Shuffle;
import dev.weft.layer.Parameter;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network's training program, bound to memory of its own and with fresh parameters. */
final class NetworkRun implements AutoCloseable {
    /** Steps that the learning rate and the epochs are laid out for. */
    private static final int STEPS = 12;

    static final long SHUFFLE_SEED = 7;

    private final CompiledStep step;
    private final ParameterLayout layout;
    private final int stepsPerEpoch;
    private final List<TensorRef> state = new ArrayList<>();
    private final BoundStep bound;

    NetworkRun(Network network, Optimizer optimizer, Backend backend, MemoryMode mode) {
        GraphLowering lowering = GraphLowering.of(ParameterLayout.DEFAULT_NAME, network.graph(), 42);
        layout = lowering.layout();
        DataTensors data = DataTensors.of("data", network.data());
        step = Step.supervised(lowering, network.loss(), optimizer).compile(data, network.batch());
        int rows = network.data().size();
        stepsPerEpoch = rows / network.batch();
        state.addAll(layout.buffers());
        state.add(layout.gradients());
        state.addAll(layout.optimizerState(optimizer));
        bound = BoundStep.of(step, backend, mode);
        bound.write(network.data().columns());
        bound.write(data.order(), HostTensor.of(Shape.of(rows), Shuffle.order(rows, SHUFFLE_SEED, 1)));
        for (Parameter p : network.graph().parameters()) {
            // no zeros, not even for biases, so that every parameter counts
            Philox.Sequence random = Philox.sequence(3, p.name(), 0);
            float[] values = new float[Math.toIntExact(p.shape().elements())];
            double deviation = Math.sqrt(1.0 / p.fanIn());
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (deviation * random.nextNormal());
            }
            bound.write(layout.view(p.name()), HostTensor.of(p.shape(), values));
        }
    }

    Executable executable() {
        return bound.executable();
    }

    BoundStep bound() {
        return bound;
    }

    ParameterLayout layout() {
        return layout;
    }

    int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    /** Steps of the first epoch, with a learning rate that changes. */
    StepRange range(int first, int count) {
        int batch = step.program().batch();
        StepRange range = new StepRange(first, count, first * batch, batch, 1, new double[count * StepRange.RATES]);
        step.fillRates(range, Schedule.cosine(), 0, STEPS, stepsPerEpoch);
        return range;
    }

    /** Runs steps and returns their metrics. */
    double[] run(int first, int count) {
        double[] metrics = new double[count * step.program().metrics().size()];
        executable().run(range(first, count));
        executable().metrics(metrics);
        return metrics;
    }

    /** The loss of a step. */
    double loss(int step) {
        return run(step, 1)[0];
    }

    /** Parameters, states of layers, gradients and optimizer state. */
    Map<String, double[]> state() {
        Map<String, double[]> values = new LinkedHashMap<>();
        for (TensorRef tensor : state) {
            values.put(tensor.name(), bound.read(tensor).doubles());
        }
        return values;
    }

    @Override
    public void close() {
        bound.close();
    }
}
