// y = up to four tensors one after the other along an axis. With the dimensions before the axis taken together, and the
// axis with those after it, every tensor is a matrix, and its rows are put side by side. One thread an element, 8 bytes
// each.
#include "grid_stride.cuh"

// y has rows of `length`; the parts together fill `width` of each, from place `from` on, and end at e0 .. e3 of that.
// n elements, of any type of 4 bytes.
extern "C" __global__ void concat(int n, int length, int width, int from, int e0, int e1, int e2, const float* x0,
                                  const float* x1, const float* x2, const float* x3, float* __restrict__ y) {
    GRID_STRIDE(i, n) {
        unsigned row = i / width;
        int at = i - row * width;
        const float* x = at < e0 ? x0 : at < e1 ? x1 : at < e2 ? x2 : x3;
        int begin = at < e0 ? 0 : at < e1 ? e0 : at < e2 ? e1 : e2;
        int end = at < e0 ? e0 : at < e1 ? e1 : at < e2 ? e2 : width;
        y[(size_t)row * length + from + at] = x[(size_t)row * (end - begin) + at - begin];
    }
}
