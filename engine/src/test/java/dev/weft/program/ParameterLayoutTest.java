package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.layer.Layers;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParameterLayoutTest {
    private final ParameterLayout layout = new ParameterLayout(LeNet.GRAPH.parameters());

    @Test
    void segmentsAreAlignedAndDoNotOverlap() {
        long end = 0;
        for (TensorRef view : layout.views().values()) {
            assertThat(view.offset() % 64).isZero();
            assertThat(view.offset()).isGreaterThanOrEqualTo(end);
            assertThat(view.offset() - end).isLessThan(64);
            assertThat(view.root()).isEqualTo(layout.parameters());
            end = view.offset() + view.elements();
        }
        assertThat((long) layout.parameters().elements()).isBetween(end, end + 63);
        assertThat(layout.views().values().stream()
                        .mapToInt(TensorRef::elements)
                        .sum())
                .isEqualTo(61_706);
    }

    @Test
    void matricesComeBeforeVectorsEachInTheOrderOfTheGraph() {
        assertThat(layout.views().keySet())
                .containsExactly(
                        "conv1.weight",
                        "conv2.weight",
                        "linear1.weight",
                        "linear2.weight",
                        "linear3.weight",
                        "conv1.bias",
                        "conv2.bias",
                        "linear1.bias",
                        "linear2.bias",
                        "linear3.bias");
    }

    @Test
    void gradientsAndOptimizerStateLieLikeTheParameters() {
        layout.views().forEach((name, view) -> {
            TensorRef gradient = layout.gradient(name);
            assertThat(gradient.offset()).isEqualTo(view.offset());
            assertThat(gradient.shape()).isEqualTo(view.shape());
            assertThat(gradient.root()).isEqualTo(layout.gradients());
        });
        assertThat(layout.optimizerState(Sgd.of(1))).isEmpty();
        List<TensorRef> state = layout.optimizerState(Adam.of(1));
        assertThat(state).hasSize(2).allSatisfy(slot -> {
            assertThat(slot.shape()).isEqualTo(layout.parameters().shape());
            assertThat(slot.role()).isEqualTo(Role.OPTIMIZER);
        });
    }

    private List<ParameterLayout.Range> ranges(Optimizer optimizer) {
        return layout.ranges(optimizer, layout.views().keySet());
    }

    @Test
    void equalSettingsMakeOneRange() {
        assertThat(ranges(Sgd.of(1).weightDecay(0.1))).hasSize(1);
    }

    @Test
    void weightsAndBiasesMakeTwoRanges() {
        List<ParameterLayout.Range> ranges =
                ranges(Sgd.of(1).weightDecay(0.1).group(name -> name.endsWith("bias"), 1, 0));
        assertThat(ranges).hasSize(2);
        assertThat(ranges.get(0).group().weightDecay()).isEqualTo(0.1);
        assertThat(ranges.get(1).from())
                .isEqualTo((int) layout.view("conv1.bias").offset());
    }

    @Test
    void whatIsLeftOutPartsTheRanges() {
        List<ParameterLayout.Range> ranges =
                layout.ranges(Sgd.of(1), Set.of("conv1.weight", "linear1.weight", "linear2.weight"));
        assertThat(ranges).hasSize(2);
        assertThat(ranges.get(0).from()).isZero();
        assertThat(ranges.get(0).to())
                .isEqualTo((int) layout.view("conv2.weight").offset());
        assertThat(ranges.get(1).from())
                .isEqualTo((int) layout.view("linear1.weight").offset());
        assertThat(ranges.get(1).to())
                .isEqualTo((int) layout.view("linear3.weight").offset());
    }

    @Test
    void aNetworkOfItsOwnNameNamesItsTensors() {
        ParameterLayout critic = new ParameterLayout("critic", LeNet.GRAPH.parameters(), List.of());
        assertThat(critic.view("conv1.weight").name()).isEqualTo("critic.conv1.weight");
        assertThat(critic.gradient("conv1.weight").name()).isEqualTo("d(critic.conv1.weight)");
        assertThat(critic.parameters().name()).isEqualTo("critic.parameters");
        assertThat(critic.optimizerState(Adam.of(1), 1))
                .extracting(TensorRef::name)
                .containsExactly("critic.optimizer1.0", "critic.optimizer1.1");
    }

    @Test
    void rangesCoverTheBufferWithoutAGap() {
        Optimizer optimizer =
                Adam.of(1).group(name -> name.contains("2"), 0, 0).group(name -> name.contains("conv"), 2, 0);
        List<Integer> ends = new ArrayList<>(List.of(0));
        for (ParameterLayout.Range range : ranges(optimizer)) {
            assertThat(range.from()).isEqualTo(ends.get(ends.size() - 1));
            assertThat(range.of(layout.parameters()).elements()).isEqualTo(range.to() - range.from());
            ends.add(range.to());
        }
        assertThat(ends).hasSizeGreaterThan(3).endsWith(layout.parameters().elements());
        for (TensorRef view : layout.views().values()) {
            assertThat(ranges(optimizer).stream()
                            .filter(r -> r.from() <= view.offset() && view.offset() + view.elements() <= r.to())
                            .map(r -> r.group().learningRateScale()))
                    .containsExactly(optimizer.group(view.name()).learningRateScale());
        }
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        assertThatThrownBy(() -> layout.view("conv3.weight"))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("no parameter conv3.weight")
                .hasMessageContaining("conv2.weight");
        assertThatThrownBy(() -> layout.gradient("x")).isInstanceOf(WeftException.class);
    }

    @Test
    void aGraphWithoutParametersHasAnEmptyLayout() {
        ParameterLayout empty = new ParameterLayout(List.of());
        assertThat(empty.views()).isEmpty();
        assertThat(empty.ranges(Sgd.of(1), Set.of())).isEmpty();
        assertThat(empty.parameters().elements()).isPositive();
    }

    /** Five thousand million weights. */
    @Test
    void parametersThatFitIntoNoBufferNameTheLayer() {
        Graph graph =
                Graph.sequential(Shape.of(100_000), Layers.linear(10), Layers.linear(100), Layers.linear(50_000_000));
        assertThatThrownBy(() -> new ParameterLayout(graph.parameters()))
                .isInstanceOf(ShapeException.class)
                .hasMessage(
                        "linear3.weight: the parameters up to this one, of shape [50000000,100], do not fit into a buffer,"
                                + " which has 2,147,483,583 elements at most");
    }
}
