package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Kernels;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.tensor.HostTensor;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of all parameters after a short training, as a program of its own: the same training may first be repeated
 * for warm-up.
 */
final class TrainingDigest {
    private TrainingDigest() {}

    /**
     * @param args images, batch, epochs, how often to train beforehand, and the kernels
     */
    public static void main(String[] args) {
        int images = Integer.parseInt(args[0]);
        int batch = Integer.parseInt(args[1]);
        int epochs = Integer.parseInt(args[2]);
        try (Backend backend = CpuBackend.open(new BackendOptions(2, Kernels.of(args[4])))) {
            for (int i = Integer.parseInt(args[3]); i > 0; i--) {
                of(backend, Lenet5.graphWithDropout(), images, batch, epochs);
            }
            System.out.println("digest " + of(backend, Lenet5.graphWithDropout(), images, batch, epochs));
        }
    }

    /** Trains on images of digits with a changing learning rate, with a short last batch where the sizes are so. */
    static String of(Backend backend, Graph graph, int images, int batch, int epochs) {
        Dataset data = Lenet5.images(images);
        try (Model model = Model.create(graph, backend, 42)) {
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.adamW(1e-3, 0.01))
                    .batch(batch)
                    .epochs(epochs)
                    .schedule(Schedule.cosine())
                    .fit(data);
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (HostTensor parameter : model.parameters().values()) {
                for (float value : parameter.floats()) {
                    digest.update(
                            ByteBuffer.allocate(Float.BYTES).putFloat(value).flip());
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
