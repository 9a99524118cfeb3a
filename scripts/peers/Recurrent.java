import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Random;
import peers.common.Bench;

/**
 * The recurrent networks of CpuBenchmark with DJL and PyTorch; bench-cpu runs it on the class path of the peers. The rows of
 * images as 28 steps of 28 values through 128 units, whose last output is classified; or characters as vectors of 64 (here
 * random numbers, so that their table costs PyTorch nothing) through 256 units in 100 steps, each of which tells the next one
 * of 80. usage: lstm|gru|rnn|chars BATCH
 */
public final class Recurrent {
    private static final int BATCHES = 4;

    public static void main(String[] args) {
        String kind = args[0];
        int batch = Integer.parseInt(args[1]);
        boolean chars = kind.equals("chars");
        int steps = chars ? 100 : 28;
        int width = chars ? 64 : 28;
        int classes = chars ? 80 : 10;
        RecurrentBlock.BaseBuilder<?> builder = switch (kind) {
            case "gru" -> GRU.builder();
            case "rnn" -> RNN.builder().setActivation(RNN.Activation.TANH);
            default -> LSTM.builder();
        };
        builder.setStateSize(chars ? 256 : 128).setNumLayers(1).optBatchFirst(true).optReturnState(false);
        RecurrentBlock layer = builder instanceof GRU.Builder gru
                ? gru.build()
                : builder instanceof RNN.Builder rnn ? rnn.build() : ((LSTM.Builder) builder).build();
        SequentialBlock block = new SequentialBlock().add(layer);
        if (!chars) {
            block.add(new LambdaBlock(x -> new NDList(x.singletonOrThrow().get(":, -1")), "last"));
        }
        block.add(Linear.builder().setUnits(classes).build());
        Loss loss = Loss.softmaxCrossEntropyLoss("loss", 1, -1, true, true);
        Optimizer adam =
                Optimizer.adam().optLearningRateTracker(Tracker.fixed(1e-3f)).build();
        try (Model model = Model.newInstance(kind, "PyTorch");
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            model.setBlock(block);
            try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(loss).optOptimizer(adam))) {
                trainer.initialize(new Shape(batch, steps, width));
                NDArray[] x = new NDArray[BATCHES];
                NDArray[] labels = new NDArray[BATCHES];
                Random random = new Random(1);
                int perRow = chars ? steps : 1;
                for (int i = 0; i < BATCHES; i++) {
                    float[] values = new float[batch * steps * width];
                    for (int j = 0; j < values.length; j++) {
                        values[j] = random.nextFloat();
                    }
                    float[] classOf = new float[batch * perRow];
                    for (int j = 0; j < classOf.length; j++) {
                        classOf[j] = random.nextInt(classes);
                    }
                    x[i] = manager.create(values, new Shape(batch, steps, width));
                    labels[i] = manager.create(classOf, chars ? new Shape(batch, steps, 1) : new Shape(batch, 1));
                }
                Bench.Times times = Bench.steps(i -> step(trainer, loss, x[i % BATCHES], labels[i % BATCHES]));
                Bench.report("djl-pytorch", kind, "adam", batch, times);
            }
        }
    }

    private static void step(Trainer trainer, Loss loss, NDArray x, NDArray labels) {
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDList y = trainer.forward(new NDList(x));
            NDArray value = loss.evaluate(new NDList(labels), y);
            collector.backward(value);
            y.close();
            value.close();
        }
        trainer.step();
    }
}
