// The softmax of one row.
#pragma once

#include "row.cuh"

struct SoftmaxSums {
    float max, sum;  // the largest x, and the sum of exp(x - max)
};

// Exponentials are taken of x - max, so that none overflows. A NaN, which fmaxf passes over, comes in again by the sum.
__device__ __forceinline__ SoftmaxSums softmax_row(int C, const Row& row, const float* __restrict__ x,
                                                   float* __restrict__ y) {
    float max = -INFINITY;
    for (int j = row.first; j < C; j += row.step) max = fmaxf(max, x[j]);
    max = row_max(max, row);
    float sum = 0.f;
    for (int j = row.first; j < C; j += row.step) {
        float e = expf(x[j] - max);
        y[j] = e;
        sum += e;
    }
    sum = row_sum(sum, row);
    for (int j = row.first; j < C; j += row.step) y[j] /= sum;
    return {max, sum};
}
