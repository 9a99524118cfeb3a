package dev.weft.conformance;

import dev.weft.op.Op;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All cases. */
final class Cases {
    private Cases() {}

    static List<OpCase> all() {
        return Stream.of(
                        MatMulCases.cases(),
                        AddBiasCases.cases(),
                        Conv2dCases.cases(),
                        MaxPool2dCases.cases(),
                        AvgPool2dCases.cases(),
                        ActivationCases.cases(),
                        AddCases.cases(),
                        DropoutCases.cases(),
                        RandomCases.cases(),
                        ShapeCases.cases(),
                        SoftmaxCases.cases(),
                        SoftmaxCrossEntropyCases.cases(),
                        SquaredErrorCases.cases(),
                        BatchMeanCases.cases(),
                        GatherRowsCases.cases(),
                        CheckFiniteCases.cases(),
                        SgdUpdateCases.cases(),
                        AdamUpdateCases.cases(),
                        MapCases.cases(),
                        ReduceCases.cases(),
                        RecurrenceCases.cases(),
                        RuleUpdateCases.cases(),
                        StateUpdateCases.cases())
                .flatMap(List::stream)
                .toList();
    }

    /** All cases by the kind of op. */
    static Map<Class<? extends Op>, List<OpCase>> byKind() {
        return all().stream()
                .collect(Collectors.groupingBy(
                        opCase -> opCase.op().getClass(), LinkedHashMap::new, Collectors.toList()));
    }
}
