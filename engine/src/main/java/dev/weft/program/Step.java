package dev.weft.program;

import dev.weft.WeftException;
import dev.weft.data.Dataset;
import dev.weft.graph.Node;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizer;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What one step of a training does, as a value: a function that tells a {@link StepBuilder} which data it reads, which
 * networks it applies to them, and what it minimises. It is compiled once for each batch size and executed for ever.
 *
 * <pre>{@code
 * Step step = Step.of("gan", s -> {
 *     TensorRef z = s.normal("z", Shape.of(64));
 *     TensorRef fake = s.apply("fake", generator, z);
 *     TensorRef judged = s.sum(
 *             s.loss(error, s.apply("onReal", critic, s.column("features")), 1),
 *             s.loss(error, s.apply("onFake", critic, fake), 0));
 *     s.minimise(judged, critic, Adam.of(2e-4));
 *     s.minimise(s.loss(error, s.apply("again", critic, fake), 1), generator, Adam.of(2e-4));
 * });
 * }</pre>
 */
public final class Step {
    private final String name;
    private final long seed;
    private final boolean training;
    private final Consumer<StepBuilder> body;

    private Step(String name, long seed, boolean training, Consumer<StepBuilder> body) {
        this.name = name;
        this.seed = seed;
        this.training = training;
        this.body = body;
    }

    /** A training step. Its {@code body} is called for each batch size, and emits the same ops each time. */
    public static Step of(String name, Consumer<StepBuilder> body) {
        return new Step(name, 0, true, body);
    }

    /** The same with another key of the step's random tensors and of the order of the rows; 0 by default. */
    public Step seed(long value) {
        return new Step(name, value, training, body);
    }

    /**
     * Supervised training: loss between the network's output for {@code features} and the {@code targets}. Where the network has
     * several inputs, {@code input} reads {@code features}, and each of the others the column of its own name.
     */
    public static Step supervised(Network network, Loss loss, Optimizer optimizer) {
        return of("train", s -> s.minimise(loss(s, network, loss), network, optimizer))
                .seed(network.lowering().seed());
    }

    /**
     * Loss and metrics without training, where dropout does nothing. The last batch of a data set may be shorter: its other
     * rows are padding.
     */
    public static Step evaluation(Network network, Loss loss) {
        return new Step("evaluate", 0, false, s -> loss(s, network, loss));
    }

    /** The gradients of the loss with respect to all parameters, which stay as they are. Dropout does nothing. */
    public static Step gradients(Network network, Loss loss) {
        return new Step("gradients", 0, false, s -> s.gradients(loss(s, network, loss), network));
    }

    /** The network's outputs for a batch of its inputs that the host writes, both by their names in the graph. */
    public static Step prediction(Network network) {
        return new Step("predict", 0, false, s -> {
            Map<String, TensorRef> inputs = new LinkedHashMap<>();
            network.lowering()
                    .graph()
                    .inputs()
                    .forEach(input -> inputs.put(input.name(), s.input(input.name(), input.type(), input.shape())));
            s.apply("", network, inputs).values().forEach(s::output);
        });
    }

    private static TensorRef loss(StepBuilder s, Network network, Loss loss) {
        List<Node> inputs = network.lowering().graph().inputs();
        Map<String, TensorRef> x = new LinkedHashMap<>();
        for (Node input : inputs) {
            boolean features = inputs.size() == 1 || input.name().equals("input");
            x.put(input.name(), s.column(features ? Dataset.FEATURES : input.name()));
        }
        String output = network.lowering().graph().output().name();
        TensorRef y = s.apply("", network, x).get(output);
        TensorRef targets = s.column(Dataset.TARGETS);
        TensorRef mean = s.loss(loss, y, targets);
        s.metric("loss", mean);
        if (targets.type() == DType.I32 && y.shape().rank() == 2) {
            s.metric("correct", s.correct(y, targets));
        }
        return mean;
    }

    /** The step's name, for messages. */
    public String name() {
        return name;
    }

    /** The key of the step's random tensors and of the order of the rows. */
    public long seed() {
        return seed;
    }

    /**
     * Compiles the step.
     *
     * @param data the columns that it may read, or null where there are none
     * @param batch rows of the batch
     * @throws WeftException if the step cannot be built; the message names step and tensor
     */
    public CompiledStep compile(DataTensors data, int batch) {
        StepBuilder builder = new StepBuilder(name, seed, training, data, batch);
        body.accept(builder);
        return builder.build();
    }
}
