// y = value. One thread an element. Writes 4 bytes an element.
#include "grid_stride.cuh"

extern "C" __global__ void fill(int n, float value, float* __restrict__ y) {
    GRID_STRIDE(i, n) y[i] = value;
}
