package dev.weft.samples.bench;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import dev.weft.data.Dataset;
import dev.weft.data.Mnist;
import dev.weft.io.Reason;
import dev.weft.loss.Loss;
import dev.weft.samples.Network;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A training in a JVM of its own, timed from outside: start of the JVM, data, backend, training, evaluation, end. It is
 * what a person waits for.
 */
public final class FreshTraining {
    private static final String SEPARATOR = " ";

    private FreshTraining() {}

    /**
     * What is trained.
     *
     * @param images so many random ones; 0 for MNIST
     * @param epochs at most
     * @param accuracy where the training ends, 0 to 1; above 1 to train all epochs without evaluating
     */
    record Task(String network, int images, int epochs, double accuracy, long seed) {}

    /**
     * What came of it.
     *
     * @param accuracy of the last epoch; NaN where nothing was evaluated
     */
    record Outcome(double seconds, int epochs, double accuracy) {}

    /**
     * Runs a training with the flags of this JVM, and the options for training that the file {@code weft.trainingOptions}
     * holds.
     *
     * @throws WeftException if it fails; the message has its output
     */
    static Outcome run(Side side, Task task) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Optional.ofNullable(System.getProperty("weft.trainingOptions")).ifPresent(file -> command.add("@" + file));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FreshTraining.class.getName()));
        command.addAll(List.of(side.name(), String.valueOf(Math.max(1, side.threads()))));
        command.addAll(arguments(side.kernels()));
        command.addAll(List.of(task.network, String.valueOf(task.images), String.valueOf(task.epochs)));
        command.addAll(List.of(String.valueOf(task.accuracy), String.valueOf(task.seed)));
        long start = System.nanoTime();
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            double seconds = (System.nanoTime() - start) * 1e-9;
            if (code != 0) {
                throw new WeftException("%s: a training in a JVM of its own failed: %s".formatted(side.id(), output));
            }
            return outcome(seconds, output);
        } catch (IOException e) {
            throw new WeftException("cannot start a JVM: " + Reason.of(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WeftException("interrupted while a training ran", e);
        }
    }

    private static List<String> arguments(Kernels kernels) {
        return List.of(
                kernels.name(),
                kernels.plan() == null ? "" : kernels.plan().toString(),
                String.valueOf(kernels.tf32()),
                String.valueOf(kernels.nondeterministic()));
    }

    private static Kernels kernels(List<String> arguments) {
        return new Kernels(
                arguments.get(0),
                arguments.get(1).isEmpty() ? null : Path.of(arguments.get(1)),
                Boolean.parseBoolean(arguments.get(2)),
                Boolean.parseBoolean(arguments.get(3)));
    }

    private static Outcome outcome(double seconds, String output) {
        List<String> epochs = Stream.of(output.split("\\R"))
                .filter(line -> line.startsWith("epoch" + SEPARATOR))
                .toList();
        if (epochs.isEmpty()) {
            throw new WeftException("a training in a JVM of its own told nothing: " + output);
        }
        String[] last = epochs.get(epochs.size() - 1).split(SEPARATOR);
        return new Outcome(seconds, Integer.parseInt(last[1]), Double.parseDouble(last[2]));
    }

    /** Trains; the arguments are those that {@link #run} passes. */
    public static void main(String[] arguments) {
        BackendOptions options = new BackendOptions(
                Integer.parseInt(arguments[1]), kernels(List.of(arguments).subList(2, 6)));
        Network network = Network.all().stream()
                .filter(n -> n.name().equals(arguments[6]))
                .findFirst()
                .orElseThrow();
        int images = Integer.parseInt(arguments[7]);
        int epochs = Integer.parseInt(arguments[8]);
        double accuracy = Double.parseDouble(arguments[9]);
        long seed = Long.parseLong(arguments[10]);
        Mnist mnist = images == 0 ? Mnist.load() : null;
        Dataset train = mnist == null ? RandomData.images(images, seed) : mnist.train();
        try (Backend backend = Backends.open(arguments[0], options);
                Model model = Model.create(network.graph(), backend, seed)) {
            Trainer trainer = Trainer.of(
                            model,
                            Loss.softmaxCrossEntropy(),
                            network.optimizer().create(network.learningRate()))
                    .batch(network.batch())
                    .epochs(epochs);
            network.schedule().applyTo(trainer, epochs);
            if (mnist != null) {
                trainer.validation(mnist.test());
            }
            trainer.callback(new Callback() {
                @Override
                public void epochDone(EpochResult epoch) {
                    double reached =
                            epoch.test() == null ? Double.NaN : epoch.test().accuracy();
                    System.out.println("epoch" + SEPARATOR + epoch.epoch() + SEPARATOR + reached);
                    if (reached >= accuracy) {
                        trainer.stop();
                    }
                }
            });
            trainer.fit(train);
        }
    }
}
