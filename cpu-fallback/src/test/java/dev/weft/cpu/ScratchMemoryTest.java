package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.OutOfDeviceMemoryException;
import dev.weft.backend.Backend;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScratchMemoryTest {

    /** The 17 images make two tiles of 16, each of 2^26 pixels: together 2^31, whose sign flips in an int. */
    @Test
    void scratchMemoryLongerThanAnArrayIsRefused() {
        Window2d window = Window2d.square(1, 1 << 13, 0);
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(17, 1, 1 << 13, 1 << 13));
        TensorRef dy = TensorRef.batched("dy", DType.REAL, Shape.of(17, 1, 1, 1));
        TensorRef dw = TensorRef.unbatched("dw", DType.REAL, Shape.of(1, 1, 1, 1));
        Op op = new Op.Conv2dFilterGradient("conv", x, dy, window, dw);
        Program program = new Program("test", 17, List.of(op), List.of(x, dy), List.of(dw), List.of());
        try (Backend backend = new CpuBackend(4, new ScalarPrimitives(), "")) {
            assertThatThrownBy(() -> backend.bind(List.of(program), List.of(), MemoryMode.ARENA))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("the memory for activations");
        }
    }
}
