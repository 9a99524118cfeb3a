package dev.weft.cpu;

/** Where a U8 tensor lies: element i is {@code a[at + i] & 0xff}. */
final class Bytes {
    byte[] a;
    int at;
}
