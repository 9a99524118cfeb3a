// y = a b and y = factor x. Four elements a thread. Moves 12 and 8 bytes an element: 2.5 and 1.7 us a million on an H200.
#include "grid_stride.cuh"

// a and b may be one tensor.
extern "C" __global__ void multiply(int n, int quads, const float* a, const float* b, float* __restrict__ y) {
    auto f = [](float u, float v) { return u * v; };
    GRID_STRIDE(i, quads) store4(y, i, map4(f, load4(a, i), load4(b, i)));
    GRID_STRIDE_FROM(i, 4 * quads, n) y[i] = f(a[i], b[i]);
}

extern "C" __global__ void scale(int n, int quads, float factor, const float* __restrict__ x, float* __restrict__ y) {
    auto f = [=](float value) { return factor * value; };
    GRID_STRIDE(i, quads) store4(y, i, map4(f, load4(x, i)));
    GRID_STRIDE_FROM(i, 4 * quads, n) y[i] = f(x[i]);
}
