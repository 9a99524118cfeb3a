// Element-wise work: every thread takes the elements i, i + threads of the grid, ...
#pragma once

// Unsigned, so that the last step past n, which is below 2^31, does not overflow.
#define GRID_STRIDE(i, n) GRID_STRIDE_FROM(i, 0, n)
#define GRID_STRIDE_FROM(i, first, n)                                                          \
    for (unsigned i = (first) + blockIdx.x * blockDim.x + threadIdx.x; i < (unsigned)(n); \
         i += gridDim.x * blockDim.x)

// Kernels over flat tensors take n elements, the first 4 * quads of them by fours; quads is 0 where not all of the
// tensors begin at a multiple of 16 bytes.
__device__ __forceinline__ float4 load4(const float* x, unsigned i) { return reinterpret_cast<const float4*>(x)[i]; }
__device__ __forceinline__ void store4(float* y, unsigned i, float4 value) { reinterpret_cast<float4*>(y)[i] = value; }

// f of each of the four.
template <class F>
__device__ __forceinline__ float4 map4(F f, float4 a) {
    return make_float4(f(a.x), f(a.y), f(a.z), f(a.w));
}
template <class F>
__device__ __forceinline__ float4 map4(F f, float4 a, float4 b) {
    return make_float4(f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w));
}
