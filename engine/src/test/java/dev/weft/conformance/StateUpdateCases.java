package dev.weft.conformance;

import static dev.weft.conformance.Tensors.view;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.StateUpdate}. */
final class StateUpdateCases {
    private StateUpdateCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int size : new int[] {1, 7, 16, 64, 1003}) {
            cases.add(OpCase.of(new Op.StateUpdate("case", whole("x", size), view("state", Role.STATE, size))));
        }
        cases.add(OpCase.of(new Op.StateUpdate("case", whole("x", 3, 5), view("state", Role.STATE, 3, 5))));
        cases.add(OpCase.of(
                "a view at 3", new Op.StateUpdate("case", whole("x", 33), viewAt(3, "state", Role.STATE, 33))));
        Op.StateUpdate byHand = new Op.StateUpdate("case", whole("x", 2), view("state", Role.STATE, 2));
        cases.add(OpCase.of("by hand", byHand).with(byHand.x(), -0.5, 3).expect(byHand.state(), -0.5, 3));
        return cases;
    }
}
