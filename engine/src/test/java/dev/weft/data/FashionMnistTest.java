package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class FashionMnistTest {
    private static final Logger LOG = LoggerFactory.getLogger(FashionMnistTest.class);

    @Test
    void theFilesOfDebiansPackageAreThePublishedOnes() {
        Path folder = FashionMnist.PUBLISHED.installed().get(0);
        if (!Files.isDirectory(folder)) {
            LOG.error(
                    "SKIPPED: Fashion-MNIST was not checked, since {} does not exist. Install dataset-fashion-mnist",
                    folder);
            abort(folder + " does not exist");
        }

        FashionMnist data = FashionMnist.load(folder, true, (what, done, total) -> {});

        assertThat(data.train().size()).isEqualTo(60_000);
        assertThat(data.test().size()).isEqualTo(10_000);
        assertThat(data.train().className(data.train().label(0))).isEqualTo("Ankle boot");
        assertThat(data.test().classNames()).hasSize(10).startsWith("T-shirt/top", "Trouser");
        Statistics statistics = Statistics.of(data.train());
        assertThat(statistics.mean())
                .isCloseTo(FashionMnist.PUBLISHED.statistics().mean(), within(5e-5));
        assertThat(statistics.deviation())
                .isCloseTo(FashionMnist.PUBLISHED.statistics().deviation(), within(5e-5));
    }
}
