package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.optim.Lbfgs;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Optimizers;
import dev.weft.optim.Schedule;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The functions by which papers compare optimizers, from their usual starts. {@link #main} looks for each optimizer's best rate
 * and prints the rows of the table in {@code engine/OPTIMIZERS.md}; the test repeats what that table says.
 */
class ToyProblemsTest {
    private static final int MOST_STEPS = 10_000;
    private static final double REACHED = 1e-3;

    /** Two for each power of ten. */
    private static final List<Double> RATES = List.of(3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4);

    private static final TensorRef W = TensorRef.persistent("w", DType.REAL, Shape.of(2), Role.PARAMETER);
    private static final TensorRef DW = TensorRef.persistent("dw", DType.REAL, Shape.of(2), Role.GRADIENT);

    private record Problem(String name, Lbfgs.Objective f, double[] start, double[] minimum) {}

    /** Rosenbrock 1960: a bent valley, 100 times as steep across as along. */
    private static final Problem ROSENBROCK = new Problem(
            "Rosenbrock",
            (x, gradient) -> {
                double bend = x[1] - x[0] * x[0];
                gradient[0] = -2 * (1 - x[0]) - 400 * x[0] * bend;
                gradient[1] = 200 * bend;
                return (1 - x[0]) * (1 - x[0]) + 100 * bend * bend;
            },
            new double[] {-1.2, 1},
            new double[] {1, 1});

    /** Beale 1958, from the start of Moré, Garbow and Hillstrom 1981. */
    private static final Problem BEALE = new Problem(
            "Beale",
            (x, gradient) -> {
                double[] constants = {1.5, 2.25, 2.625};
                double value = 0;
                gradient[0] = 0;
                gradient[1] = 0;
                for (int i = 1; i <= 3; i++) {
                    double power = Math.pow(x[1], i);
                    double rest = constants[i - 1] - x[0] * (1 - power);
                    gradient[0] -= 2 * rest * (1 - power);
                    gradient[1] += 2 * rest * x[0] * i * Math.pow(x[1], i - 1);
                    value += rest * rest;
                }
                return value;
            },
            new double[] {1, 1},
            new double[] {3, 0.5});

    /** Steps until the value is below 1e-3, and the lowest value. */
    private record Outcome(int steps, double lowest) {
        boolean reached() {
            return lowest < REACHED;
        }

        boolean betterThan(Outcome other) {
            return reached() ? !other.reached() || steps < other.steps : lowest < other.lowest;
        }

        @Override
        public String toString() {
            return reached() ? String.valueOf(steps) : "%.2g left".formatted(lowest);
        }
    }

    /** Minimises by an optimizer, as a backend executes it. */
    private static Outcome minimise(Problem problem, Optimizer optimizer, Backend backend) {
        List<TensorRef> state = IntStream.range(0, optimizer.slots())
                .mapToObj(k -> TensorRef.persistent("s" + k, DType.REAL, Shape.of(2), Role.OPTIMIZER))
                .toList();
        Op.Update update = optimizer.update("o", W, DW, state, optimizer.group("w"), 0);
        Program program = new Program("toy", 1, List.of(update), List.of(), List.of(), List.of());
        double[] gradient = new double[2];
        double[] x = problem.start;
        double lowest = Double.POSITIVE_INFINITY;
        double[] rates = new double[StepRange.RATES];
        try (Memory memory = backend.allocate(update.inputs());
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                        .get(0)) {
            memory.write(W, HostTensor.of(W.shape(), x));
            for (int step = 0; ; step++) {
                double value = problem.f.at(x, gradient);
                lowest = Math.min(lowest, value);
                if (lowest < REACHED || step == MOST_STEPS || !(value < 1e9)) {
                    return new Outcome(step, lowest);
                }
                memory.write(DW, HostTensor.of(DW.shape(), gradient));
                StepRange range = new StepRange(step, 1, 0, 1, 1, rates);
                range.fillRates(0, optimizer, Schedule.constant(), MOST_STEPS, 1);
                executable.run(range);
                x = memory.read(W).doubles();
            }
        }
    }

    /** Prints the table's rows. */
    public static void main(String[] arguments) {
        try (Backend backend = Backends.open("reference")) {
            for (String name : Optimizers.names()) {
                StringBuilder row = new StringBuilder("| `" + name + "` |");
                for (Problem problem : List.of(ROSENBROCK, BEALE)) {
                    double bestRate = Double.NaN;
                    Outcome best = new Outcome(MOST_STEPS, Double.POSITIVE_INFINITY);
                    for (double rate : RATES) {
                        Outcome outcome = minimise(problem, Optimizers.of(name, rate), backend);
                        if (outcome.betterThan(best)) {
                            best = outcome;
                            bestRate = rate;
                        }
                    }
                    row.append(" %s | %s |".formatted(bestRate, best));
                }
                System.out.println(row);
            }
        }
    }

    @Test
    void theTableOfTheDocumentationHolds() throws IOException {
        List<String> rows;
        try (var lines = Files.lines(Path.of("../engine/OPTIMIZERS.md"))) {
            rows = lines.filter(line -> line.matches("\\| `\\w+` \\| [\\d.]+ \\| [^|]+ \\| [\\d.]+ \\| [^|]+ \\|"))
                    .toList();
        }
        assertThat(rows).hasSameSizeAs(Optimizers.names());
        try (Backend backend = Backends.open("reference")) {
            for (String row : rows) {
                String[] cells = row.replace("`", "").split(" *\\| *");
                for (int i = 0; i < 2; i++) {
                    Problem problem = List.of(ROSENBROCK, BEALE).get(i);
                    double rate = Double.parseDouble(cells[2 + 2 * i]);
                    Outcome outcome = minimise(problem, Optimizers.of(cells[1], rate), backend);
                    assertThat(outcome.toString())
                            .as("%s on %s", cells[1], problem.name)
                            .isEqualTo(cells[3 + 2 * i]);
                }
            }
        }
    }

    @Test
    void lbfgsNeedsAFewDozenValues() {
        for (Problem problem : List.of(ROSENBROCK, BEALE)) {
            Lbfgs.Result result = new Lbfgs(10, 100, 1e-6).minimise(problem.f, problem.start);
            assertThat(result.x()).as(problem.name).containsExactly(problem.minimum, within(1e-5));
            assertThat(result.evaluations()).as(problem.name).isLessThan(50);
        }
    }
}
