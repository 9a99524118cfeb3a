package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weft.WeftException;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryTest {
    @Test
    void theLastEpochOrAClearError() {
        EpochResult first = new EpochResult(1, 0.5, 0.8, null, 1, 100);
        EpochResult second = new EpochResult(2, 0.4, 0.9, null, 1, 100);
        assertThat(new History(List.of(first, second)).last()).isEqualTo(second);
        assertThatExceptionOfType(WeftException.class)
                .isThrownBy(() -> new History(List.of()).last())
                .withMessageContaining("stopped or interrupted before its first epoch was done");
    }
}
