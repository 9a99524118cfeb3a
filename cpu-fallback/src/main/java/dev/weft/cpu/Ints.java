package dev.weft.cpu;

/** Where an I32 tensor lies: element i is {@code a[at + i]}. */
final class Ints {
    final int length;
    int[] a;
    int at;

    Ints(int length) {
        this.length = length;
    }
}
