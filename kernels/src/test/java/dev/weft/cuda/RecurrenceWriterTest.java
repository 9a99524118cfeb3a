package dev.weft.cuda;

import static dev.weft.layer.Layers.recurrent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.graph.Graph;
import dev.weft.layer.Cells;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.optim.Sgd;
import dev.weft.program.GraphLowering;
import dev.weft.program.Step;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels of the known cells, in both directions and masked, through assemblers; what they compute is a matter of the device tests. */
class RecurrenceWriterTest {

    static List<Cell> cells() {
        return Cells.all();
    }

    /** The kernels of a step of training. */
    private static List<RecurrenceWriter.Written> kernels(Cell cell, int units) {
        Graph graph = Graph.sequential(
                Shape.of(7, 3),
                recurrent(cell, units),
                recurrent(cell, units).backwards().recurrentDropout(0.5).last());
        GraphLowering network = GraphLowering.of("model", graph, 1);
        Step step = Step.of(
                "step",
                s -> s.minimise(
                        s.loss(Loss.meanSquaredError(), s.apply(network, s.normal("x", Shape.of(7, 3))), 0),
                        network,
                        Sgd.of(0.1)));
        List<RecurrenceWriter.Written> written = new ArrayList<>();
        for (Op op : step.compile(null, 4).program().ops()) {
            if (op instanceof Op.Recurrence forward) {
                written.add(RecurrenceWriter.forward("recurrence_forward", forward, forward.w(), bytes -> bytes));
            } else if (op instanceof Op.RecurrenceBackward backward) {
                written.add(RecurrenceWriter.backward("recurrence_backward", backward, bytes -> bytes));
            }
        }
        return written;
    }

    @ParameterizedTest
    @MethodSource("cells")
    void isAssembledForTheOldestAndTheNewestTargetWithoutSpills(Cell cell, @TempDir Path folder) throws IOException {
        List<RecurrenceWriter.Written> kernels = kernels(cell, 40);
        assertThat(kernels).hasSize(4);
        List<String> targets = ToolkitAssembler.targets();
        for (int i = 0; i < kernels.size(); i++) {
            Path file =
                    Files.writeString(folder.resolve(i + ".ptx"), kernels.get(i).text());
            for (String target : List.of(targets.get(0), targets.get(targets.size() - 1))) {
                String messages = ToolkitAssembler.assemble(file, target);
                assertThat(messages).contains("0 bytes spill stores, 0 bytes spill loads");
                assertThat(Pattern.compile("Used (\\d+) registers")
                                .matcher(messages)
                                .results())
                        .extracting(used -> Integer.parseInt(used.group(1)))
                        .isNotEmpty()
                        .allMatch(registers -> registers <= 128);
            }
        }
    }

    @Test
    void isTakenByDriversSinceTheFirstForCuda12() {
        for (RecurrenceWriter.Written each : kernels(Cells.gruOriginal(), 40)) {
            assertThat(each.text()).startsWith(".version 8.0\n.target sm_75\n");
            assertThat(PtxWords.notInVersion8(each.text())).isEmpty();
        }
    }

    @Test
    void slotsAreInSharedMemoryWhereTheyFit() {
        // two states before and after the step, and two gradients of each
        assertThat(kernels(Cells.lstm(), 40).get(0).sharedBytes()).isEqualTo(4 * 4 * 40);
        List<RecurrenceWriter.Written> large = kernels(Cells.lstm(), 4000);
        assertThat(large.get(0).sharedBytes()).isZero();
        assertThat(large.get(0).arguments()).contains(4L * 4 * 4 * 4000);
        assertThat(large.get(0).text()).doesNotContain("shared");
    }
}
