package dev.weft.cpu;

/** Memory for intermediate results of one kernel, for each thread its own. The kernels of a stage share it. */
final class ThreadScratch {
    float[] a;
    int at;
    int step;

    int at(int thread) {
        return at + thread * step;
    }
}
