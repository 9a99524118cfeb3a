package dev.weft.conformance;

import static dev.weft.conformance.Tensors.view;
import static dev.weft.conformance.Tensors.viewAt;

import dev.weft.op.Op;
import dev.weft.op.expr.Rule;
import dev.weft.optim.RuleOptimizer;
import dev.weft.optim.Rules;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Cases of {@link Op.RuleUpdate}: every rule of {@link Rules}. The learning rate of all cases is 1/16. */
final class RuleUpdateCases {
    private RuleUpdateCases() {}

    private static List<Rule> rules() {
        return List.of(
                Rules.sgd(0, false),
                Rules.sgd(0.9, true),
                Rules.adagrad(1e-10),
                Rules.adadelta(0.9, 1e-6),
                Rules.rmsprop(0.9, 1e-7, 0, false),
                Rules.rmsprop(0.99, 1e-3, 0.5, true),
                Rules.adam(0.9, 0.999, 1e-8),
                Rules.adamax(0.9, 0.999, 1e-8),
                Rules.nadam(0.9, 0.999, 1e-8, 0.004),
                Rules.amsgrad(0.9, 0.999, 1e-8),
                Rules.radam(0.9, 0.999, 1e-8),
                Rules.lion(0.9, 0.99));
    }

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Rule rule : rules()) {
            cases.add(of(rule, 1003));
        }
        for (int size : new int[] {1, 7, 64}) {
            cases.add(of(Rules.amsgrad(0.9, 0.999, 1e-8), size));
        }
        cases.add(of(
                RuleOptimizer.of(Rules.adagrad(1e-10), 1)
                        .elasticNet(0.01, 0.1)
                        .accumulate(3)
                        .averaged(0.9)
                        .rule(),
                37));
        cases.add(of(
                RuleOptimizer.of(Rules.adagrad(1e-10), 1)
                        .decoupledElasticNet(0.01, 0.1)
                        .lookahead(5, 0.5)
                        .clipValue(0.5)
                        .rule(),
                37));
        Rule own = Rule.of(
                "own",
                1,
                (w, g, s, r) -> List.of(
                        s.get(0),
                        w.plus(r.learningRate().times(g)).minus(r.ofStep(t -> t).times(r.weightDecay()))));
        Op.RuleUpdate swap = update(own, 2, 64);
        // the corrections of all cases are 3.7, 334 ...
        cases.add(OpCase.of("by hand", swap)
                .with(swap.w(), 1, 2)
                .with(swap.dw(), 16, 32)
                .with(swap.state().get(0), 5, 6)
                .expect(swap.w(), 5, 6)
                .expect(swap.state().get(0), 1.75 - 3.7 * 0.5, 3.5 - 3.7 * 0.5));
        cases.add(OpCase.of("views at odd places", update(Rules.adam(0.9, 0.999, 1e-8), 33, 3)));
        return cases;
    }

    private static OpCase of(Rule rule, int size) {
        Op.RuleUpdate op = update(rule, size, 64);
        OpCase opCase = OpCase.of(op);
        op.state().forEach(state -> opCase.uniform(state, 0.01, 1));
        return opCase;
    }

    private static Op.RuleUpdate update(Rule rule, int size, int offset) {
        List<TensorRef> state = IntStream.range(0, rule.slots())
                .mapToObj(k -> viewAt(offset, "s" + k, Role.OPTIMIZER, size))
                .toList();
        return new Op.RuleUpdate(
                "case",
                rule.name(),
                rule.bind(0.75, 0.5).code(),
                viewAt(offset == 64 ? 64 : 1, "w", Role.PARAMETER, size),
                view("dw", Role.GRADIENT, size),
                state,
                0);
    }
}
