// y = f(x), and dx = dy f'(x) with the derivative in terms of y. Four elements a thread.
// Moves 8 bytes an element forward, 12 backward: 1 and 1.5 us on an H200 for the first ReLU of LeNet-5 at batch 128,
// 602,112 elements.
#include "activation.cuh"
#include "grid_stride.cuh"

extern "C" __global__ void activation_forward(int n, int quads, int function, const float* __restrict__ x,
                                              float* __restrict__ y) {
    auto f = [=](float value) { return activate(function, value); };
    GRID_STRIDE(i, quads) store4(y, i, map4(f, load4(x, i)));
    GRID_STRIDE_FROM(i, 4 * quads, n) y[i] = f(x[i]);
}

extern "C" __global__ void activation_backward(int n, int quads, int function, const float* __restrict__ y,
                                               const float* __restrict__ dy, float* __restrict__ dx) {
    auto f = [=](float value, float gradient) { return activate_backward(function, value, gradient); };
    GRID_STRIDE(i, quads) store4(dx, i, map4(f, load4(y, i), load4(dy, i)));
    GRID_STRIDE_FROM(i, 4 * quads, n) dx[i] = f(y[i], dy[i]);
}
