// Tensors of random numbers, functions of seed, stream, step and element alone. Four elements a thread: one block of random
// words, and two for normal numbers. Moves 4 bytes an element (bernoulli 8): 0.9 us a million on an H200; the ten rounds of a
// block are some 80 integer operations, which hide behind that, those of two blocks and a logarithm, a square root and a sine
// an element do not.
#include "grid_stride.cuh"
#include "philox.cuh"
#include "step_state.cuh"

// The elements 4i .. 4i + 3, as far as they are there; at once where i is below quads.
__device__ __forceinline__ float4 load_some(const float* x, int n, int quads, unsigned i) {
    if (i < quads) return load4(x, i);
    float values[4] = {};
#pragma unroll
    for (unsigned k = 0; k < 4; k++) {
        if (4 * i + k < n) values[k] = x[4 * i + k];
    }
    return make_float4(values[0], values[1], values[2], values[3]);
}
__device__ __forceinline__ void store_some(float* y, int n, int quads, unsigned i, float4 value) {
    if (i < quads) {
        store4(y, i, value);
        return;
    }
    const float values[4] = {value.x, value.y, value.z, value.w};
#pragma unroll
    for (unsigned k = 0; k < 4; k++) {
        if (4 * i + k < n) y[4 * i + k] = values[k];
    }
}

// y = low + range u, u from the upper 24 bits of the element's word.
extern "C" __global__ void random_uniform(int n, int quads, float low, float range, long long seed, int stream,
                                          const StepState* __restrict__ state, float* __restrict__ y) {
    auto f = [=](unsigned word) { return low + range * ((word >> 8) * 0x1p-24f); };
    const long long step = state->step;
    GRID_STRIDE(i, (n + 3u) / 4) {
        const uint4 words = philox(seed, stream, step, i);
        store_some(y, n, quads, i, make_float4(f(words.x), f(words.y), f(words.z), f(words.w)));
    }
}

// The polynomials of Elementary.java, to the bit but for fused multiply-adds: the logarithm of u + rest, where u is a normal
// number and rest is far below its last place.
__device__ __forceinline__ float log_of_sum(float u, float rest) {
    // u = 2^n (1 + f), 1 + f from the root of one half to the root of two
    const int bits = __float_as_int(u);
    const int whole = (bits - 0x3f3504f3) >> 23;
    const float n = whole;
    const float f = __int_as_float(bits - (whole << 23)) - 1.f;
    const float z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    // log 2 in two parts
    return f + (p * f * z + n * -2.12194440e-4f - 0.5f * z + rest) + n * 0.693359375f;
}

// sqrt(-2 log(u)) cos(2 pi v) with u = (first + 1/2) / 2^32 and v = (second + 1/2) / 2^32.
__device__ __forceinline__ float standard_normal(unsigned first, unsigned second) {
    // u, or u - 1 where u is above one half: so a u near 1 keeps its digits
    const float x = ((int)first + 0.5f) * 0x1p-32f;
    const float one = x < 0.f;
    const float u = one + x;
    const float radius = sqrtf(-2.f * log_of_sum(u, x - (u - one)));
    // 4 |v - 1/2| - 1, the sine of whose quarter turns is the cosine: so a cosine near 0 keeps its digits
    const int from_half = (int)(second ^ 0x80000000u);
    const int distance = from_half ^ (from_half >> 31);
    const float t = (distance - (1 << 30) + 0.5f) * 0x1p-30f;
    const float z = t * t;
    float p = 1.517108903e-4f;
    p = p * z - 4.674281925e-3f;
    p = p * z + 7.969006896e-2f;
    p = p * z - 6.459638476e-1f;
    // pi / 2 in two parts
    return radius * ((p * z - 4.37113883e-8f) * t + t * 1.57079637f);
}

// y = mean + deviation z; element i takes the words 2i and 2i + 1 of the stream.
extern "C" __global__ void random_normal(int n, int quads, float mean, float deviation, long long seed, int stream,
                                         const StepState* __restrict__ state, float* __restrict__ y) {
    auto f = [=](unsigned first, unsigned second) { return mean + deviation * standard_normal(first, second); };
    const long long step = state->step;
    GRID_STRIDE(i, (n + 3u) / 4) {
        const uint4 a = philox(seed, stream, step, 2 * i);
        const uint4 b = philox(seed, stream, step, 2 * i + 1);
        store_some(y, n, quads, i, make_float4(f(a.x, a.y), f(a.z, a.w), f(b.x, b.y), f(b.z, b.w)));
    }
}

// y = 1 where the word is below p 2^32, else 0, and NaN for NaN.
extern "C" __global__ void bernoulli(int n, int quads, long long seed, int stream, const StepState* __restrict__ state,
                                     const float* __restrict__ p, float* __restrict__ y) {
    // p 2^32 is exact; a whole number is below it if it is below the next whole number from it on, which is exact, too
    auto f = [](unsigned word, float p) {
        return p < 1.f ? (word < __float2uint_ru(p * 0x1p32f) ? 1.f : 0.f) : p >= 1.f ? 1.f : p;
    };
    const long long step = state->step;
    GRID_STRIDE(i, (n + 3u) / 4) {
        const uint4 words = philox(seed, stream, step, i);
        const float4 q = load_some(p, n, quads, i);
        store_some(y, n, quads, i, make_float4(f(words.x, q.x), f(words.y, q.y), f(words.z, q.z), f(words.w, q.w)));
    }
}
