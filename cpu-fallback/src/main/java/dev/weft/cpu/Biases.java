package dev.weft.cpu;

import dev.weft.op.Op;

/** What is added to the products of each filter: its bias in every lane, or zero for all filters. */
final class Biases {
    private final Reals b;
    private final Reals lanesOfEach;
    private final int lanes;

    /**
     * @param addBias null where there is none
     */
    Biases(Op.AddBias addBias, Binding binding) {
        this.b = addBias == null ? null : binding.reals(addBias.b());
        this.lanes = binding.primitives().lanes();
        this.lanesOfEach = binding.scratch((long) lanes * (b == null ? 1 : b.length));
    }

    /** To be called before the products are computed. */
    void spread() {
        for (int i = 0; i < lanesOfEach.length; i++) {
            lanesOfEach.a[lanesOfEach.at + i] = b == null ? 0 : b.a[b.at + i / lanes];
        }
    }

    float[] array() {
        return lanesOfEach.a;
    }

    int at() {
        return lanesOfEach.at;
    }

    /** Distance of two filters. */
    int step() {
        return b == null ? 0 : lanes;
    }
}
