// Reductions: by shuffle, through shared memory with __syncwarp, by the last block to finish; softmax; histogram.

__device__ __forceinline__ float warp_sum(float v) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
    return v;
}

// out[blockIdx.x] = sum of this block's share
extern "C" __global__ void sum_partial(int n, const float* __restrict__ x, float* __restrict__ out) {
    __shared__ float partial[32];
    float v = 0.f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += x[i];
    v = warp_sum(v);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = v;
    __syncthreads();
    if (threadIdx.x < 32) {
        v = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0.f;
        v = warp_sum(v);
        if (threadIdx.x == 0) out[blockIdx.x] = v;
    }
}

// A tree in shared memory; the last five levels stay within a warp.
extern "C" __global__ void sum_tree(int n, const float* __restrict__ x, float* __restrict__ out) {
    __shared__ float s[256];
    int t = threadIdx.x, i = blockIdx.x * 256 + t;
    s[t] = i < n ? x[i] : 0.f;
    __syncthreads();
    for (int d = 128; d >= 32; d /= 2) {
        if (t < d) s[t] += s[t + d];
        __syncthreads();
    }
    if (t < 32) {
#pragma unroll
        for (int d = 16; d > 0; d /= 2) {
            float v = s[t] + s[t + d];
            __syncwarp();
            s[t] = v;
            __syncwarp();
        }
        if (t == 0) out[blockIdx.x] = s[0];
    }
}

// Whole sum in one launch: partials to memory, a fence, a counter; the last block adds the partials in order.
extern "C" __global__ void sum_last_block(int n, const float* __restrict__ x, volatile float* partials,
                                          unsigned* counter, float* __restrict__ out) {
    __shared__ float s[128];
    __shared__ bool last;
    int t = threadIdx.x;
    float v = 0.f;
    for (int i = blockIdx.x * 128 + t; i < n; i += gridDim.x * 128) v += x[i];
    s[t] = v;
    __syncthreads();
    for (int d = 64; d > 0; d /= 2) {
        if (t < d) s[t] += s[t + d];
        __syncthreads();
    }
    if (t == 0) {
        partials[blockIdx.x] = s[0];
        __threadfence();
        last = atomicInc(counter, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && t == 0) {
        __threadfence();
        float sum = 0.f;
        for (int b = 0; b < gridDim.x; b++) sum += partials[b];
        *out = sum;
    }
}

// One block a row; any number of columns.
extern "C" __global__ void softmax_rows(int columns, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float s[33];
    const float* row = x + (long long)blockIdx.x * columns;
    float* out = y + (long long)blockIdx.x * columns;
    int t = threadIdx.x, lane = t & 31, warp = t >> 5, warps = blockDim.x >> 5;
    float m = -INFINITY;
    for (int i = t; i < columns; i += blockDim.x) m = fmaxf(m, row[i]);
#pragma unroll
    for (int d = 16; d > 0; d /= 2) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
    if (lane == 0) s[warp] = m;
    __syncthreads();
    m = s[0];
    for (int w = 1; w < warps; w++) m = fmaxf(m, s[w]);
    __syncthreads();
    float sum = 0.f;
    for (int i = t; i < columns; i += blockDim.x) {
        float e = expf(row[i] - m);
        out[i] = e;
        sum += e;
    }
#pragma unroll
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (lane == 0) s[warp] = sum;
    __syncthreads();
    sum = 0.f;
    for (int w = 0; w < warps; w++) sum += s[w];
    for (int i = t; i < columns; i += blockDim.x) out[i] = out[i] / sum;
}

// Counts of bytes: shared atomics, then global ones.
extern "C" __global__ void histogram_u8(int n, const unsigned char* __restrict__ x, unsigned* __restrict__ counts) {
    __shared__ unsigned bins[256];
    for (int i = threadIdx.x; i < 256; i += blockDim.x) bins[i] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&bins[x[i]], 1u);
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += blockDim.x)
        if (bins[i]) atomicAdd(&counts[i], bins[i]);
}

// Rows where any value is not finite set the latch; ballot and atomicOr / atomicMax / atomicCAS in use.
extern "C" __global__ void nonfinite_latch(int n, const float* __restrict__ x, unsigned* __restrict__ latch,
                                           int* __restrict__ highest) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    bool bad = i < n && !isfinite(x[i]);
    unsigned votes = __ballot_sync(0xffffffffu, bad);
    if (threadIdx.x % 32 == 0 && votes) {
        atomicOr(latch, 1u);
        atomicMax(highest, i + 31 - __clz(votes));
    }
    if (__any_sync(0xffffffffu, bad) && bad) atomicCAS(latch + 1, 0u, __popc(votes));
}
