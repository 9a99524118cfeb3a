// y = a part of x along an axis: with the dimensions before the axis taken together, and the axis with those after it,
// places from .. from + width of each row of x, which has `length`. One thread an element, 8 bytes each.
#include "grid_stride.cuh"

// n elements of y, of any type of 4 bytes.
extern "C" __global__ void slice(int n, int length, int width, int from, const float* __restrict__ x,
                                 float* __restrict__ y) {
    GRID_STRIDE(i, n) {
        unsigned row = i / width;
        y[i] = x[(size_t)row * length + from + (i - row * width)];
    }
}
