package dev.weft.op.expr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.layer.Cells;
import dev.weft.op.expr.Cell.Part;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CellTest {
    private static List<Value> values(Source source, int... indices) {
        return Arrays.stream(indices).mapToObj(i -> new Value(source, i)).toList();
    }

    @Test
    void longShortTermMemoryIsOneProductAndOnePart() {
        Cell lstm = Cells.lstm();
        assertThat(lstm.states()).isEqualTo(2);
        assertThat(lstm.inputs()).isEqualTo(4);
        assertThat(lstm.weights()).containsExactly(0.0, 1.0, 0.0, 0.0);
        assertThat(lstm.groups()).containsExactly(new Cell.Group(new Value(Source.STATE, 0), List.of(0, 1, 2, 3)));
        assertThat(lstm.parts()).hasSize(1);
        assertThat(lstm.kept()).as("i, f, g, o and tanh c").isEqualTo(5);
        assertThat(lstm.inputGradientsAreThoseOfProducts()).isTrue();
        assertThat(lstm.gradientsReadInputs()).isFalse();
    }

    @Test
    void theOriginalGatedUnitMultipliesAfterItsResetGate() {
        Cell gru = Cells.gruOriginal();
        assertThat(gru.parts()).extracting(Part::products).containsExactly(List.of(0, 1), List.of(2));
        assertThat(gru.groups())
                .containsExactly(
                        new Cell.Group(new Value(Source.STATE, 0), List.of(0, 1)),
                        new Cell.Group(new Value(Source.KEPT, 0), List.of(2)));
        assertThat(gru.parts().get(0).forward().writes()).containsAll(values(Source.KEPT, 0));
        assertThat(gru.parts().get(1).forward().writes()).containsAll(values(Source.NEXT, 0));
        assertThat(gru.inputGradientsAreThoseOfProducts()).isFalse();
    }

    /** What is no elementary function is computed again from the inputs, and the products are kept. */
    @Test
    void gradientsOfAMaximumReadInputsAndProducts() {
        Cell relu = Cells.rnnRelu();
        assertThat(relu.gradientsReadInputs()).isTrue();
        assertThat(relu.kept()).isEqualTo(1);
        assertThat(relu.parts().get(0).backward().reads())
                .containsAll(values(Source.INPUT, 0))
                .containsAll(values(Source.KEPT, 0))
                .doesNotContainAnyElementsOf(values(Source.PRODUCT, 0));
    }

    @Test
    void aFormulaOfAnotherNumberOfStatesIsRefused() {
        assertThatThrownBy(() -> Cell.of("short", 2, s -> List.of(s.input().plus(s.product(s.state(0))))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "cell short of 2 states needs as many formulas, and an input; it has 1 formulas and 1 inputs");
        assertThatThrownBy(() -> Cell.of("lost", 1, s -> List.of(s.gate(s.state(1)))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cell lost reads state 1, and has 1, counted from 0");
        assertThatThrownBy(() -> Cell.of("deaf", 1, s -> List.of(s.product(s.state(0)))))
                .hasMessageContaining("0 inputs");
    }

    /** Written out as a tree, this formula has 2^60 leaves. */
    @Test
    void partsOfAFormulaAreSharedAndNotRepeated() {
        Cell deep = Cell.of("deep", 1, s -> {
            Expr x = s.gate(s.state(0)).tanh();
            for (int i = 0; i < 60; i++) {
                x = x.times(x);
            }
            return List.of(x);
        });
        assertThat(deep.kept()).isEqualTo(1);
        assertThat(deep.parts().get(0).forward().code().nodes()).hasSizeLessThan(70);
    }

    @Test
    void cellsAreKnownByTheirNames() {
        assertThat(Cells.of("gru")).isEqualTo(Cells.gru()).isNotEqualTo(Cells.gruOriginal());
        assertThatThrownBy(() -> Cells.of("gur"))
                .isInstanceOf(WeftException.class)
                .hasMessageStartingWith("no recurrent cell is named 'gur'; there are [rnn, rnn-relu, lstm");
        Cells.register(Cells.gru());
        assertThatThrownBy(() -> Cells.register(Cell.of("gru", 1, s -> List.of(s.input()))))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("another cell is named");
    }
}
