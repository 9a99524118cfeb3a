package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Mnist;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** {@code weft check}. */
class CheckCommandTest {
    private String out;
    private String err;

    private int check(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int code = Weft.commandLine(Mnist::load, Terminal.of(false, null), new Interruption())
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    @Test
    void comparesEveryActivationAndGradientAndTheGradientsWithFiniteDifferences() {
        assertThat(check(
                        "check",
                        "lenet5",
                        "--backends",
                        "cpu",
                        "--batch",
                        "2",
                        "--finite-differences",
                        "--elements",
                        "2"))
                .as(err + out)
                .isZero();
        assertThat(out)
                .contains("lenet5, training step of batch 2 with adam", "cpu: float")
                .containsPattern("absolute +relative +scaled +allowed")
                .containsPattern("relu1 +activation +relu1\\[2,6,28,28] ")
                .containsPattern("conv1 +conv2d_filter_gradient +d\\(conv1.weight\\)\\[6,1,5,5] ")
                .containsPattern("train: all \\d\\d outputs are equal")
                .containsPattern("10 steps, each side on its own: the loss goes from [\\d.]+ to [\\d.]+")
                .containsPattern("linear3.weight +2 +\\d+ ")
                .contains("the gradients of all 10 parameters agree");
    }

    @Test
    void severalBackendsComeOneAfterTheOther() {
        assertThat(check("check", "mlp", "--backends", "cpu,reference", "--batch", "1", "--kernels", "auto"))
                .as(err + out)
                .isZero();
        assertThat(out).contains("cpu: float", "reference: double").doesNotContain("finite differences");
    }

    @Test
    void wrongUsage() {
        assertThat(check("check", "mlp", "--backends", "abacus")).isEqualTo(2);
        assertThat(err).contains("there is no backend 'abacus'");
        assertThat(check("check", "mlp", "--batch", "0")).isEqualTo(2);
        assertThat(err).contains("must be at least 1");
        assertThat(check("check", "mlp", "--backends", "cpu", "--kernels", "cudnn"))
                .isEqualTo(1);
        assertThat(err).contains("backend cpu has no kernels 'cudnn'; there are vector, scalar");
    }
}
