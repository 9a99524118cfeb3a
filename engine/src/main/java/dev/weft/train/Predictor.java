package dev.weft.train;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Softmax;
import dev.weft.op.BatchRule;
import dev.weft.op.Op;
import dev.weft.program.BoundStep;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Predicts for any number of threads. It has a copy of a model's parameters and states, from the moment when it was made, on
 * the model's backend: the model may train on, change or be closed meanwhile. The backend must stay open.
 *
 * <p>One thread at a time executes a batch. Whoever comes meanwhile waits and shares the next one with the others that wait.
 * A thread that finds nobody executes its own samples at once. A sample's result is the same bits whatever it shares a batch
 * with, and however large that is.
 *
 * <p>A thread that is interrupted while it waits gets a {@link WeftException} and stays interrupted; the others go on.
 */
public final class Predictor implements AutoCloseable {
    /** Rows of the largest batch; more are predicted one batch after another. */
    private static final int MOST_ROWS = 64;

    private final Backend backend;
    private final GraphLowering network;
    private final Map<TensorRef, Memory> held;
    private final List<Memory> own;
    private final Map<Integer, BoundStep> steps = new HashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Request> waiting = new ArrayDeque<>();
    private boolean running;
    private boolean closed;
    private boolean freed;

    /** Predicts from memories that others hold, except for those that it owns, which it closes. */
    private Predictor(Backend backend, GraphLowering network, Map<TensorRef, Memory> held, List<Memory> own) {
        this.backend = backend;
        this.network = network;
        this.held = Map.copyOf(held);
        this.own = List.copyOf(own);
    }

    /** Predicts with a model's parameters as they are each time, for whoever has the model to himself. */
    static Predictor live(GraphLowering network, Backend backend, Map<TensorRef, Memory> held) {
        return new Predictor(backend, network, held, List.of());
    }

    /**
     * A predictor with a copy of the model's present parameters and states.
     *
     * @throws WeftException if another thread uses the model, it is closed, or samples of a batch depend on each other
     * @throws dev.weft.OutOfDeviceMemoryException if the copy does not fit
     */
    public static Predictor of(Model model) {
        try (Occupancy.Use use = model.occupancy().use()) {
            requireIndependentRows(model.lowering());
            List<TensorRef> buffers = model.layout().buffers();
            Memory copy = model.backend().allocate(buffers);
            Map<TensorRef, Memory> held = new LinkedHashMap<>();
            try {
                for (TensorRef buffer : buffers) {
                    copy.write(buffer, model.memory().read(buffer));
                    held.put(buffer, copy);
                }
            } catch (RuntimeException e) {
                copy.close();
                throw e;
            }
            return new Predictor(model.backend(), model.lowering(), held, List.of(copy));
        }
    }

    private static void requireIndependentRows(GraphLowering network) {
        for (Op op : Step.prediction(network).compile(null, 1).program().ops()) {
            boolean batched =
                    Stream.concat(op.inputs().stream(), op.outputs().stream()).anyMatch(TensorRef::batched);
            if (batched && op.batchRule() != BatchRule.MAPPED) {
                throw new WeftException(
                        "a predictor gathers samples of several callers, but the samples of a batch depend on each other or on their places in it: %s"
                                .formatted(Program.describe(op)));
            }
        }
    }

    // ---------------------------------------------------------------- what is predicted

    /** The network. */
    public Graph graph() {
        return network.graph();
    }

    /**
     * The graph's outputs, by name, for a batch of each of its inputs.
     *
     * @param x by the inputs' names, each {@code [rows,...]}
     * @return each {@code [rows,...]}, in the order of {@link Graph#outputs}
     * @throws ShapeException if a shape or type differs from what the graph needs
     * @throws WeftException if an input is missing or there is no such input, or the predictor is closed
     */
    public Map<String, HostTensor> predict(Map<String, HostTensor> x) {
        int rows = rows(x);
        List<List<HostTensor>> parts = new ArrayList<>();
        for (int from = 0; from < rows; from += MOST_ROWS) {
            int to = Math.min(rows, from + MOST_ROWS);
            List<HostTensor> inputs = new ArrayList<>();
            for (Node input : graph().inputs()) {
                HostTensor all = x.get(input.name());
                inputs.add(to - from == rows ? all : all.rows(from, to));
            }
            parts.add(submit(new Request(inputs, to - from)));
        }
        Map<String, HostTensor> outputs = new LinkedHashMap<>();
        for (int i = 0; i < graph().outputs().size(); i++) {
            int output = i;
            List<HostTensor> values =
                    parts.stream().map(part -> part.get(output)).toList();
            outputs.put(
                    graph().outputs().get(i).name(),
                    values.size() == 1 ? values.get(0) : HostTensor.stack(values, rows));
        }
        return outputs;
    }

    /** The number of rows, which all inputs have. */
    private int rows(Map<String, HostTensor> x) {
        for (String name : x.keySet()) {
            if (graph().inputs().stream().noneMatch(input -> input.name().equals(name))) {
                throw new WeftException(
                        "predict: the graph has no input %s; there are %s".formatted(name, graph().inputs()));
            }
        }
        int rows = 0;
        for (Node input : graph().inputs()) {
            HostTensor values = x.get(input.name());
            if (values == null) {
                throw new WeftException("predict: the input %s is missing; there are %s".formatted(input, x.keySet()));
            }
            rows = rows == 0 && values.shape().rank() > 0 ? values.shape().get(0) : rows;
            Shape needed = input.shape().batch(Math.max(1, rows));
            if (values.type() != input.type() || !values.shape().equals(needed)) {
                throw new ShapeException(
                        "predict",
                        "the input %s needs %s%s, got %s%s"
                                .formatted(input.name(), input.type(), needed, values.type(), values.shape()));
            }
        }
        return rows;
    }

    /**
     * The graph's output for one sample, as it is (logits, for a classifier).
     *
     * @param sample values in row-major order of the graph's input shape
     * @throws ShapeException if there are more or fewer values
     * @throws WeftException if the graph has several inputs or outputs, or the predictor is closed
     */
    public float[] predict(float[] sample) {
        return predict(new float[][] {sample})[0];
    }

    /** The graph's output for each sample. A row does not depend on the others. */
    public float[][] predict(float[][] samples) {
        Node output = graph().output();
        float[][] results = new float[samples.length][];
        if (samples.length > 0) {
            HostTensor x = batch(graph(), samples);
            float[] y = predict(Map.of(graph().input().name(), x))
                    .get(output.name())
                    .floats();
            int row = y.length / samples.length;
            for (int i = 0; i < results.length; i++) {
                results[i] = java.util.Arrays.copyOfRange(y, i * row, (i + 1) * row);
            }
        }
        return results;
    }

    /** Samples of the graph's only input as one tensor. */
    static HostTensor batch(Graph graph, float[]... samples) {
        Shape shape = graph.input().shape();
        int row = Math.toIntExact(shape.elements());
        float[] values = new float[Math.multiplyExact(samples.length, row)];
        for (int i = 0; i < samples.length; i++) {
            if (samples[i].length != row) {
                throw new ShapeException(
                        "predict",
                        "sample %d has %d values, the graph needs %d for shape %s"
                                .formatted(i, samples[i].length, row, shape));
            }
            System.arraycopy(samples[i], 0, values, i * row, row);
        }
        return HostTensor.of(shape.batch(samples.length), values);
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
                            .formatted(i, NonFiniteSource.of(parameters(), samples.length, n -> samples[n])));
                }
            }
        }
        return outputs;
    }

    private float[] probabilities(float[] outputs) {
        if (graph().output().layer() instanceof Softmax) {
            return outputs;
        }
        Shape shape = graph().output().shape();
        if (shape.rank() != 1) {
            throw new ShapeException(graph().output().name(), "probabilities need an output [C], got " + shape);
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

    private Map<String, HostTensor> parameters() {
        Map<String, HostTensor> all = new LinkedHashMap<>();
        network.layout()
                .views()
                .forEach((name, view) -> all.put(name, held.get(view.root()).read(view)));
        return all;
    }

    // ---------------------------------------------------------------- batches

    /** What a thread waits for: at most {@link #MOST_ROWS} rows. All but the first two are guarded by the lock. */
    private static final class Request {
        private final List<HostTensor> inputs;
        private final int rows;
        private List<HostTensor> outputs;
        private Throwable failure;
        private boolean done;

        Request(List<HostTensor> inputs, int rows) {
            this.inputs = inputs;
            this.rows = rows;
        }
    }

    private List<HostTensor> submit(Request request) {
        lock.lock();
        try {
            if (closed) {
                throw new WeftException("the predictor is closed");
            }
            waiting.add(request);
            while (!request.done) {
                if (running) {
                    await(request);
                } else {
                    executeNext();
                }
            }
        } finally {
            lock.unlock();
        }
        if (request.failure instanceof Error error) {
            throw error;
        } else if (request.failure != null) {
            throw (RuntimeException) request.failure;
        }
        return request.outputs;
    }

    private void await(Request request) {
        try {
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (!request.done) {
                // a batch that holds it already goes on without its thread
                waiting.remove(request);
                changed.signalAll();
                throw new WeftException("predict: the thread was interrupted while it waited for others", e);
            }
        }
    }

    /** Executes those that have waited longest, as many as fit, without the lock meanwhile. */
    private void executeNext() {
        List<Request> batch = new ArrayList<>();
        int rows = 0;
        while (!waiting.isEmpty() && rows + waiting.peek().rows <= MOST_ROWS) {
            rows += waiting.peek().rows;
            batch.add(waiting.remove());
        }
        running = true;
        lock.unlock();
        List<List<HostTensor>> outputs = null;
        Throwable failure = null;
        try {
            outputs = execute(batch, rows);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        lock.lock();
        running = false;
        for (int i = 0; i < batch.size(); i++) {
            Request request = batch.get(i);
            request.outputs = failure == null ? outputs.get(i) : null;
            request.failure = failure;
            request.done = true;
        }
        changed.signalAll();
    }

    /** The outputs of each request. */
    private List<List<HostTensor>> execute(List<Request> batch, int rows) {
        int capacity = capacity(rows);
        BoundStep step = steps.computeIfAbsent(capacity, this::bind);
        Executable executable = step.executable();
        Program program = executable.program();
        for (int i = 0; i < program.inputs().size(); i++) {
            int input = i;
            List<HostTensor> values =
                    batch.stream().map(request -> request.inputs.get(input)).toList();
            boolean whole = values.size() == 1 && rows == capacity;
            executable.write(program.inputs().get(i), whole ? values.get(0) : HostTensor.stack(values, capacity));
        }
        executable.run(StepRange.single(0, rows));
        List<List<HostTensor>> outputs = new ArrayList<>();
        batch.forEach(request -> outputs.add(new ArrayList<>()));
        for (TensorRef output : program.outputs()) {
            HostTensor values = executable.read(output);
            int from = 0;
            for (int i = 0; i < batch.size(); i++) {
                int to = from + batch.get(i).rows;
                outputs.get(i).add(to - from == capacity ? values : values.rows(from, to));
                from = to;
            }
        }
        return outputs;
    }

    /** Rows of the batch that so many are executed in: few sizes, and one alone where the bits would tell them apart. */
    private int capacity(int rows) {
        int capacity = backend.batchInvariant() ? 1 : MOST_ROWS;
        while (capacity < rows) {
            capacity *= 4;
        }
        return capacity;
    }

    private BoundStep bind(int rows) {
        return BoundStep.of(List.of(Step.prediction(network).compile(null, rows)), backend, held, MemoryMode.ARENA);
    }

    /** Refuses further predictions, waits for those that have been asked for, and frees the copy of the parameters. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            while (running || !waiting.isEmpty()) {
                changed.awaitUninterruptibly();
            }
            if (!freed) {
                freed = true;
                steps.values().forEach(BoundStep::close);
                own.forEach(Memory::close);
            }
        } finally {
            lock.unlock();
        }
    }
}
