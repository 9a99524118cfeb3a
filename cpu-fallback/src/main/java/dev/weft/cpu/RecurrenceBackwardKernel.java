package dev.weft.cpu;

import static dev.weft.cpu.RecurrentWeights.operands;
import static dev.weft.cpu.RecurrentWeights.values;

import dev.weft.cpu.CellPlaces.Place;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Group;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Back-propagation through time, in tiles: the steps of {@link RecurrenceKernel} in the other order. */
final class RecurrenceBackwardKernel {
    private static final Operand[] NONE = {};

    private final RecurrentWeights weights;
    private final int steps;
    private final boolean reverse;
    private final CellFormulas[] formulas;
    private final RecurrenceFrame[] frames;
    private final Primitives primitives;
    private final Operand[] dlast;
    private final Operand[] dstart;
    private final Operand dv;
    private final Place[] nextGradients;
    private final Place[] stateGradients;
    private final Place[] weightGradients;
    /** 0 in all steps, where the outputs lead nowhere. */
    private final Place[] noGradients;
    /** The gradients that the op gives for all steps. */
    private final Place[] given;
    /** For each of the products' groups the gradient of the first product, and that of the vector. */
    private final Place[] products;

    private final Place[] vectors;
    private final boolean[] ofStates;

    private RecurrenceBackwardKernel(Op.RecurrenceBackward op, RecurrentWeights weights, Binding binding) {
        this.weights = weights;
        steps = op.steps();
        reverse = op.reverse();
        primitives = binding.primitives();
        dlast = operands(op.dlast(), binding);
        dstart = operands(op.dstart(), binding);
        dv = op.dv() == null ? null : binding.tiles(op.dv());
        Cell cell = op.cell();
        CellPlaces places = new CellPlaces();
        places.put(weights.spread(), values(Source.WEIGHT, cell.weights().size()));
        places.own(values(Source.NEXT_GRADIENT, cell.states()));
        places.own(values(Source.STATE_GRADIENT, cell.states()));
        places.own(values(Source.WEIGHT_GRADIENT, cell.weights().size()));
        places.own(values(Source.KEPT_GRADIENT, cell.kept()));
        List<Value> output = values(Source.OUTPUT_GRADIENT, 1);
        if (op.dy() == null) {
            places.own(output);
        } else {
            places.put(binding.tiles(op.dy()), output);
        }
        for (int k = 0; k < cell.states(); k++) {
            places.put(binding.tiles(op.previous().get(k)), List.of(new Value(Source.STATE, k)));
        }
        for (int k = 0; k < cell.kept(); k++) {
            places.put(binding.tiles(op.kept().get(k)), List.of(new Value(Source.KEPT, k)));
        }
        if (op.x() != null) {
            places.put(binding.tiles(op.x()), values(Source.INPUT, cell.inputs()));
        }
        List<Value> ofSteps = new ArrayList<>(values(Source.INPUT_GRADIENT, cell.inputs()));
        places.put(binding.tiles(op.dx()), List.copyOf(ofSteps));
        for (int g = 0; g < op.dproducts().size(); g++) {
            List<Value> ofGroup = cell.groups().get(g).products().stream()
                    .map(product -> new Value(Source.PRODUCT_GRADIENT, product))
                    .toList();
            places.put(binding.tiles(op.dproducts().get(g)), ofGroup);
            ofSteps.addAll(ofGroup);
        }
        given = places.of(ofSteps);
        nextGradients = places.of(values(Source.NEXT_GRADIENT, cell.states()));
        stateGradients = places.of(values(Source.STATE_GRADIENT, cell.states()));
        weightGradients =
                places.of(values(Source.WEIGHT_GRADIENT, cell.weights().size()));
        noGradients = op.dy() == null ? places.of(output) : new Place[0];
        Source ofProducts = cell.inputGradientsAreThoseOfProducts() ? Source.INPUT_GRADIENT : Source.PRODUCT_GRADIENT;
        products = places.of(cell.groups().stream()
                .map(group -> new Value(ofProducts, group.products().get(0)))
                .toList());
        vectors = places.of(cell.groups().stream()
                .map(RecurrenceBackwardKernel::gradientOfVector)
                .toList());
        ofStates = new boolean[vectors.length];
        for (int g = 0; g < vectors.length; g++) {
            ofStates[g] = cell.groups().get(g).vector().source() == Source.STATE;
        }
        formulas = cell.parts().stream()
                .map(part -> new CellFormulas(part.backward(), places, binding))
                .toArray(CellFormulas[]::new);
        frames = weights.frames(places.own(), op.lengths(), steps, binding);
    }

    private static Value gradientOfVector(Group group) {
        boolean state = group.vector().source() == Source.STATE;
        return new Value(
                state ? Source.STATE_GRADIENT : Source.KEPT_GRADIENT,
                group.vector().index());
    }

    static Kernel bind(Op.RecurrenceBackward op, Binding binding) {
        RecurrentWeights weights = new RecurrentWeights(op.cell(), op.units(), op.w(), op.v(), true, binding);
        RecurrenceBackwardKernel kernel = new RecurrenceBackwardKernel(op, weights, binding);
        return new Kernel(weights.pack(), kernel::run, new Phase[0]);
    }

    private void run(Task task, int frame, int thread) {
        RecurrenceFrame own = frames[thread];
        own.begin(task, frame);
        own.load(dlast, nextGradients);
        own.load(NONE, noGradients);
        for (int tile = 0; dv != null && tile < task.count(); tile++) {
            own.move(tile, 0);
            Arrays.fill(dv.reals, own.at(dv), own.at(dv) + dv.tile, 0);
        }
        for (int i = 0; i < steps; i++) {
            step(own, task.count(), reverse ? i : steps - 1 - i, thread);
        }
        own.store(nextGradients, dstart);
    }

    private void step(RecurrenceFrame own, int tiles, int step, int thread) {
        boolean any = false;
        for (int tile = 0; tile < tiles; tile++) {
            own.move(tile, step);
            any |= own.anyHas();
            for (int k = 0; k < given.length && !own.anyHas(); k++) {
                own.clear(given[k]);
            }
        }
        for (int p = formulas.length - 1; any && p >= 0; p--) {
            for (int tile = 0; tile < tiles; tile++) {
                own.move(tile, step);
                if (own.anyHas()) {
                    formulas[p].run(own, thread);
                    for (Place each : given) {
                        own.clearOthers(each);
                    }
                }
            }
            own.move(0, step);
            multiply(own, p, tiles, thread);
        }
        for (int tile = 0; tile < tiles; tile++) {
            own.move(tile, step);
            if (own.anyHas()) {
                finish(own);
            }
        }
    }

    /** Adds to the gradients of the vectors that a part has multiplied. */
    private void multiply(RecurrenceFrame own, int part, int tiles, int thread) {
        for (int g = 0; g < vectors.length; g++) {
            if (weights.areOf(part, g)) {
                float[] x = own.array(products[g]);
                int xAt = own.at(products[g]);
                int xStep = own.tileStep(products[g]);
                float[] y = own.array(vectors[g]);
                int yAt = own.at(vectors[g]);
                int yStep = own.tileStep(vectors[g]);
                if (ofStates[g]) {
                    weights.products(g).add(tiles, x, xAt, xStep, y, yAt, yStep, thread);
                } else {
                    weights.products(g).run(tiles, x, xAt, xStep, y, yAt, yStep);
                }
            }
        }
    }

    private void finish(RecurrenceFrame own) {
        for (int q = 0; q < weightGradients.length; q++) {
            Place each = weightGradients[q];
            own.clearOthers(each);
            int at = own.at(dv) + q * own.size();
            primitives.add(dv.reals, at, own.array(each), own.at(each), dv.reals, at, own.size());
        }
        for (int k = 0; k < stateGradients.length; k++) {
            own.keepOthers(nextGradients[k], stateGradients[k]);
            own.copy(stateGradients[k], nextGradients[k]);
        }
    }
}
