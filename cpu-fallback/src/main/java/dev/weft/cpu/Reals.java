package dev.weft.cpu;

/**
 * Where a REAL tensor lies: element i is {@code a[at + i]}. Kernels are made first and hold these; the places are filled
 * in when memory is planned.
 */
final class Reals {
    final int length;
    float[] a;
    int at;

    Reals(int length) {
        this.length = length;
    }
}
