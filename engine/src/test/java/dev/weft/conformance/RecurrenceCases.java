package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;

import dev.weft.layer.Cells;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Expr;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Cases of {@link Op.Recurrence}, {@link Op.RecurrenceBackward}, {@link Op.Embedding} and {@link Op.SequenceMask}. */
final class RecurrenceCases {
    private RecurrenceCases() {}

    /** The sizes and operands of a case. */
    private record Form(Cell cell, int n, int t, int h, int[] lengths, boolean reverse, boolean start) {
        List<TensorRef> ofStates(String name) {
            return tensors(name, cell.states(), n, h);
        }

        List<TensorRef> ofSteps(String name, int count) {
            return tensors(name, count, n, t, h);
        }

        private static List<TensorRef> tensors(String name, int count, int... dimensions) {
            return IntStream.range(0, count)
                    .mapToObj(i -> batched(name + (i + 1), dimensions))
                    .toList();
        }

        List<TensorRef> w() {
            return IntStream.range(0, cell.groups().size())
                    .mapToObj(i -> parameter(
                            "w" + (i + 1), cell.groups().get(i).products().size() * h, h))
                    .toList();
        }

        TensorRef v() {
            return cell.weights().isEmpty()
                    ? null
                    : parameter("v", cell.weights().size() * h);
        }

        TensorRef x(String name) {
            return batched(name, n, t, cell.inputs() * h);
        }

        TensorRef ofLengths() {
            return lengths == null ? null : batchedIntegers("lengths", n);
        }

        OpCase forward() {
            Op.Recurrence op = new Op.Recurrence(
                    "case",
                    cell,
                    reverse,
                    x("x"),
                    w(),
                    v(),
                    start ? ofStates("start") : List.of(),
                    ofLengths(),
                    batched("y", n, t, h),
                    ofStates("last"),
                    ofSteps("previous", cell.states()),
                    ofSteps("kept", cell.kept()));
            return finish(OpCase.of(what(), op));
        }

        /** With the gradient of the outputs, of the last states, or of both. */
        OpCase backward(boolean dy, boolean dlast) {
            List<TensorRef> dproducts = new ArrayList<>();
            for (Cell.Group group : cell.inputGradientsAreThoseOfProducts() ? List.<Cell.Group>of() : cell.groups()) {
                dproducts.add(batched(
                        "dproducts" + (dproducts.size() + 1),
                        n,
                        t,
                        group.products().size() * h));
            }
            Op.RecurrenceBackward op = new Op.RecurrenceBackward(
                    "case",
                    cell,
                    reverse,
                    cell.gradientsReadInputs() ? x("x") : null,
                    w(),
                    v(),
                    ofLengths(),
                    ofSteps("previous", cell.states()),
                    ofSteps("kept", cell.kept()),
                    dy ? batched("dy", n, t, h) : null,
                    dlast ? ofStates("dlast") : List.of(),
                    x("dx"),
                    dproducts,
                    v() == null ? null : batched("dv", n, cell.weights().size() * h),
                    start ? ofStates("dstart") : List.of());
            return finish(OpCase.of(what() + (dy ? " dy" : "") + (dlast ? " dlast" : ""), op));
        }

        private String what() {
            return "T " + t + " H " + h + (start ? " start" : "") + (lengths == null ? "" : " lengths");
        }

        private OpCase finish(OpCase opCase) {
            double bound = 1 / Math.sqrt(h);
            w().forEach(w -> opCase.uniform(w, -bound, bound));
            return lengths == null ? opCase : opCase.withIntegers(ofLengths(), lengths);
        }
    }

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Cell cell : Cells.all()) {
            // a cell that reads no output has no gradient of the first one
            boolean start = !cell.equals(Cells.lstmOfStates());
            Form form = new Form(cell, 5, 4, 6, new int[] {4, 1, 3, 2, 4}, false, start);
            cases.add(form.forward());
            cases.add(form.backward(true, true));
        }
        Cell lstm = Cells.lstm();
        Cell original = Cells.gruOriginal();
        List<Form> forms = List.of(
                new Form(lstm, 19, 3, 17, null, false, false),
                new Form(lstm, 9, 3, 5, new int[] {3, 2, 1, 1, 1, 1, 1, 1, 1}, true, false),
                new Form(lstm, 2, 1, 1, new int[] {1, 1}, false, true),
                new Form(lstm, 33, 2, 40, null, true, true),
                new Form(original, 18, 3, 9, oneOf(18, 3), true, true),
                new Form(Cells.gru(), 1, 5, 3, new int[] {2}, true, false),
                new Form(Cells.rnn(), 4, 6, 33, new int[] {2, 2, 2, 2}, false, false),
                new Form(lstm, 2, 2, 520, null, false, false),
                new Form(withoutWeights(), 3, 3, 4, new int[] {1, 3, 2}, false, true));
        for (Form form : forms) {
            cases.add(form.forward());
            cases.add(form.backward(true, false));
        }
        Form ofManyStates = new Form(manyStates(), 2, 3, 210, new int[] {3, 1}, false, false);
        cases.add(ofManyStates.forward().kink());
        cases.add(ofManyStates.backward(true, true));
        cases.add(forms.get(0).backward(false, true));
        cases.add(forms.get(4).backward(false, true));
        cases.add(byHand());
        addEmbeddings(cases);
        TensorRef lengths = batchedIntegers("lengths", 3);
        TensorRef mask = batched("mask", 3, 4);
        cases.add(OpCase.of(new Op.SequenceMask("case", lengths, mask))
                .withIntegers(lengths, 1, 4, 3)
                .expect(mask, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0));
        TensorRef many = batchedIntegers("lengths", 70);
        cases.add(OpCase.of(new Op.SequenceMask("case", many, batched("mask", 70, 9)))
                .integers(many, 10));
        return cases;
    }

    /** Lengths 1, 2, ..., longest, 1, 2, ... */
    private static int[] oneOf(int rows, int longest) {
        return IntStream.range(0, rows).map(i -> 1 + i % longest).toArray();
    }

    /** Two states, no weight of a unit, two products of which one of a formula without a product. */
    private static Cell withoutWeights() {
        return Cell.of(
                "without weights",
                2,
                s -> List.of(
                        s.input().plus(s.product(s.state(1).sigmoid())).tanh(),
                        s.state(0).plus(s.product(s.state(1))).times(0.5)));
    }

    /** More than a block of a GPU has shared memory for; too much for finite differences, so it goes by the name of another cell. */
    private static Cell manyStates() {
        int states = 30;
        return Cell.of("without weights", states, s -> {
            List<Expr> next = new ArrayList<>();
            next.add(s.input().plus(s.product(s.state(1))).tanh());
            for (int k = 1; k < states; k++) {
                next.add(s.state(k).times(0.5).plus(s.state(k - 1)));
            }
            return next;
        });
    }

    /** {@code h' = max(0, x + 2 h + 1)} from h = 3 over (1, -20, 5) and, of length 1, (-6, ., .). */
    private static OpCase byHand() {
        Form form = new Form(Cells.rnnRelu(), 2, 3, 1, new int[] {3, 1}, false, true);
        OpCase opCase = form.forward();
        Op.Recurrence op = (Op.Recurrence) opCase.op();
        return opCase.with(op.x(), 1, -20, 5, -6, 7, 8)
                .with(op.w().get(0), 2)
                .with(op.v(), 1)
                .with(op.start().get(0), 3, 3)
                .kink()
                .expect(op.y(), 8, 0, 6, 1, 0, 0)
                .expect(op.last().get(0), 6, 1)
                .expect(op.previous().get(0), 3, 8, 0, 3, 0, 0);
    }

    private static void addEmbeddings(List<OpCase> cases) {
        for (int padding : new int[] {-1, 0}) {
            TensorRef table = parameter("table", 4, 3);
            TensorRef index = batchedIntegers("index", 2, 3);
            TensorRef y = batched("y", 2, 3, 3);
            int[] indices = {3, 0, 3, 1, 3, 0};
            cases.add(OpCase.of(new Op.Embedding("case", table, index, padding, y))
                    .withIntegers(index, indices));
            TensorRef dtable = gradient("dtable", 4, 3);
            cases.add(OpCase.of(new Op.EmbeddingGradient("case", index, y, padding, dtable))
                    .withIntegers(index, indices));
        }
        TensorRef table = TensorRef.unbatched("table", DType.REAL, Shape.of(2, 2));
        TensorRef index = batchedIntegers("index", 4);
        TensorRef y = batched("y", 4, 2);
        cases.add(OpCase.of("outside", new Op.Embedding("case", table, index, 1, y))
                .with(table, 1, 2, 3, 4)
                .withIntegers(index, 2, 0, -1, 1)
                .kink()
                .expect(y, Double.NaN, Double.NaN, 1, 2, Double.NaN, Double.NaN, 0, 0));
        TensorRef dtable = TensorRef.unbatched("dtable", DType.REAL, Shape.of(2, 2));
        cases.add(OpCase.of("outside", new Op.EmbeddingGradient("case", index, y, 1, dtable))
                .with(y, 1, 2, 3, 4, 5, 6, 7, 8)
                .withIntegers(index, 2, 0, -1, 1)
                .expect(dtable, 3, 4, 0, 0));
        TensorRef words = batchedIntegers("index", 37, 11);
        cases.add(OpCase.of(new Op.Embedding("case", parameter("table", 50, 19), words, -1, batched("y", 37, 11, 19)))
                .integers(words, 50));
        cases.add(OpCase.of(new Op.EmbeddingGradient(
                        "case", words, batched("dy", 37, 11, 19), 7, gradient("dtable", 50, 19)))
                .integers(words, 50));
    }
}
