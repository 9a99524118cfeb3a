// The first maximum of a row.
#pragma once

#include "reduce.cuh"

struct FirstMax {
    float value;  // the largest of the row, NaN passed over; minus infinity if there is no other
    int at;       // where a search from the front for something larger ends
};

// For C values at x, by `lanes` neighbouring lanes (a power of 2) each for a row of its own; all lanes of the warp must
// call it, and all of a row's lanes get the result. Nothing is larger than a NaN, so one at the front is never left.
__device__ __forceinline__ FirstMax first_max(int C, const float* x, int lanes) {
    float value = -INFINITY;
    int at = 0;
    for (int j = threadIdx.x % lanes; j < C; j += lanes) {
        if (x[j] > value) {
            value = x[j];
            at = j;
        }
    }
    for (int step = lanes / 2; step > 0; step /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, value, step);
        int place = __shfl_xor_sync(ALL_LANES, at, step);
        if (other > value || (other == value && place < at)) {
            value = other;
            at = place;
        }
    }
    return {value, C > 0 && x[0] != x[0] ? 0 : at};
}
