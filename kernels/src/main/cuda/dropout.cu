// y = x mask / (1 - p), with a mask of random bits that depend on seed, stream, step and element alone; and
// dx = dy mask / (1 - p). Four elements a thread, which are one block of random words.
// Moves 9 bytes an element either way, 2 us a million on an H200; the ten rounds are some 20 integer operations an
// element, which hide behind that.
#include "activation.cuh"
#include "grid_stride.cuh"
#include "philox.cuh"
#include "step_state.cuh"

extern "C" __global__ void dropout_forward(int n, int quads, unsigned threshold, long long seed, int stream, float scale,
                                           const StepState* __restrict__ state, const float* __restrict__ x,
                                           float* __restrict__ y, unsigned char* __restrict__ mask) {
    const long long step = state->step;
    GRID_STRIDE(i, (n + 3u) / 4) {
        uint4 words = philox(seed, stream, step, i);
        uchar4 keep = make_uchar4(words.x >= threshold, words.y >= threshold, words.z >= threshold, words.w >= threshold);
        if (i < quads) {
            float4 value = load4(x, i);
            store4(y, i, make_float4(keep.x ? value.x * scale : 0.f, keep.y ? value.y * scale : 0.f,
                                     keep.z ? value.z * scale : 0.f, keep.w ? value.w * scale : 0.f));
            reinterpret_cast<uchar4*>(mask)[i] = keep;
        } else {
            unsigned char keeps[4] = {keep.x, keep.y, keep.z, keep.w};
#pragma unroll
            for (unsigned k = 0; k < 4; k++) {
                if (4 * i + k < n) {
                    y[4 * i + k] = keeps[k] ? x[4 * i + k] * scale : 0.f;
                    mask[4 * i + k] = keeps[k];
                }
            }
        }
    }
}

// With a function: times its derivative at y, the input of the dropout; y is null else.
extern "C" __global__ void dropout_backward(int n, int quads, float scale, int function, const float* __restrict__ y,
                                            const float* __restrict__ dy, const unsigned char* __restrict__ mask,
                                            float* __restrict__ dx) {
    auto f = [=](unsigned char keep, float value, float gradient) {
        gradient = keep ? gradient * scale : 0.f;
        return function == NONE ? gradient : activate_backward(function, value, gradient);
    };
    GRID_STRIDE(i, quads) {
        uchar4 keep = reinterpret_cast<const uchar4*>(mask)[i];
        float4 gradient = load4(dy, i);
        float4 value = y ? load4(y, i) : gradient;
        store4(dx, i, make_float4(f(keep.x, value.x, gradient.x), f(keep.y, value.y, gradient.y),
                                  f(keep.z, value.z, gradient.z), f(keep.w, value.w, gradient.w)));
    }
    GRID_STRIDE_FROM(i, 4 * quads, n) dx[i] = f(mask[i], y ? y[i] : 0.f, dy[i]);
}
