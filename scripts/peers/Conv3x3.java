import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Random;
import peers.common.Bench;

/** The 3x3 network of CpuBenchmark with DJL and PyTorch; bench-cpu runs it on the class path of the peers. usage: BATCH */
public final class Conv3x3 {
    private static final int BATCHES = 8;

    public static void main(String[] args) {
        int batch = Integer.parseInt(args[0]);
        SequentialBlock block = new SequentialBlock();
        for (int filters : new int[] {32, 64, 128}) {
            block.add(Conv2d.builder()
                            .setFilters(filters)
                            .setKernelShape(new Shape(3, 3))
                            .optPadding(new Shape(1, 1))
                            .build())
                    .add(Activation::relu)
                    .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)));
        }
        block.add(Blocks.batchFlattenBlock()).add(Linear.builder().setUnits(10).build());
        Loss loss = Loss.softmaxCrossEntropyLoss();
        Optimizer adam =
                Optimizer.adam().optLearningRateTracker(Tracker.fixed(1e-3f)).build();
        try (Model model = Model.newInstance("conv3x3", "PyTorch");
                NDManager manager = NDManager.newBaseManager("PyTorch")) {
            model.setBlock(block);
            try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(loss).optOptimizer(adam))) {
                trainer.initialize(new Shape(batch, 3, 32, 32));
                NDArray[] images = new NDArray[BATCHES];
                NDArray[] labels = new NDArray[BATCHES];
                Random random = new Random(1);
                for (int i = 0; i < BATCHES; i++) {
                    float[] pixels = new float[batch * 3 * 32 * 32];
                    for (int j = 0; j < pixels.length; j++) {
                        pixels[j] = (random.nextFloat() - 0.13f) / 0.31f;
                    }
                    images[i] = manager.create(pixels, new Shape(batch, 3, 32, 32));
                    labels[i] = manager.create(random.longs(batch, 0, 10).toArray(), new Shape(batch));
                }
                Bench.Times times =
                        Bench.steps(i -> step(trainer, loss, images[i % BATCHES], labels[i % BATCHES]));
                Bench.report("djl-pytorch", "conv3x3", "adam", batch, times);
            }
        }
    }

    private static void step(Trainer trainer, Loss loss, NDArray images, NDArray labels) {
        try (NDManager manager = trainer.getManager().newSubManager()) {
            // views that the manager frees together with what is computed from them
            NDArray x = images.reshape(images.getShape());
            x.attach(manager);
            NDArray y = labels.reshape(labels.getShape());
            y.attach(manager);
            try (GradientCollector collector = trainer.newGradientCollector()) {
                collector.backward(loss.evaluate(new NDList(y), trainer.forward(new NDList(x))));
            }
            trainer.step();
        }
    }
}
