// The functions of Op.Function, in its order, and their derivatives in terms of y = function(x).
#pragma once

enum Function { NONE = -1, RELU = 0, SIGMOID = 1, TANH = 2 };

__device__ __forceinline__ float activate(int function, float x) {
    switch (function) {
        case RELU: return x > 0.f || x != x ? x : 0.f;  // NaN for NaN
        case SIGMOID: return 1.f / (1.f + expf(-x));
        case TANH: return tanhf(x);
        default: return x;
    }
}

__device__ __forceinline__ float derivative(int function, float y) {
    switch (function) {
        case RELU: return y > 0.f ? 1.f : 0.f;
        case SIGMOID: return y * (1.f - y);
        case TANH: return 1.f - y * y;
        default: return 1.f;
    }
}

// dx for y = function(x): apart for ReLU, whose gradient is 0 where y is, even if dy is no number.
__device__ __forceinline__ float activate_backward(int function, float y, float dy) {
    return function == RELU ? (y > 0.f ? dy : 0.f) : dy * derivative(function, y);
}
