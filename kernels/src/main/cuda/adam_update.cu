// m = beta1 m + (1 - beta1) dw; v = beta2 v + (1 - beta2) dw^2; w -= lr (m c1 / (sqrt(v c2) + epsilon) + weight_decay w)
// with the step's bias corrections c1 and c2. In place, over a flat range; nothing happens once the latch is closed.
// Four parameters a thread. Moves 28 bytes a parameter: 5.8 us a million on an H200.
#include "grid_stride.cuh"
#include "step_state.cuh"

struct Adam {
    float rate, c1, c2, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, weight_decay;

    __device__ __forceinline__ void update(float& w, float dw, float& m, float& v) const {
        m = fmaf(beta1, m, one_minus_beta1 * dw);
        v = fmaf(beta2, v, one_minus_beta2 * dw * dw);
        float direction = m * c1 / (sqrtf(v * c2) + epsilon);
        w = fmaf(-rate, fmaf(weight_decay, w, direction), w);
    }
};

extern "C" __global__ void adam_update(int n, int quads, const StepState* __restrict__ state,
                                       const float* __restrict__ rates, float rate_scale, float beta1,
                                       float one_minus_beta1, float beta2, float one_minus_beta2, float epsilon,
                                       float weight_decay, float* __restrict__ w, const float* __restrict__ dw,
                                       float* __restrict__ m, float* __restrict__ v) {
    if (state->non_finite_step >= 0) return;
    const Adam adam = {learning_rate(state, rates) * rate_scale,
                       bias_correction1(state, rates),
                       bias_correction2(state, rates),
                       beta1,
                       one_minus_beta1,
                       beta2,
                       one_minus_beta2,
                       epsilon,
                       weight_decay};
    GRID_STRIDE(i, quads) {
        float4 weight = load4(w, i);
        float4 gradient = load4(dw, i);
        float4 first = load4(m, i);
        float4 second = load4(v, i);
        adam.update(weight.x, gradient.x, first.x, second.x);
        adam.update(weight.y, gradient.y, first.y, second.y);
        adam.update(weight.z, gradient.z, first.z, second.z);
        adam.update(weight.w, gradient.w, first.w, second.w);
        store4(w, i, weight);
        store4(m, i, first);
        store4(v, i, second);
    }
    GRID_STRIDE_FROM(i, 4 * quads, n) {
        float weight = w[i], first = m[i], second = v[i];
        adam.update(weight, dw[i], first, second);
        w[i] = weight;
        m[i] = first;
        v[i] = second;
    }
}
