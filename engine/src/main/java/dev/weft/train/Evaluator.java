package dev.weft.train;

import dev.weft.WeftException;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.loss.Loss;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.program.Step;
import java.util.List;

/** A model's loss and accuracy on one data set, which lies in the backend's memory from the beginning. */
final class Evaluator implements AutoCloseable {
    private static final int MOST_ROWS = 256;

    private final Model model;
    private final Dataset data;
    private final Loss loss;
    private final BoundStep step;

    Evaluator(Model model, Dataset data, Loss loss) {
        this.model = model;
        this.data = data;
        this.loss = loss;
        int batch = Math.min(MOST_ROWS, data.size());
        CompiledStep compiled = Step.evaluation(model, loss).compile(DataTensors.of("evaluate", data), batch);
        step = BoundStep.of(List.of(compiled), model.backend(), model.held(), MemoryMode.ARENA);
        step.write(data.columns());
    }

    boolean isOf(Dataset otherData, Loss otherLoss) {
        return data == otherData && loss.equals(otherLoss);
    }

    Evaluation evaluate() {
        Executable executable = step.executable();
        Program program = executable.program();
        int batch = program.batch();
        int metrics = program.metrics().size();
        double[] values = new double[metrics];
        double lossSum = 0;
        double correct = 0;
        for (int offset = 0; offset < data.size(); offset += batch) {
            int rows = Math.min(batch, data.size() - offset);
            executable.run(StepRange.single(offset, rows));
            executable.metrics(values);
            lossSum += values[0] * rows;
            correct += metrics > 1 ? values[1] : Double.NaN;
        }
        double mean = lossSum / data.size();
        if (!Double.isFinite(mean)) {
            throw new WeftException("evaluate: the loss is %s; %s"
                    .formatted(mean, NonFiniteSource.of(model.parameters(), data.size(), data::image)));
        }
        return new Evaluation(mean, correct / data.size(), data.size());
    }

    @Override
    public void close() {
        step.close();
    }
}
