package dev.weft.cpu.reference;

/** Sums that are scattered into an array, with their magnitudes. */
final class Sums {
    private final double[] sums;
    private final double[] magnitudes;

    Sums(int length) {
        sums = new double[length];
        magnitudes = new double[length];
    }

    void add(int i, double value) {
        sums[i] += value;
        magnitudes[i] += Math.abs(value);
    }

    void store(Cells target) {
        for (int i = 0; i < sums.length; i++) {
            target.set(i, sums[i], magnitudes[i]);
        }
    }
}
