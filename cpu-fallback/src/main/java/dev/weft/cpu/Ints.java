package dev.weft.cpu;

/** Where an I32 tensor lies: element i is {@code a[at + i]}. */
final class Ints {
    int[] a;
    int at;
}
