// Sums and maxima over the lanes of a warp and the warps of a block, in a fixed order; every lane gets the result.
#pragma once

constexpr unsigned ALL_LANES = 0xffffffffu;
constexpr int WARP = 32;

// Over `lanes` neighbouring lanes, a power of 2; all lanes of the warp must call them.
__device__ __forceinline__ float lanes_sum(float x, int lanes) {
    for (int step = lanes / 2; step > 0; step /= 2) x += __shfl_xor_sync(ALL_LANES, x, step);
    return x;
}

__device__ __forceinline__ float lanes_max(float x, int lanes) {
    for (int step = lanes / 2; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, step));
    return x;
}

__device__ __forceinline__ float warp_sum(float x) { return lanes_sum(x, WARP); }
__device__ __forceinline__ float warp_max(float x) { return lanes_max(x, WARP); }

// All threads of a block of whole warps must call it. `partial` has room for 32 floats in shared memory, which nobody
// else may be using.
__device__ __forceinline__ float block_sum(float x, float* partial) {
    x = warp_sum(x);
    if (threadIdx.x % WARP == 0) partial[threadIdx.x / WARP] = x;
    __syncthreads();
    x = warp_sum(threadIdx.x % WARP < blockDim.x / WARP ? partial[threadIdx.x % WARP] : 0.f);
    __syncthreads();
    return x;
}

__device__ __forceinline__ float block_max(float x, float* partial) {
    x = warp_max(x);
    if (threadIdx.x % WARP == 0) partial[threadIdx.x / WARP] = x;
    __syncthreads();
    x = warp_max(threadIdx.x % WARP < blockDim.x / WARP ? partial[threadIdx.x % WARP] : -INFINITY);
    __syncthreads();
    return x;
}
