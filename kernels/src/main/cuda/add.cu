// y = a + b. Four elements a thread. Moves 12 bytes an element: 2.6 us a million on an H200.
#include "grid_stride.cuh"

// a and b may be one tensor.
extern "C" __global__ void add(int n, int quads, const float* a, const float* b, float* __restrict__ y) {
    auto f = [](float u, float v) { return u + v; };
    GRID_STRIDE(i, quads) store4(y, i, map4(f, load4(a, i), load4(b, i)));
    GRID_STRIDE_FROM(i, 4 * quads, n) y[i] = f(a[i], b[i]);
}
