package dev.weft.train;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.io.SafeTensors;
import dev.weft.layer.Parameter;
import dev.weft.layer.Softmax;
import dev.weft.loss.Loss;
import dev.weft.program.Compiler;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * A graph with its parameters in a backend's memory. Used by one thread at a time; a second one gets an exception.
 */
public final class Model implements AutoCloseable {
    private static final int EVALUATION_BATCH = 256;
    private static final int PREDICTION_BATCH = 64;

    private final Graph graph;
    private final Backend backend;
    private final long seed;
    private final ParameterLayout layout;
    private final Compiler compiler;
    private final Memory memory;
    private final Map<Integer, Executable> predictions = new HashMap<>();
    private BoundDataset evaluated;
    private final Occupancy occupancy = new Occupancy();

    private Model(Graph graph, Backend backend, long seed) {
        this.graph = graph;
        this.backend = backend;
        this.seed = seed;
        this.layout = new ParameterLayout(graph.parameters());
        this.compiler = new Compiler(graph, layout, seed);
        this.memory = backend.allocate(List.of(layout.parameters()));
    }

    /**
     * A model with fresh parameters.
     *
     * @param backend must stay open as long as the model
     * @param seed decides initial parameters, shuffling and dropout; the same seed gives the same model on one backend
     * @throws dev.weft.OutOfDeviceMemoryException if the parameters do not fit
     */
    public static Model create(Graph graph, Backend backend, long seed) {
        Model model = new Model(graph, backend, seed);
        for (Parameter parameter : graph.parameters()) {
            float[] values = new float[Math.toIntExact(parameter.shape().elements())];
            parameter
                    .initializer()
                    .fill(values, parameter.fanIn(), parameter.fanOut(), Philox.sequence(seed, parameter.name(), 0));
            model.memory.write(model.layout.view(parameter.name()), HostTensor.of(parameter.shape(), values));
        }
        return model;
    }

    /** The network. */
    public Graph graph() {
        return graph;
    }

    /** The backend that holds the parameters; the model does not close it. */
    public Backend backend() {
        return backend;
    }

    /** The key of the model's random numbers: initial parameters, shuffling, dropout. */
    public long seed() {
        return seed;
    }

    ParameterLayout layout() {
        return layout;
    }

    Compiler compiler() {
        return compiler;
    }

    Memory memory() {
        return memory;
    }

    Occupancy occupancy() {
        return occupancy;
    }

    /**
     * A copy of a parameter.
     *
     * @param name for example {@code conv1.weight}
     * @throws WeftException if there is none of that name; the message lists the names
     */
    public HostTensor parameter(String name) {
        try (Occupancy.Use use = occupancy.use()) {
            return memory.read(layout.view(name));
        }
    }

    /** All parameters by name. */
    public Map<String, HostTensor> parameters() {
        try (Occupancy.Use use = occupancy.use()) {
            Map<String, HostTensor> all = new LinkedHashMap<>();
            for (Parameter parameter : graph.parameters()) {
                all.put(parameter.name(), memory.read(layout.view(parameter.name())));
            }
            return all;
        }
    }

    /**
     * Replaces the values of a parameter.
     *
     * @throws ShapeException if the shape differs
     */
    public void setParameter(String name, HostTensor values) {
        try (Occupancy.Use use = occupancy.use()) {
            TensorRef view = layout.view(name);
            if (!view.shape().equals(values.shape())) {
                throw new ShapeException(name, "needs shape " + view.shape() + ", got " + values.shape());
            }
            memory.write(view, values);
        }
    }

    /**
     * The graph's output for one sample, as it is (logits, for a classifier).
     *
     * @param sample values in row-major order of the graph's input shape
     * @throws ShapeException if there are more or fewer values
     */
    public float[] predict(float[] sample) {
        return predict(new float[][] {sample})[0];
    }

    /** The graph's output for each sample. A row does not depend on the others. */
    public float[][] predict(float[][] samples) {
        try (Occupancy.Use use = occupancy.use()) {
            int capacity = samples.length == 1 ? 1 : PREDICTION_BATCH;
            Executable executable = predictions.computeIfAbsent(capacity, n -> bind(compiler.prediction(n)));
            TensorRef input = executable.program().inputs().get(0);
            TensorRef output = executable.program().outputs().get(0);
            int inputRow = input.elements() / capacity;
            int outputRow = output.elements() / capacity;
            float[] batch = new float[input.elements()];
            float[][] results = new float[samples.length][outputRow];
            for (int start = 0; start < samples.length; start += capacity) {
                int rows = Math.min(capacity, samples.length - start);
                for (int i = 0; i < rows; i++) {
                    float[] sample = samples[start + i];
                    if (sample.length != inputRow) {
                        throw new ShapeException(
                                "predict",
                                "sample %d has %d values, the graph needs %d for shape %s"
                                        .formatted(
                                                start + i,
                                                sample.length,
                                                inputRow,
                                                graph.input().shape()));
                    }
                    System.arraycopy(sample, 0, batch, i * inputRow, inputRow);
                }
                executable.write(input, HostTensor.of(input.shape(), batch));
                executable.run(StepRange.single(0, rows));
                float[] values = executable.read(output).floats();
                for (int i = 0; i < rows; i++) {
                    System.arraycopy(values, i * outputRow, results[start + i], 0, outputRow);
                }
            }
            return results;
        }
    }

    /**
     * The class probabilities for one sample: the softmax of {@link #predict}, or its output where that is a softmax.
     *
     * @throws ShapeException if the output is no vector, or as {@link #predict}
     * @throws WeftException if a probability is NaN; the message names the parameter or the sample that it comes from
     */
    public float[] predictProbabilities(float[] sample) {
        return predictProbabilities(new float[][] {sample})[0];
    }

    /** The class probabilities for each sample. */
    public float[][] predictProbabilities(float[][] samples) {
        float[][] outputs = predict(samples);
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = probabilities(outputs[i]);
            for (float probability : outputs[i]) {
                if (Float.isNaN(probability)) {
                    throw new WeftException("predict: a probability of sample %d is NaN; %s"
                            .formatted(i, nonFiniteSource(samples.length, n -> samples[n])));
                }
            }
        }
        return outputs;
    }

    /** Where a result that is not finite comes from. */
    private String nonFiniteSource(int samples, IntFunction<float[]> sample) {
        for (Map.Entry<String, HostTensor> parameter : parameters().entrySet()) {
            for (float value : parameter.getValue().floats()) {
                if (!Float.isFinite(value)) {
                    return "parameter %s has the value %s: train the model anew, with a lower learning rate"
                            .formatted(parameter.getKey(), value);
                }
            }
        }
        for (int i = 0; i < samples; i++) {
            for (float value : sample.apply(i)) {
                if (!Float.isFinite(value)) {
                    return "sample %d has the value %s: check the data".formatted(i, value);
                }
            }
        }
        return "all parameters and samples are finite, so products of them are too large for a float: check the data, and train with a lower learning rate";
    }

    private float[] probabilities(float[] outputs) {
        if (graph.output().layer() instanceof Softmax) {
            return outputs;
        }
        Shape shape = graph.output().shape();
        if (shape.rank() != 1) {
            throw new ShapeException(graph.output().name(), "probabilities need an output [C], got " + shape);
        }
        double max = Double.NEGATIVE_INFINITY;
        for (float output : outputs) {
            max = Math.max(max, output);
        }
        double sum = 0;
        double[] exp = new double[outputs.length];
        for (int i = 0; i < exp.length; i++) {
            exp[i] = StrictMath.exp(outputs[i] - max);
            sum += exp[i];
        }
        float[] probabilities = new float[outputs.length];
        for (int i = 0; i < exp.length; i++) {
            probabilities[i] = (float) (exp[i] / sum);
        }
        return probabilities;
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
            Evaluation evaluation = evaluated.evaluate();
            if (!Double.isFinite(evaluation.loss())) {
                throw new WeftException("evaluate: the loss is %s; %s"
                        .formatted(evaluation.loss(), nonFiniteSource(data.size(), data::image)));
            }
            return evaluation;
        }
    }

    /** Allocates what {@link #evaluate} needs, and throws what it would throw. */
    void prepareEvaluation(Dataset data, Loss loss) {
        if (evaluated == null || evaluated.data != data || !evaluated.loss.equals(loss)) {
            closeEvaluated();
            evaluated = bind(data, loss);
        }
    }

    private BoundDataset bind(Dataset data, Loss loss) {
        DataTensors tensors = DataTensors.of("evaluate", data);
        int batch = Math.min(EVALUATION_BATCH, data.size());
        Program program = compiler.evaluation(loss, tensors, batch);
        Memory dataMemory = upload(data, tensors, List.of());
        try {
            dataMemory.write(tensors.order(), HostTensor.of(Shape.of(data.size()), Shuffle.identity(data.size())));
            Executable executable = backend.bind(List.of(program), List.of(memory, dataMemory), MemoryMode.ARENA)
                    .get(0);
            return new BoundDataset(data, loss, dataMemory, executable);
        } catch (RuntimeException e) {
            dataMemory.close();
            throw e;
        }
    }

    /** Allocates a data set and {@code others} beside it, and copies the data set there. */
    Memory upload(Dataset data, DataTensors tensors, List<TensorRef> others) {
        List<TensorRef> all = new java.util.ArrayList<>(tensors.tensors());
        all.addAll(others);
        Memory dataMemory = backend.allocate(all);
        dataMemory.write(tensors.features(), data.features());
        dataMemory.write(tensors.targets(), data.targets());
        return dataMemory;
    }

    private record BoundDataset(Dataset data, Loss loss, Memory memory, Executable executable) {
        Evaluation evaluate() {
            Program program = executable.program();
            int batch = program.batch();
            int metrics = program.metrics().size();
            double[] values = new double[metrics];
            double lossSum = 0;
            double correct = 0;
            for (int offset = 0; offset < data.size(); offset += batch) {
                int rows = Math.min(batch, data.size() - offset);
                executable.run(StepRange.single(offset, rows));
                executable.metrics(values);
                lossSum += values[0] * rows;
                correct += metrics > 1 ? values[1] : Double.NaN;
            }
            return new Evaluation(lossSum / data.size(), correct / data.size(), data.size());
        }
    }

    private Executable bind(Program program) {
        return backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA).get(0);
    }

    /**
     * Writes all parameters to a safetensors file. An existing file is replaced only once the new one is complete.
     *
     * @throws dev.weft.DataException if the file cannot be written
     */
    public void save(Path file) {
        save(file, Map.of());
    }

    /**
     * Writes all parameters to a safetensors file, with a description of the model and {@link Backend#kernels}.
     *
     * @param metadata free text by name, which {@link SafeTensors#metadata} reads back
     * @throws dev.weft.DataException if the file cannot be written
     */
    public void save(Path file, Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("format", "weft"));
        if (!backend.kernels().isEmpty()) {
            all.put("kernels", backend.kernels());
        }
        all.putAll(metadata);
        SafeTensors.write(file, parameters(), all);
    }

    /**
     * Reads all parameters from a safetensors file. If anything does not fit, the model stays as it is.
     *
     * @throws dev.weft.DataException if the file cannot be read or lacks a parameter
     * @throws ShapeException if a shape differs
     */
    public void load(Path file) {
        List<Parameter> parameters = graph.parameters();
        Map<String, HostTensor> tensors =
                SafeTensors.read(file, parameters.stream().map(Parameter::name).toList());
        for (Parameter parameter : parameters) {
            HostTensor values = tensors.get(parameter.name());
            if (!values.shape().equals(parameter.shape())) {
                throw new ShapeException(
                        parameter.name(),
                        "the graph needs shape %s, %s has %s".formatted(parameter.shape(), file, values.shape()));
            }
        }
        for (Parameter parameter : parameters) {
            setParameter(parameter.name(), tensors.get(parameter.name()));
        }
    }

    private void closeEvaluated() {
        if (evaluated != null) {
            evaluated.executable.close();
            evaluated.memory.close();
            evaluated = null;
        }
    }

    /**
     * Frees the parameters; the backend stays open.
     *
     * @throws WeftException in a callback of the model's training, or while another thread uses the model
     */
    @Override
    public void close() {
        try (Occupancy.Use use = occupancy.useToClose()) {
            closeEvaluated();
            predictions.values().forEach(Executable::close);
            predictions.clear();
            memory.close();
        }
    }
}
