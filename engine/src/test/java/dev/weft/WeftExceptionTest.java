package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WeftExceptionTest {
    @Test
    void aLongMessageLosesItsMiddle() {
        String message = "model.safetensors: tensor " + "x".repeat(20_000_000) + " has no values; train it again";
        assertThat(new DataException(message).getMessage())
                .hasSize(WeftException.MAX_MESSAGE)
                .startsWith("model.safetensors: tensor xxx")
                .contains("x ... x")
                .endsWith("xxx has no values; train it again");
        assertThat(new DataException("y".repeat(500)).getMessage()).isEqualTo("y".repeat(500));
    }
}
