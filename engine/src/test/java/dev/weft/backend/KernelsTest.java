package dev.weft.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KernelsTest {

    @Test
    void tunedOnesAndNoOthersHaveAPlan() {
        assertThatThrownBy(() -> Kernels.of("tuned"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got kernels 'tuned' without a plan");
        assertThatThrownBy(() -> new Kernels("hand", Path.of("p.json"), false, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got kernels 'hand' and the plan p.json");
        assertThat(Kernels.tuned(Path.of("p.json")).plan()).isEqualTo(Path.of("p.json"));
    }

    @Test
    void whatIsAllowedShowsInTheText() {
        assertThat(Kernels.of("cudnn")).hasToString("cudnn");
        assertThat(Kernels.of("cudnn").allowTf32().allowNondeterministic()).hasToString("cudnn TF32 nondeterministic");
    }
}
