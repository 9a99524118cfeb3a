package dev.weft.cpu;

import static dev.weft.cpu.RecurrentWeights.operands;
import static dev.weft.cpu.RecurrentWeights.values;

import dev.weft.cpu.CellPlaces.Place;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import java.util.List;

/**
 * A recurrent layer, in tiles: a task goes through all steps while the packed weights and what it carries from step to step stay
 * in the cache. In a step each part of the cell multiplies for all tiles of the task, then computes its formulas tile by tile.
 * What is computed for sequences that lack a step is thrown away.
 */
final class RecurrenceKernel {
    private final RecurrentWeights weights;
    private final int steps;
    private final boolean reverse;
    private final boolean training;
    private final CellFormulas[] formulas;
    private final RecurrenceFrame[] frames;
    private final Operand[] start;
    private final Operand[] last;
    private final Operand[] previous;
    private final Operand y;
    private final Place[] states;
    private final Place[] next;
    private final Place[] kept;
    /** For each of the products' groups the vector and the first product. */
    private final Place[] vectors;

    private final Place[] products;

    private RecurrenceKernel(Op.Recurrence op, RecurrentWeights weights, Binding binding) {
        this.weights = weights;
        steps = op.steps();
        reverse = op.reverse();
        training = !op.previous().isEmpty();
        start = operands(op.start(), binding);
        last = operands(op.last(), binding);
        previous = operands(op.previous(), binding);
        y = binding.tiles(op.y());
        Cell cell = op.cell();
        CellPlaces places = new CellPlaces();
        places.put(binding.tiles(op.x()), values(Source.INPUT, cell.inputs()));
        places.put(weights.spread(), values(Source.WEIGHT, cell.weights().size()));
        List<Value> ofStates = values(Source.STATE, cell.states());
        List<Value> ofNext = values(Source.NEXT, cell.states());
        List<Value> ofKept = values(Source.KEPT, cell.kept());
        places.own(ofStates);
        places.own(ofNext);
        if (training) {
            for (int k = 0; k < ofKept.size(); k++) {
                places.put(binding.tiles(op.kept().get(k)), List.of(ofKept.get(k)));
            }
        } else {
            places.own(ofKept);
        }
        for (Cell.Group group : cell.groups()) {
            places.own(group.products().stream()
                    .map(product -> new Value(Source.PRODUCT, product))
                    .toList());
        }
        states = places.of(ofStates);
        next = places.of(ofNext);
        kept = places.of(ofKept);
        vectors = places.of(cell.groups().stream().map(Cell.Group::vector).toList());
        products = places.of(cell.groups().stream()
                .map(group -> new Value(Source.PRODUCT, group.products().get(0)))
                .toList());
        formulas = cell.parts().stream()
                .map(part -> new CellFormulas(part.forward(), places, binding))
                .toArray(CellFormulas[]::new);
        frames = weights.frames(places.own(), op.lengths(), steps, binding);
    }

    static Kernel bind(Op.Recurrence op, Binding binding) {
        RecurrentWeights weights = new RecurrentWeights(op.cell(), op.units(), op.w(), op.v(), false, binding);
        RecurrenceKernel kernel = new RecurrenceKernel(op, weights, binding);
        return new Kernel(weights.pack(), kernel::run, new Phase[0]);
    }

    private void run(Task task, int frame, int thread) {
        RecurrenceFrame own = frames[thread];
        own.begin(task, frame);
        own.load(start, states);
        for (int i = 0; i < steps; i++) {
            step(own, task.count(), reverse ? steps - 1 - i : i, thread);
        }
        own.store(states, last);
    }

    private void step(RecurrenceFrame own, int tiles, int step, int thread) {
        boolean any = false;
        for (int tile = 0; tile < tiles; tile++) {
            own.move(tile, step);
            any |= own.anyHas();
            for (int k = 0; k < previous.length; k++) {
                own.storeStep(states[k], previous[k]);
            }
        }
        for (int p = 0; any && p < formulas.length; p++) {
            own.move(0, step);
            multiply(own, p, tiles);
            for (int tile = 0; tile < tiles; tile++) {
                own.move(tile, step);
                if (own.anyHas()) {
                    formulas[p].run(own, thread);
                }
            }
        }
        for (int tile = 0; tile < tiles; tile++) {
            own.move(tile, step);
            own.storeStep(next[0], y);
            if (own.anyHas()) {
                finish(own);
            } else if (training) {
                for (Place each : kept) {
                    own.clear(each);
                }
            }
        }
    }

    private void multiply(RecurrenceFrame own, int part, int tiles) {
        for (int g = 0; g < vectors.length; g++) {
            if (weights.areOf(part, g)) {
                Place x = vectors[g];
                Place z = products[g];
                weights.products(g)
                        .run(tiles, own.array(x), own.at(x), own.tileStep(x), own.array(z), own.at(z), own.tileStep(z));
            }
        }
    }

    private void finish(RecurrenceFrame own) {
        for (int k = 0; k < states.length; k++) {
            own.keepOthers(states[k], next[k]);
            own.copy(next[k], states[k]);
        }
        for (int k = 0; training && k < kept.length; k++) {
            own.clearOthers(kept[k]);
        }
    }
}
