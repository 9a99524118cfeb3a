import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Random;
import peers.common.Bench;

/**
 * The generative pair of CpuBenchmark, 64-256-784 against 784-256-1, with DJL and PyTorch; bench-cpu runs it on the class path
 * of the peers. The critic learns from fakes of which no gradient is recorded; the generator's are made anew, since DJL clears
 * the gradients with each collector. usage: BATCH
 */
public final class GenerativePair {
    private static final int BATCHES = 8;

    public static void main(String[] args) {
        int batch = Integer.parseInt(args[0]);
        Loss loss = Loss.l2Loss("squared error", 1);
        try (Model generator = model("generator", 784, true);
                Model critic = model("critic", 1, false);
                Trainer g = trainer(generator, loss, new Shape(batch, 64));
                Trainer d = trainer(critic, loss, new Shape(batch, 784));
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray[] images = new NDArray[BATCHES];
            Random random = new Random(1);
            for (int i = 0; i < BATCHES; i++) {
                float[] pixels = new float[batch * 784];
                for (int j = 0; j < pixels.length; j++) {
                    pixels[j] = random.nextFloat();
                }
                images[i] = manager.create(pixels, new Shape(batch, 784));
            }
            Bench.Times times = Bench.steps(i -> step(g, d, loss, images[i % BATCHES], batch));
            Bench.report("djl-pytorch", "pair", "adam", batch, times);
        }
    }

    private static Model model(String name, int outputs, boolean sigmoid) {
        SequentialBlock block = new SequentialBlock()
                .add(Linear.builder().setUnits(256).build())
                .add(Activation::relu)
                .add(Linear.builder().setUnits(outputs).build());
        if (sigmoid) {
            block.add(Activation::sigmoid);
        }
        Model model = Model.newInstance(name, "PyTorch");
        model.setBlock(block);
        return model;
    }

    private static Trainer trainer(Model model, Loss loss, Shape input) {
        Optimizer adam =
                Optimizer.adam().optLearningRateTracker(Tracker.fixed(2e-4f)).build();
        Trainer trainer = model.newTrainer(new DefaultTrainingConfig(loss).optOptimizer(adam));
        trainer.initialize(input);
        return trainer;
    }

    private static void step(Trainer g, Trainer d, Loss loss, NDArray images, int batch) {
        try (NDManager manager = d.getManager().newSubManager()) {
            NDArray real = images.reshape(images.getShape());
            real.attach(manager);
            NDArray z = manager.randomNormal(0, 1, new Shape(batch, 64), DataType.FLOAT32);
            NDArray one = manager.ones(new Shape(batch, 1));
            NDArray zero = manager.zeros(new Shape(batch, 1));
            NDArray fake = g.forward(new NDList(z)).singletonOrThrow().stopGradient();
            fake.attach(manager);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray onReal = loss.evaluate(new NDList(one), d.forward(new NDList(real)));
                NDArray onFake = loss.evaluate(new NDList(zero), d.forward(new NDList(fake)));
                collector.backward(onReal.add(onFake));
            }
            d.step();
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDList again = g.forward(new NDList(z));
                collector.backward(loss.evaluate(new NDList(one), d.forward(again)));
            }
            g.step();
        }
    }
}
