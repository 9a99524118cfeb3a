package dev.weft.cpu;

/**
 * What a {@link BlockLoop} reads and where it writes: element i of operand a is {@code a()[aAt() + i]}. Operands are given by the
 * numbers of their blocks: to store an array in a field would cost the garbage collector's barrier, more than a small loop takes.
 */
final class BlockOperands {
    /** The arrays of all blocks. */
    final float[][] arrays;

    /** Where each block begins in its array. */
    final int[] at;

    float s;
    float t;
    private int a;
    private int b;
    private int c;
    private int d;
    private int y;

    BlockOperands(int blocks) {
        arrays = new float[blocks][];
        at = new int[blocks];
    }

    void set(int a, int b, int c, int d, int y) {
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
        this.y = y;
    }

    float[] a() {
        return arrays[a];
    }

    float[] b() {
        return arrays[b];
    }

    float[] c() {
        return arrays[c];
    }

    float[] d() {
        return arrays[d];
    }

    float[] y() {
        return arrays[y];
    }

    int aAt() {
        return at[a];
    }

    int bAt() {
        return at[b];
    }

    int cAt() {
        return at[c];
    }

    int dAt() {
        return at[d];
    }

    int yAt() {
        return at[y];
    }
}
