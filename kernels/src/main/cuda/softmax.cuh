// The softmax of one row by one warp.
#pragma once

#include "reduce.cuh"

struct SoftmaxSums {
    float max, sum;  // the largest x, and the sum of exp(x - max)
};

// Exponentials are taken of x - max, so that none overflows. A NaN, which fmaxf passes over, comes in again by the sum.
__device__ __forceinline__ SoftmaxSums softmax_row(int C, const float* __restrict__ x, float* __restrict__ y) {
    const int lane = threadIdx.x % WARP;
    float max = -INFINITY;
    for (int j = lane; j < C; j += WARP) max = fmaxf(max, x[j]);
    max = warp_max(max);
    float sum = 0.f;
    for (int j = lane; j < C; j += WARP) {
        float e = expf(x[j] - max);
        y[j] = e;
        sum += e;
    }
    sum = warp_sum(sum);
    for (int j = lane; j < C; j += WARP) y[j] /= sum;
    return {max, sum};
}
