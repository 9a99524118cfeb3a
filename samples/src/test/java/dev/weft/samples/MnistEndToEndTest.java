package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.weft.DataException;
import dev.weft.data.Dataset;
import dev.weft.data.Mnist;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The real MNIST, fetched as for a user. Skipped, and loudly, where it cannot be had. */
class MnistEndToEndTest {
    private static final Logger LOG = LoggerFactory.getLogger(MnistEndToEndTest.class);

    private static Mnist mnist;

    @TempDir
    Path folder;

    @BeforeAll
    static void fetch() {
        try {
            mnist = Mnist.load();
        } catch (DataException e) {
            LOG.error("SKIPPED: the tests on the real MNIST did not run. {}", e.getMessage());
            abort(e.getMessage());
        }
    }

    @Test
    void hasThePublishedSizeAndStatistics() {
        Dataset train = mnist.train();
        assertThat(train.size()).isEqualTo(60_000);
        assertThat(mnist.test().size()).isEqualTo(10_000);
        assertThat(train.label(0)).isEqualTo(5);
        assertThat(mnist.test().label(0)).isEqualTo(7);

        byte[] pixels = (byte[]) train.features().array();
        double sum = 0;
        double squares = 0;
        for (byte pixel : pixels) {
            double value = (pixel & 0xff) / 255.0;
            sum += value;
            squares += value * value;
        }
        double mean = sum / pixels.length;
        assertThat(mean).isCloseTo(Mnist.MEAN, within(5e-5));
        assertThat(Math.sqrt(squares / pixels.length - mean * mean)).isCloseTo(Mnist.DEVIATION, within(5e-5));
    }

    @Test
    void mlpReaches92Point9PercentInOneEpoch() throws IOException {
        Path json = folder.resolve("run.json");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int code = Weft.commandLine(Mnist::load)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute("train", "mlp", "--backend", "cpu", "--json", json.toString());

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("on 60,000 images; test on 10,000", "test accuracy 9");
        Map<String, Double> numbers = numbers(json);
        assertThat(numbers.get("testAccuracy")).isBetween(0.929, 1.0);
        assertThat(numbers.get("trainAccuracy")).isBetween(0.8, 1.0);
        assertThat(numbers.get("trainLoss")).isBetween(0.0, 1.0);
        assertThat(numbers.get("testLoss")).isBetween(0.0, 0.3);
        assertThat(numbers.get("seconds")).isPositive();
        assertThat(numbers.get("imagesPerSecond")).isCloseTo(60_000 / numbers.get("seconds"), within(1.0));
        assertThat(numbers.get("totalSeconds")).isGreaterThan(numbers.get("seconds"));
        assertThat(numbers)
                .containsEntry("batch", 500.0)
                .containsEntry("lr", 0.5)
                .containsEntry("seed", 42.0);
    }

    private static Map<String, Double> numbers(Path json) throws IOException {
        Map<String, Double> numbers = new HashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(Files.readString(json))) {
            while (parser.nextToken() != null) {
                JsonToken token = parser.currentToken();
                if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
                    numbers.put(parser.currentName(), parser.getDoubleValue());
                }
            }
        }
        return numbers;
    }
}
