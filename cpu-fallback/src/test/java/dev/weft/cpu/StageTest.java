package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.conformance.Agreement;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every kind of op has to be asked before a program is cut into stages, over the ops of all cases. */
class StageTest {

    @Test
    void inTilesAreTheOperandsThatAreBatched() {
        int tiled = 0;
        for (Op op : Agreement.ops()) {
            if (new Placement(program(List.of(op))).tiled(op)) {
                tiled++;
                List<TensorRef> operands = new ArrayList<>(op.inputs());
                operands.addAll(op.outputs());
                for (TensorRef x : operands) {
                    assertThat(Tiling.inTiles(op, x))
                            .as("%s of %s", x, Program.describe(op))
                            .isEqualTo(x.batched());
                }
            }
        }
        assertThat(tiled).isPositive();
    }

    /** The checked gradient comes from tiled ops, so the check has to wait for them; what an update reads is there at once. */
    @Test
    void everyUpdateComesAfterTheCheckBeforeIt() {
        TensorRef dy = TensorRef.batched("dy of images", DType.REAL, Shape.of(3, 2, 4, 4));
        TensorRef db = TensorRef.persistent("db of images", DType.REAL, Shape.of(2), Role.GRADIENT);
        Op gradient = new Op.BiasGradient("bias", dy, db);
        Op check = new Op.CheckFinite("check", db);
        int updates = 0;
        for (Op op : Agreement.ops()) {
            if (op instanceof Op.Update) {
                updates++;
                List<Op> order = Stage.of(program(List.of(gradient, check, op))).stream()
                        .flatMap(stage -> stage.ops().stream())
                        .toList();
                assertThat(order).as(Program.describe(op)).containsExactly(gradient, check, op);
            }
        }
        assertThat(updates).isPositive();
    }

    /** The program of some ops, each with the batch that it has. */
    private static Program program(List<Op> ops) {
        List<TensorRef> written =
                ops.stream().flatMap(op -> op.outputs().stream()).toList();
        List<TensorRef> inputs = ops.stream()
                .flatMap(op -> op.inputs().stream())
                .filter(x -> !x.root().role().persistent() && !written.contains(x))
                .distinct()
                .toList();
        return new Program("test", 1, ops, inputs, List.of(), List.of());
    }

    /** A training step has an op of each fused form, and traced stage by stage it is executed as in a run. */
    @Test
    void whatIsFusedIsToldAndTraced() {
        Graph graph = Lenet5.graph();
        Dataset data = Dataset.ofBytes(graph.input().shape(), new byte[2 * 28 * 28], new int[2], 10);
        CompiledStep step = Step.supervised(
                        GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1),
                        Loss.softmaxCrossEntropy(),
                        Adam.of(1e-3))
                .compile(DataTensors.of("data", data), 2);
        Program program = step.program();
        try (Backend backend = CpuBackend.open(1);
                BoundStep bound = BoundStep.of(step, backend, MemoryMode.ARENA)) {
            Executable executable = bound.executable();
            List<List<Op>> told =
                    executable.stages().stream().map(Executable.Stage::ops).toList();
            assertThat(told.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(program.ops());
            assertThat(told.stream()
                            .filter(ops -> ops.size() > 1)
                            .map(ops -> ops.get(0).layer() + " "
                                    + ops.stream().map(Op::name).toList()))
                    .containsExactlyInAnyOrder(
                            "conv1 [conv2d, add_bias, activation, max_pool2d]",
                            "conv2 [conv2d, add_bias, activation, max_pool2d]",
                            "linear1 [mat_mul, add_bias, activation]",
                            "linear2 [mat_mul, add_bias, activation]",
                            "linear3 [mat_mul, add_bias]",
                            "pool2 [max_pool2d_backward, activation_backward]",
                            "pool1 [max_pool2d_backward, activation_backward]");
            List<List<Op>> traced = new ArrayList<>();
            executable.traceStages(StepRange.withoutLearning(program, 1), new Executable.Observer() {
                @Override
                public void after(List<Op> ops) {
                    traced.add(ops);
                }
            });
            assertThat(traced).isEqualTo(told);
        }
    }
}
