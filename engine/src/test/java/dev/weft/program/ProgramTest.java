package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.op.Op;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProgramTest {

    private static Program program(Op... ops) {
        return new Program("test", 1, Arrays.asList(ops), List.of(), List.of(), List.of());
    }

    private static TensorRef flat(String name, Role role) {
        return TensorRef.persistent(name, DType.REAL, Shape.of(4), role);
    }

    private static Op update(int number) {
        Optimizer sgd = Sgd.of(0.1);
        return sgd.update("o", flat("w", Role.PARAMETER), flat("dw", Role.GRADIENT), List.of(), sgd.group("w"), number);
    }

    @Test
    void optimizersAreCountedByTheLargestNumberAmongTheUpdates() {
        Op fill = new Op.Fill("f", 1, TensorRef.unbatched("y", DType.REAL, Shape.of(4)));
        assertThat(program(fill).updates()).isFalse();
        assertThat(program(fill).optimizers()).isEqualTo(1);
        assertThat(program(fill, update(0)).updates()).isTrue();
        assertThat(program(fill, update(0)).optimizers()).isEqualTo(1);
        assertThat(program(update(2), update(0), fill).optimizers()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(names = {"PARAMETER", "OPTIMIZER", "STATE"})
    void onlyUpdatesWriteWhatIsRemembered(Role role) {
        TensorRef remembered = flat("all", role).view("part", Shape.of(2), 1);
        Op fill = new Op.Fill("layer", 1, remembered);
        assertThatThrownBy(() -> program(fill))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer fill")
                .hasMessageContaining(role.name().toLowerCase(Locale.ROOT) + " part[2]")
                .hasMessageContaining("only an update may");
        assertThat(program(new Op.Fill("layer", 1, flat("dw", Role.GRADIENT))).ops())
                .hasSize(1);
    }
}
