package dev.weft.check;

import dev.weft.WeftException;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks the gradients of a network numerically: the loss L of one batch is computed in double with a parameter's element
 * moved up and down by h, and {@code (L(w + h) - L(w - h)) / 2h} is compared with the element's gradient.
 *
 * <p>ReLU and max-pooling have kinks, where that quotient is no derivative. An element whose movement changes which units
 * are positive or which pixel is the maximum is passed over, and the next one is taken.
 */
public final class GradientCheck implements AutoCloseable {
    /**
     * h. Central differences leave out h^2 / 6 of the third derivative, and lose about 2^-53 / h of the loss: 4e-11 and
     * 1e-11 for derivatives and a loss of about 1.
     */
    static final double STEP = 0x1p-16;

    private final ParameterLayout layout;
    private final BoundStep bound;
    private final Map<TensorRef, HostTensor> states = new HashMap<>();
    private final Executable executable;
    private final StepRange range;
    private final int elements;
    private final List<TensorRef> decisions;

    private GradientCheck(Model model, Loss loss, Dataset batch, int elements) {
        this.elements = elements;
        CompiledStep step =
                Step.supervised(model, loss, Sgd.of(1)).compile(DataTensors.of("check", batch), batch.size());
        layout = model.lowering().layout();
        decisions = decisions(step.program());
        bound = BoundStep.of(step.withOutputs(decisions), model.backend(), MemoryMode.SEPARATE);
        executable = bound.executable();
        bound.write(batch.columns());
        model.parameters().forEach((name, values) -> bound.write(layout.view(name), values));
        model.states().forEach((name, values) -> states.put(layout.persistent(name), values));
        range = StepRange.withoutLearning(step.program(), 1);
    }

    /** What shows on which side of a kink each unit is. */
    private static List<TensorRef> decisions(Program program) {
        List<TensorRef> decisions = new ArrayList<>();
        for (Op op : program.ops()) {
            if (op instanceof Op.Activation a && a.function() == Op.Nonlinearity.RELU) {
                decisions.add(a.y());
            } else if (op instanceof Op.MaxPool2d pool) {
                decisions.add(pool.argmax());
            }
        }
        return decisions;
    }

    /**
     * Checks the gradients of a model's parameters on its backend.
     *
     * @param model on the backend {@code reference}, or another one that computes in double; it stays as it is
     * @param batch all its rows are one batch
     * @param elements how many elements of each parameter, spread over it; fewer where it is smaller
     * @throws WeftException if the backend's precision is too low for finite differences
     */
    public static GradientReport of(Model model, Loss loss, Dataset batch, int elements) {
        if (model.backend().unitRoundoff() > 0x1p-50) {
            throw new WeftException(
                    "finite differences need double precision; the backend %s has a unit roundoff of %.1e"
                            .formatted(model.backend().name(), model.backend().unitRoundoff()));
        }
        try (GradientCheck check = new GradientCheck(model, loss, batch, elements)) {
            return check.report();
        }
    }

    private GradientReport report() {
        run();
        List<GradientReport.Entry> entries = new ArrayList<>();
        for (String name : layout.views().keySet()) {
            // once for all elements: the runs below leave the gradients of moved parameters
            run();
            entries.add(entry(
                    name,
                    layout.view(name),
                    bound.read(layout.gradient(name)).doubles().clone()));
        }
        return new GradientReport(entries);
    }

    private GradientReport.Entry entry(String name, TensorRef parameter, double[] gradient) {
        double[] values = bound.read(parameter).doubles().clone();
        double scale = Arrays.stream(gradient).map(Math::abs).max().orElse(0);
        int wanted = Math.min(elements, gradient.length);
        int compared = 0;
        int kinks = 0;
        int worst = -1;
        double worstError = -1;
        double worstQuotient = Double.NaN;
        Philox.Sequence random = Philox.sequence(0, name, 0);
        for (int place = 0; place < wanted; place++) {
            int from = (int) ((long) place * gradient.length / wanted);
            int to = (int) ((long) (place + 1) * gradient.length / wanted);
            // at random places: equal distances could all meet the same unit
            int first = random.nextInt(to - from);
            for (int n = 0; n < to - from; n++) {
                int i = from + (first + n) % (to - from);
                double quotient = quotient(parameter, values, i);
                if (Double.isNaN(quotient)) {
                    kinks++;
                    continue;
                }
                compared++;
                double error = Math.abs(quotient - gradient[i]);
                if (!(error <= worstError)) {
                    worstError = error;
                    worst = i;
                    worstQuotient = quotient;
                }
                break;
            }
        }
        bound.write(parameter, HostTensor.of(parameter.shape(), values));
        return new GradientReport.Entry(
                name,
                parameter,
                compared,
                kinks,
                scale,
                worst,
                worst < 0 ? Double.NaN : gradient[worst],
                worstQuotient);
    }

    /** NaN where a kink lies between. */
    private double quotient(TensorRef parameter, double[] values, int element) {
        double center = values[element];
        double above = loss(parameter, values, element, center + STEP);
        List<HostTensor> decidedAbove = decisions.stream().map(executable::read).toList();
        double below = loss(parameter, values, element, center - STEP);
        values[element] = center;
        for (int i = 0; i < decisions.size(); i++) {
            if (!sameSide(decidedAbove.get(i), executable.read(decisions.get(i)))) {
                return Double.NaN;
            }
        }
        return (above - below) / (2 * STEP);
    }

    /** Whether the same outputs of a ReLU are positive, or the same pixels are the maxima. */
    private static boolean sameSide(HostTensor a, HostTensor b) {
        for (int i = 0; i < a.elements(); i++) {
            boolean same = a.type() == DType.REAL ? a.get(i) > 0 == b.get(i) > 0 : a.get(i) == b.get(i);
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private double loss(TensorRef parameter, double[] values, int element, double value) {
        values[element] = value;
        bound.write(parameter, HostTensor.of(parameter.shape(), values));
        return run();
    }

    /** Every run sees the states that the model has. */
    private double run() {
        states.forEach(bound::write);
        double[] metrics = new double[executable.program().metrics().size()];
        executable.run(range);
        executable.metrics(metrics);
        return metrics[0];
    }

    @Override
    public void close() {
        bound.close();
    }
}
