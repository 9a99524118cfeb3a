package dev.weft.conformance;

import static dev.weft.layer.Layers.activation;
import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.avgPool2d;
import static dev.weft.layer.Layers.bidirectional;
import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.gru;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.logSoftmax;
import static dev.weft.layer.Layers.lstm;
import static dev.weft.layer.Layers.maxOverTime;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.meanOverTime;
import static dev.weft.layer.Layers.prelu;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.reshape;
import static dev.weft.layer.Layers.sequenceDropout;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.simpleRnn;
import static dev.weft.layer.Layers.slice;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static dev.weft.layer.Layers.timeDistributed;

import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.init.Initializer;
import dev.weft.layer.Activations;
import dev.weft.layer.Cells;
import dev.weft.layer.Concat;
import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.layer.Parameter;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Map;

/** Small networks that between them hold every layer and both losses, with data to train them on. */
final class Networks {
    private Networks() {}

    /**
     * @param data three batches and a short one
     */
    record Network(String name, Graph graph, Loss loss, Dataset data, int batch) {
        @Override
        public String toString() {
            return name;
        }

        /** The same with one row less than a batch, so that the last row of a step is padding. */
        Network lackingARow() {
            return new Network(name + ", a row of padding", graph, loss, data.slice(0, batch - 1), batch);
        }
    }

    static List<Network> all() {
        return List.of(
                everyLayer(),
                convolutions(),
                fewFilters(),
                perceptron(),
                manyInputs(),
                manyRows(),
                poolings(),
                manyClasses(),
                wideValues(),
                gates(),
                sharedLayers(),
                autoencoder(),
                centered(),
                formulas(),
                sequences());
    }

    /** For backends that execute layers of large weights in another way. */
    static List<Network> ofLargeWeights() {
        return List.of(largeWeights(), largeWeightsOfImages(), largeWeightsForValues());
    }

    /** Every layer once or more; the output of the first activation is read three times. */
    private static Network everyLayer() {
        Shape image = Shape.of(2, 9, 8);
        Graph.Builder b = Graph.builder(image);
        Node first = b.add(relu(), b.add(conv2d(4, 3).padding(1), b.input()));
        Node same = b.add(tanh(), b.add(conv2d(4, 3).padding(1).withoutBias(), first));
        Node sum = b.add(add(), first, same, first);
        Node joined = b.add(concat(), sum, b.add(sigmoid(), b.add(conv2d(3, 1), first)));
        Node maximum = b.add(maxPool2d(2).stride(2).padding(1), joined);
        Node mean = b.add(avgPool2d(3).stride(2).padding(1), joined);
        Node pooled = b.add(reshape(35, 9), b.add(new Concat(2), maximum, mean));
        Node features = b.add(dropout(0.25), b.add(flatten(), pooled));
        Node hidden = b.add(tanh(), b.add(linear(7), features));
        Node weights = b.add(softmax(), b.add(linear(7).withoutBias(), hidden));
        Node output = b.add(linear(5), b.add(add(), hidden, weights));
        Graph graph = b.build(output);
        return new Network("every layer", graph, Loss.softmaxCrossEntropy(), pictures("every layer", image), 3);
    }

    /** Formulas between convolutions and between linear layers, one with a parameter, and a loss of several ops. */
    private static Network formulas() {
        Shape image = Shape.of(2, 9, 8);
        Graph graph = Graph.sequential(
                image,
                conv2d(4, 3).padding(1),
                prelu(),
                conv2d(5, 3),
                activation(Activations.gelu()),
                maxPool2d(2),
                flatten(),
                linear(11),
                activation(Activations.mish()),
                linear(5),
                logSoftmax());
        return new Network("formulas", graph, Loss.smoothedCrossEntropy(0.1), pictures("formulas", image), 3);
    }

    /** Convolutions with bias, activation and pooling of many kinds, over images of several tiles. */
    private static Network convolutions() {
        Shape image = Shape.of(2, 15, 37);
        Graph.Builder b = Graph.builder(image);
        Node first = b.add(maxPool2d(2), b.add(tanh(), b.add(conv2d(16, 5).padding(2), b.input())));
        Node smooth = b.add(maxPool2d(3), b.add(sigmoid(), b.add(conv2d(9, 3), first)));
        Node kinked = b.add(maxPool2d(2), b.add(relu(), b.add(conv2d(3, 1), first)));
        Node strided = b.add(relu(), b.add(conv2d(5, 3).stride(2).padding(1), first));
        Node sum = b.add(add(), b.add(conv2d(4, 7).padding(3), kinked), b.add(conv2d(4, 1), kinked));
        Node output = b.add(
                add(),
                b.add(linear(5), b.add(flatten(), smooth)),
                b.add(linear(5), b.add(flatten(), strided)),
                b.add(linear(5), b.add(flatten(), sum)));
        return new Network(
                "convolutions", b.build(output), Loss.softmaxCrossEntropy(), pictures("convolutions", image), 3);
    }

    /** Few filters with bias and many rows, so that a block of a filter gradient has more threads than there are weights. */
    private static Network fewFilters() {
        Shape image = Shape.of(1, 41, 3);
        Graph.Builder b = Graph.builder(image);
        Node eight = b.add(relu(), b.add(conv2d(8, 5).padding(2), b.input()));
        Node six = b.add(relu(), b.add(conv2d(6, 5).padding(2), b.input()));
        Node one = b.add(relu(), b.add(conv2d(1, 3).padding(1), b.input()));
        Node three = b.add(maxPool2d(2), b.add(relu(), b.add(conv2d(3, 7).padding(3), b.input())));
        Node output = b.add(
                add(),
                b.add(linear(5), b.add(flatten(), b.add(concat(), eight, six, one))),
                b.add(linear(5), b.add(flatten(), three)));
        return new Network(
                "few filters", b.build(output), Loss.softmaxCrossEntropy(), pictures("few filters", image), 3);
    }

    /** Random images of five classes: three batches of three and a short one. */
    private static Dataset pictures(String name, Shape image) {
        return pictures(name, 11, image);
    }

    private static Dataset pictures(String name, int rows, Shape image) {
        byte[] bytes = new byte[rows * Math.toIntExact(image.elements())];
        int[] labels = new int[rows];
        Philox.Sequence random = Philox.sequence(5, name, 0);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(5);
        }
        return Dataset.ofBytes(image, bytes, labels, 5).normalized(0.5, 0.29);
    }

    /** A perceptron that fits values. */
    private static Network perceptron() {
        Shape sample = Shape.of(5);
        Shape target = Shape.of(2);
        Graph graph = Graph.sequential(sample, linear(17), sigmoid(), linear(16), tanh(), linear(2));
        return new Network("perceptron", graph, Loss.meanSquaredError(), values("perceptron", 23, sample, target), 7);
    }

    /** Long sums over the inputs of a layer whose output is read twice. */
    private static Network manyInputs() {
        Shape sample = Shape.of(2051);
        Shape target = Shape.of(3);
        Graph.Builder b = Graph.builder(sample);
        Node first = b.add(linear(6), b.input());
        Graph graph = b.build(b.add(linear(3), b.add(add(), first, b.add(tanh(), first))));
        return new Network("many inputs", graph, Loss.meanSquaredError(), values("many inputs", 17, sample, target), 5);
    }

    /** Long sums over the rows of a batch. */
    private static Network manyRows() {
        Shape sample = Shape.of(4);
        Shape target = Shape.of(1);
        Graph graph = Graph.sequential(sample, linear(5), tanh(), linear(1));
        return new Network(
                "many rows", graph, Loss.meanSquaredError(), values("many rows", 4700, sample, target), 1501);
    }

    private static Dataset values(String name, int rows, Shape sample, Shape target) {
        Philox.Sequence random = Philox.sequence(5, name, 0);
        float[] values = new float[rows * Math.toIntExact(sample.elements())];
        float[] targets = new float[rows * Math.toIntExact(target.elements())];
        // rows of length one or so: with long ones the training diverges
        double scale = 1 / Math.sqrt(sample.elements());
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * random.nextNormal());
        }
        for (int i = 0; i < targets.length; i++) {
            targets[i] = (float) random.nextNormal();
        }
        return Dataset.ofTargets(sample, values, target, targets);
    }

    /** Poolings whose windows tile the image or overlap, each after an activation; dropout after one. */
    private static Network poolings() {
        Shape image = Shape.of(1, 8, 6);
        Graph graph = Graph.sequential(
                image,
                conv2d(3, 3).padding(1),
                relu(),
                maxPool2d(2),
                conv2d(2, 1),
                sigmoid(),
                maxPool2d(3).stride(1).padding(1),
                conv2d(3, 1),
                tanh(),
                maxPool2d(2),
                flatten(),
                linear(7),
                relu(),
                dropout(0.4),
                linear(4));
        int rows = 17;
        byte[] bytes = new byte[rows * Math.toIntExact(image.elements())];
        int[] labels = new int[rows];
        Philox.Sequence random = Philox.sequence(5, "poolings", 0);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(4);
        }
        return new Network(
                "poolings",
                graph,
                Loss.softmaxCrossEntropy(),
                Dataset.ofBytes(image, bytes, labels, 4).normalized(0.5, 0.29),
                5);
    }

    /** More rows and classes than one block of a GPU takes at once. */
    private static Network manyClasses() {
        int batch = 501;
        int rows = 3 * batch + 2;
        byte[] bytes = new byte[rows * 2];
        int[] labels = new int[rows];
        Philox.Sequence random = Philox.sequence(5, "many classes", 0);
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(33);
            bytes[2 * i] = (byte) labels[i];
            bytes[2 * i + 1] = (byte) random.nextInt();
        }
        return new Network(
                "many classes",
                Graph.sequential(Shape.of(2), linear(33)),
                Loss.softmaxCrossEntropy(),
                Dataset.ofBytes(Shape.of(2), bytes, labels, 33).normalized(0.5, 0.29),
                batch);
    }

    /** Rows of more values than one block of a GPU takes at once. */
    private static Network wideValues() {
        int width = 2399;
        int batch = 7;
        int rows = 3 * batch + 2;
        float[] values = new float[rows];
        float[] targets = new float[rows * width];
        Philox.Sequence random = Philox.sequence(5, "wide values", 0);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextNormal();
        }
        for (int i = 0; i < targets.length; i++) {
            targets[i] = (float) random.nextNormal();
        }
        return new Network(
                "wide values",
                Graph.sequential(Shape.of(1), linear(width)),
                Loss.meanSquaredError(),
                Dataset.ofTargets(Shape.of(1), values, Shape.of(width), targets),
                batch);
    }

    /** A layer of one's own that cuts its weight and an inner tensor into parts. */
    private static Network gates() {
        Shape sample = Shape.of(6);
        Shape target = Shape.of(2);
        Graph graph = Graph.sequential(sample, new Gates(9), linear(2));
        return new Network("gates", graph, Loss.meanSquaredError(), values("gates", 37, sample, target), 11);
    }

    /** {@code y = tanh(x a') + sigmoid(x b') + x c'}, with a, b and c one above the other in one weight. */
    private record Gates(int size) implements Layer {
        @Override
        public String kind() {
            return "gates";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return Shape.of(size);
        }

        @Override
        public List<Parameter> parameters(List<Shape> inputs) {
            int fanIn = inputs.get(0).get(0);
            return List.of(
                    new Parameter("weight", Shape.of(3 * size, fanIn), Initializer.glorotUniform(), fanIn, size));
        }

        @Override
        public TensorRef lower(Lowering l, List<TensorRef> inputs) {
            TensorRef x = inputs.get(0);
            TensorRef weight = l.parameter("weight");
            int fanIn = weight.shape().get(1);
            TensorRef ab = TensorRef.unbatched(l.layer() + ".ab", DType.REAL, Shape.of(2 * size, fanIn));
            TensorRef c = TensorRef.unbatched(l.layer() + ".c", DType.REAL, Shape.of(size, fanIn));
            l.emit(new Op.Slice(l.layer(), weight, 0, 0, ab));
            l.emit(new Op.Slice(l.layer(), weight, 0, 2 * size, c));
            TensorRef both = l.inner("both", Shape.of(2 * size));
            TensorRef linear = l.inner("linear", Shape.of(size));
            l.emit(new Op.MatMul(l.layer(), x, ab, false, true, both));
            l.emit(new Op.MatMul(l.layer(), x, c, false, true, linear));
            TensorRef first = l.inner("first", Shape.of(size));
            TensorRef second = l.inner("second", Shape.of(size));
            l.emit(new Op.Slice(l.layer(), both, 1, 0, first));
            l.emit(new Op.Slice(l.layer(), both, 1, size, second));
            TensorRef smooth = l.inner("smooth", Shape.of(size));
            TensorRef gate = l.inner("gate", Shape.of(size));
            l.emit(new Op.Activation(l.layer(), Op.Nonlinearity.TANH, first, smooth));
            l.emit(new Op.Activation(l.layer(), Op.Nonlinearity.SIGMOID, second, gate));
            TensorRef sum = l.inner("sum", Shape.of(size));
            TensorRef y = l.output(Shape.of(size));
            l.emit(new Op.Add(l.layer(), smooth, gate, sum));
            l.emit(new Op.Add(l.layer(), sum, linear, y));
            return y;
        }
    }

    /** A convolution, a linear layer and a whole graph that are applied twice, with dropout of its own each time. */
    private static Network sharedLayers() {
        Shape image = Shape.of(3, 8, 7);
        Graph head = Graph.sequential(Shape.of(4, 4, 3), flatten(), dropout(0.25), linear(9), tanh());
        Graph.Builder b = Graph.builder(image);
        Node first = b.add(relu(), b.add("conv", conv2d(3, 3).padding(1), b.input()));
        Node second = b.add(sigmoid(), b.reuse("again", "conv", first));
        Node left = b.add(maxPool2d(2), b.add("wide", conv2d(4, 3).padding(1), second));
        Node right = b.add(maxPool2d(2), b.reuse("wider", "wide", b.add(add(), first, second)));
        Node sum = b.add(add(), b.add("left", head, left), b.reuse("right", "left", right));
        Node hidden = b.add(tanh(), b.reuse("more", "hidden", b.add(tanh(), b.add("hidden", linear(9), sum))));
        Graph graph = b.build(b.add("classes", linear(5), hidden));
        return new Network("shared layers", graph, Loss.softmaxCrossEntropy(), pictures("shared layers", image), 3);
    }

    /** The decoder has the encoder's weights transposed, once as they are and once cut off from their bias. */
    private static Network autoencoder() {
        Shape sample = Shape.of(13);
        Graph.Builder b = Graph.builder(sample);
        Node code = b.add(sigmoid(), b.add("encoder", linear(5), b.input()));
        Node deep = b.add(tanh(), b.add("deep", linear(3).withoutBias(), code));
        Node back = b.tie("back", linear(5).transposed().withoutBias(), Map.of("weight", "deep.weight"), deep);
        Node y = b.tie("decoder", linear(13).transposed(), Map.of("weight", "encoder.weight"), b.add(tanh(), back));
        return new Network(
                "autoencoder", b.build(y), Loss.meanSquaredError(), values("autoencoder", 23, sample, sample), 7);
    }

    /** A layer that remembers, and another that reads what it remembers. */
    private static Network centered() {
        Shape sample = Shape.of(6);
        Graph.Builder b = Graph.builder(sample);
        Node first = b.add("centered", new Centered(), b.add(tanh(), b.add(linear(7), b.input())));
        Node second = b.reuse("again", "centered", b.add(sigmoid(), b.add(linear(7), first)));
        Graph graph = b.build(b.add(linear(2), second));
        return new Network("centered", graph, Loss.meanSquaredError(), values("centered", 37, sample, Shape.of(2)), 11);
    }

    /** Recurrent layers in both directions, from states that another one ends in, and what goes with them. */
    private static Network sequences() {
        Shape sample = Shape.of(5, 4);
        Graph.Builder b = Graph.builder(sample);
        Node first = b.add(lstm(7).recurrentDropout(0.3), b.input());
        Node dropped = b.add(sequenceDropout(0.2), b.add(timeDistributed(linear(6)), first));
        Node both = b.add(bidirectional(recurrent(Cells.gruOriginal(), 3)), dropped);
        Node states = b.add("encoder", lstm(5).backwards().states(), both);
        Node decoded = b.add("decoder", lstm(5).withStart(), first, states);
        Node pooled = b.add(add(), b.add(meanOverTime(), decoded), b.add(maxOverTime(), decoded));
        Node last = b.add(simpleRnn(3).last(), b.add(bidirectional(gru(4)).sum(), both));
        Node hidden = b.add(slice(0, 0, 5), states);
        Graph graph = b.build(b.add(linear(2), b.add(concat(), pooled, last, hidden)));
        return new Network(
                "sequences", graph, Loss.meanSquaredError(), values("sequences", 59, sample, Shape.of(2)), 19);
    }

    /** More weights than a processor keeps close at hand, between layers without images, and rows for several parts. */
    private static Network largeWeights() {
        Shape image = Shape.of(1, 20, 20);
        Graph.Builder b = Graph.builder(image);
        Node hidden = b.add(relu(), b.add(linear(350), b.add(flatten(), b.input())));
        Node dropped = b.add(dropout(0.25), hidden);
        Node smooth = b.add(tanh(), b.add(linear(19), dropped));
        Node other = b.add(sigmoid(), b.add(linear(19).withoutBias(), dropped));
        Graph graph = b.build(b.add(linear(5), b.add(add(), smooth, other)));
        return new Network(
                "large weights", graph, Loss.softmaxCrossEntropy(), pictures("large weights", 113, image), 37);
    }

    /** The same after a convolution. */
    private static Network largeWeightsOfImages() {
        Shape image = Shape.of(1, 20, 20);
        Graph graph =
                Graph.sequential(image, conv2d(1, 3).padding(1), tanh(), flatten(), linear(350), tanh(), linear(5));
        return new Network(
                "large weights of images",
                graph,
                Loss.softmaxCrossEntropy(),
                pictures("large weights of images", image),
                3);
    }

    /** The same with a single value for each sample. */
    private static Network largeWeightsForValues() {
        Shape sample = Shape.of(400);
        Shape target = Shape.of(1);
        Graph graph = Graph.sequential(sample, linear(350), tanh(), linear(1));
        return new Network(
                "large weights for values",
                graph,
                Loss.meanSquaredError(),
                values("large weights for values", 395, sample, target),
                131);
    }
}
