package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardBandTest {
    private static final int LENGTH = 5;

    @ParameterizedTest
    @ValueSource(ints = {-1, LENGTH})
    void aKernelThatWritesBesideItsTensorIsNamed(int element) {
        TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(LENGTH));
        Op op = new Op.Fill("broken", 1, y);
        Program program = new Program("test", 1, List.of(op), List.of(), List.of(y), List.of());
        Binding.Form form = new Binding.Form(false, true, MemoryMode.SEPARATE);
        Binding binding = new Binding(List.of(), 1, new ScalarPrimitives(), new Step(), program, form);
        Reals place = binding.reals(y);
        Phase broken = Phase.single(() -> place.a[place.at + element] = 1);
        binding.instructions().set(0, new Binding.Instruction(List.of(op), Kernel.whole(broken)));
        try (Workers workers = new Workers(1)) {
            Execution execution = new Execution(program, binding, form, new Arena(List.of(binding)), workers);
            execution.begin();
            assertThatThrownBy(execution::runStep)
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("broken fill")
                    .hasMessageContaining("wrote outside its tensors");
        }
    }
}
