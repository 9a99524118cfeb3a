package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.program.Listing.Kernel;
import dev.weft.program.Program.Part;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static final Program TRAINING = LeNet.training(Adam.of(1e-3), 3);

    @Test
    void aTrainingStepHasThreeParts() {
        Listing listing =
                Listing.of(TRAINING, TRAINING.ops().stream().map(List::of).toList());

        assertThat(listing.kernels()).hasSameSizeAs(TRAINING.ops());
        assertThat(listing.kernels(Part.FORWARD))
                .last()
                .satisfies(k -> assertThat(k.ops().get(0)).isInstanceOf(Op.CountCorrect.class));
        assertThat(listing.kernels(Part.BACKWARD))
                .first()
                .satisfies(k -> assertThat(k.ops().get(0)).isInstanceOf(Op.Fill.class));
        assertThat(listing.kernels(Part.BACKWARD))
                .last()
                .satisfies(k -> assertThat(k.ops().get(0)).isInstanceOf(Op.Conv2dFilterGradient.class));
        assertThat(listing.kernels(Part.UPDATE))
                .extracting(k -> k.ops().get(0).name())
                .containsExactly("check_finite", "check_finite", "adam_update");
    }

    @Test
    void fusedOpsAreOneKernel() {
        List<Op> ops = TRAINING.ops();
        List<List<Op>> executed = new ArrayList<>(List.of(ops.subList(0, 1), ops.subList(1, 5)));
        ops.subList(5, ops.size()).forEach(op -> executed.add(List.of(op)));

        Listing listing = Listing.of(TRAINING, executed);

        assertThat(listing.kernels()).hasSize(ops.size() - 3);
        assertThat(listing.kernels().get(1)).isEqualTo(new Kernel(Part.FORWARD, ops.subList(1, 5)));
    }

    @Test
    void aPredictionIsAllForward() {
        Program prediction = Step.prediction(LeNet.network()).compile(null, 2).program();
        Listing listing =
                Listing.of(prediction, prediction.ops().stream().map(List::of).toList());

        assertThat(listing.kernels(Part.FORWARD)).hasSameSizeAs(prediction.ops());
    }
}
