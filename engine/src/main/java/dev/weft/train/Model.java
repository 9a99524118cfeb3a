package dev.weft.train;

import dev.weft.DataException;
import dev.weft.ShapeException;
import dev.weft.Warnings;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.data.Preparation;
import dev.weft.graph.Graph;
import dev.weft.io.SafeTensors;
import dev.weft.layer.Parameter;
import dev.weft.layer.State;
import dev.weft.loss.Loss;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Network;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A graph with its parameters in a backend's memory. Used by one thread at a time; a second one gets an exception.
 */
public final class Model implements Network, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Model.class);

    private final GraphLowering lowering;
    private final Backend backend;
    private final Memory memory;
    private Predictor live;
    private Predictor everyLayer;
    private Evaluator evaluator;
    private Optional<Preparation> preparation = Optional.empty();
    private final Occupancy occupancy = new Occupancy();

    private Model(GraphLowering lowering, Backend backend) {
        this.lowering = lowering;
        this.backend = backend;
        this.memory = backend.allocate(layout().buffers());
    }

    /** A model with fresh parameters, named {@code model}. */
    public static Model create(Graph graph, Backend backend, long seed) {
        return create(ParameterLayout.DEFAULT_NAME, graph, backend, seed);
    }

    /**
     * A model with fresh parameters.
     *
     * @param name tells it from the other models of a step
     * @param backend must stay open as long as the model
     * @param seed decides initial parameters, shuffling and dropout; the same seed gives the same model on one backend
     * @throws dev.weft.OutOfDeviceMemoryException if the parameters do not fit
     */
    public static Model create(String name, Graph graph, Backend backend, long seed) {
        Model model = new Model(GraphLowering.of(name, graph, seed), backend);
        for (Parameter parameter : graph.parameters()) {
            float[] values = new float[Math.toIntExact(parameter.shape().elements())];
            parameter
                    .initializer()
                    .fill(values, parameter.fanIn(), parameter.fanOut(), Philox.sequence(seed, parameter.name(), 0));
            model.memory.write(model.layout().view(parameter.name()), HostTensor.of(parameter.shape(), values));
        }
        for (State state : graph.states()) {
            model.memory.write(model.layout().persistent(state.name()), state.initialValues());
        }
        return model;
    }

    /**
     * A model as {@link #save} has written it: graph, seed, preparation, parameters and states. Layers of one's own are registered with
     * {@link dev.weft.io.Kinds} before.
     *
     * @param backend must stay open as long as the model
     * @throws DataException if the file cannot be read, or holds no graph; see {@link #loadParameters}
     * @throws dev.weft.OutOfDeviceMemoryException if the parameters do not fit
     */
    public static Model load(Path file, Backend backend) {
        SavedModel saved = SavedModel.read(file)
                .orElseThrow(() -> new DataException(file
                        + " holds values without a graph: make the model by Model.create, and use loadParameters"));
        // what the file holds, before memory is taken for what it claims
        Map<String, HostTensor> values = values(file, saved.graph());
        Model model = new Model(GraphLowering.of(ParameterLayout.DEFAULT_NAME, saved.graph(), saved.seed()), backend);
        model.preparation = saved.preparation();
        values.forEach(model::setParameter);
        return model;
    }

    /** The network. */
    public Graph graph() {
        return lowering.graph();
    }

    /** The backend that holds the parameters; the model does not close it. */
    public Backend backend() {
        return backend;
    }

    /** The key of the model's random numbers: initial parameters, shuffling, dropout. */
    public long seed() {
        return lowering.seed();
    }

    /** The model's name among those of a step. */
    public String name() {
        return layout().name();
    }

    @Override
    public GraphLowering lowering() {
        return lowering;
    }

    /** How samples are prepared for the network, where that is known: from the file, or from the last training. */
    public Optional<Preparation> preparation() {
        return preparation;
    }

    /** Says how samples are prepared, for {@link #save}. A training says it itself, but for what a table has beside its values. */
    public void setPreparation(Preparation preparation) {
        this.preparation = Optional.of(preparation);
    }

    /** The network sees these samples from now on. */
    void trainsOn(Dataset data) {
        if (preparation.isEmpty() || !preparation.get().fits(data)) {
            preparation = Optional.of(Preparation.of(data));
        }
    }

    ParameterLayout layout() {
        return lowering.layout();
    }

    Memory memory() {
        return memory;
    }

    Occupancy occupancy() {
        return occupancy;
    }

    /**
     * A copy of a parameter, or of a layer's state.
     *
     * @param name for example {@code conv1.weight}
     * @throws WeftException if there is none of that name; the message lists the names
     */
    public HostTensor parameter(String name) {
        try (Occupancy.Use use = occupancy.use()) {
            return memory.read(layout().persistent(name));
        }
    }

    /** All parameters by name. */
    public Map<String, HostTensor> parameters() {
        try (Occupancy.Use use = occupancy.use()) {
            Map<String, HostTensor> all = new LinkedHashMap<>();
            for (Parameter parameter : graph().parameters()) {
                all.put(parameter.name(), memory.read(layout().view(parameter.name())));
            }
            return all;
        }
    }

    /** All states of layers by name. */
    public Map<String, HostTensor> states() {
        try (Occupancy.Use use = occupancy.use()) {
            Map<String, HostTensor> all = new LinkedHashMap<>();
            layout().states().forEach((name, state) -> all.put(name, memory.read(state)));
            return all;
        }
    }

    /**
     * Replaces the values of a parameter, or of a layer's state.
     *
     * @throws ShapeException if the shape differs
     */
    public void setParameter(String name, HostTensor values) {
        try (Occupancy.Use use = occupancy.use()) {
            TensorRef view = layout().persistent(name);
            if (!view.shape().equals(values.shape())) {
                throw new ShapeException(name, "needs shape " + view.shape() + ", got " + values.shape());
            }
            memory.write(view, values);
        }
    }

    // ---------------------------------------------------------------- predicting and evaluating

    /** A {@link Predictor} for any number of threads, with a copy of the present parameters and states. */
    public Predictor predictor() {
        return Predictor.of(this);
    }

    /**
     * The graph's outputs for a batch of each of its inputs, as {@link Predictor#predict(Map)} gives them.
     *
     * @param x by the inputs' names, each {@code [rows,...]}
     */
    public Map<String, HostTensor> predict(Map<String, HostTensor> x) {
        try (Occupancy.Use use = occupancy.use()) {
            return live().predict(x);
        }
    }

    /**
     * The graph's output for one sample, as it is (logits, for a classifier).
     *
     * @param sample values in row-major order of the graph's input shape
     * @throws ShapeException if there are more or fewer values
     * @throws WeftException if the graph has several inputs or outputs
     */
    public float[] predict(float[] sample) {
        try (Occupancy.Use use = occupancy.use()) {
            return live().predict(sample);
        }
    }

    /** The graph's output for each sample. A row does not depend on the others. */
    public float[][] predict(float[][] samples) {
        try (Occupancy.Use use = occupancy.use()) {
            return live().predict(samples);
        }
    }

    /**
     * The class probabilities for one sample: the softmax of {@link #predict(float[])}, or its output where that is a softmax.
     *
     * @throws ShapeException if the output is no vector, or as {@link #predict(float[])}
     * @throws WeftException if a probability is NaN; the message names the parameter or the sample that it comes from
     */
    public float[] predictProbabilities(float[] sample) {
        try (Occupancy.Use use = occupancy.use()) {
            return live().predictProbabilities(sample);
        }
    }

    /** The class probabilities for each sample. */
    public float[][] predictProbabilities(float[][] samples) {
        try (Occupancy.Use use = occupancy.use()) {
            return live().predictProbabilities(samples);
        }
    }

    private Predictor live() {
        if (live == null) {
            live = Predictor.live(lowering, backend, held());
        }
        return live;
    }

    /** Loss and accuracy: softmax cross-entropy where the data set has classes, else mean squared error. */
    public Evaluation evaluate(Dataset data) {
        return evaluate(data, data.classes() > 0 ? Loss.softmaxCrossEntropy() : Loss.meanSquaredError());
    }

    /**
     * Loss and accuracy on a data set.
     *
     * @throws ShapeException if data set, graph and loss do not fit together
     * @throws WeftException if the loss is NaN or infinite; the message names the parameter or the sample that it comes from
     */
    public Evaluation evaluate(Dataset data, Loss loss) {
        try (Occupancy.Use use = occupancy.use()) {
            prepareEvaluation(data, loss);
            return evaluator.evaluate();
        }
    }

    /** Allocates what {@link #evaluate} needs, and throws what it would throw. */
    void prepareEvaluation(Dataset data, Loss loss) {
        if (evaluator == null || !evaluator.isOf(data, loss)) {
            closeEvaluator();
            evaluator = new Evaluator(this, data, loss);
        }
    }

    private void closeEvaluator() {
        if (evaluator != null) {
            evaluator.close();
            evaluator = null;
        }
    }

    // ---------------------------------------------------------------- looking inside

    /**
     * The values of every layer for some samples, in the order of the graph's nodes: features of a network, codes of an
     * encoder. Dropout does nothing.
     *
     * @param samples each in row-major order of the graph's input shape
     * @return by the layers' names, each {@code [samples,...]}
     * @throws ShapeException if a sample has more or fewer values
     * @throws WeftException if the graph has several inputs
     */
    public Map<String, HostTensor> activations(float[]... samples) {
        return activations(Map.of(graph().input().name(), Predictor.batch(graph(), samples)));
    }

    /**
     * The values of every layer for a batch, by the layers' names.
     *
     * @param x a batch {@code [rows,...]} for the graph's only input
     */
    public Map<String, HostTensor> activations(HostTensor x) {
        return activations(Map.of(graph().input().name(), x));
    }

    /**
     * The values of every layer for a batch of each of the graph's inputs, by the layers' names.
     *
     * @param x by the inputs' names, each {@code [rows,...]}
     */
    public Map<String, HostTensor> activations(Map<String, HostTensor> x) {
        try (Occupancy.Use use = occupancy.use()) {
            if (everyLayer == null) {
                GraphLowering all = new GraphLowering(graph().withEveryOutput(), layout(), seed());
                everyLayer = Predictor.live(all, backend, held());
            }
            return everyLayer.predict(x);
        }
    }

    /**
     * The gradients of the mean loss over a data set, all in one batch, with respect to every parameter. Neither parameters
     * nor states change, and dropout does nothing. The gradient of a parameter that does not affect the loss is zero.
     *
     * @return by the parameters' names, each of the parameter's shape
     * @throws ShapeException if data set, graph and loss do not fit together
     * @throws WeftException if the graph has no parameters
     * @throws dev.weft.OutOfDeviceMemoryException if the batch does not fit
     */
    public Map<String, HostTensor> gradients(Dataset batch, Loss loss) {
        try (Occupancy.Use use = occupancy.use()) {
            CompiledStep step = Step.gradients(this, loss).compile(DataTensors.of("gradients", batch), batch.size());
            try (BoundStep bound = BoundStep.of(List.of(step), backend, held(), MemoryMode.ARENA)) {
                bound.write(batch.columns());
                bound.executable().run(StepRange.single(0, batch.size()));
                Map<String, HostTensor> all = new LinkedHashMap<>();
                for (Parameter parameter : graph().parameters()) {
                    all.put(parameter.name(), bound.read(layout().gradient(parameter.name())));
                }
                return all;
            }
        }
    }

    /** What steps need not allocate: the buffers that the model holds. */
    Map<TensorRef, Memory> held() {
        Map<TensorRef, Memory> held = new LinkedHashMap<>();
        layout().buffers().forEach(buffer -> held.put(buffer, memory));
        return held;
    }

    // ---------------------------------------------------------------- files

    /**
     * Writes the model to a safetensors file, from which {@link #load(Path, Backend)} makes it again. An existing file is replaced
     * only once the new one is complete.
     *
     * @throws DataException if the file cannot be written
     */
    public void save(Path file) {
        save(file, Map.of());
    }

    /**
     * The same with a description of one's own. Beside it the metadata hold the graph as {@link dev.weft.io.GraphFile} writes it, the seed, the
     * preparation and {@link Backend#kernels}. A graph that no file can hold is left out, with a warning.
     *
     * @param metadata free text by name, which {@link SafeTensors#metadata} reads back
     * @throws DataException if the file cannot be written
     */
    public void save(Path file, Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("format", "weft"));
        if (!backend.kernels().isEmpty()) {
            all.put("kernels", backend.kernels());
        }
        try {
            new SavedModel(graph(), seed(), preparation).writeTo(all);
        } catch (WeftException e) {
            Warnings.warn(
                    LOG, "the model is saved without its graph, so that Model.load cannot read it: " + e.getMessage());
        }
        all.putAll(metadata);
        Map<String, HostTensor> tensors = parameters();
        tensors.putAll(states());
        SafeTensors.write(file, tensors, all);
    }

    /**
     * Reads the values of all parameters and states from a safetensors file, and nothing else of it. If anything does not fit, the
     * model stays as it is.
     *
     * @throws DataException if the file cannot be read or lacks one of them
     * @throws ShapeException if a shape differs
     */
    public void loadParameters(Path file) {
        values(file, graph()).forEach(this::setParameter);
    }

    /** Of all parameters and states. */
    private static Map<String, HostTensor> values(Path file, Graph graph) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        graph.parameters().forEach(parameter -> shapes.put(parameter.name(), parameter.shape()));
        graph.states().forEach(state -> shapes.put(state.name(), state.shape()));
        Map<String, HostTensor> tensors = SafeTensors.read(file, shapes.keySet());
        shapes.forEach((name, shape) -> {
            Shape held = tensors.get(name).shape();
            if (!held.equals(shape)) {
                throw new ShapeException(name, "the graph needs shape %s, %s has %s".formatted(shape, file, held));
            }
        });
        return tensors;
    }

    /**
     * Frees the parameters; the backend stays open.
     *
     * @throws WeftException in a callback of the model's training, or while another thread uses the model
     */
    @Override
    public void close() {
        try (Occupancy.Use use = occupancy.useToClose()) {
            closeEvaluator();
            Stream.of(live, everyLayer).filter(Objects::nonNull).forEach(Predictor::close);
            memory.close();
        }
    }
}
