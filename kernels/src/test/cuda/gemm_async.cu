// A tiled product whose tiles arrive by cp.async (compute_80): two stages, one in flight while the other is used.
#include <cuda_pipeline_primitives.h>

extern "C" __global__ void __launch_bounds__(64) gemm_async(int M, int N, int K, const float* __restrict__ A,
                                                            const float* __restrict__ B, float* __restrict__ C) {
    __shared__ __align__(16) float a[2][32][16];
    __shared__ __align__(16) float b[2][16][32];
    const int t = threadIdx.x, tx = t % 8, ty = t / 8;
    const int row0 = blockIdx.y * 32, column0 = blockIdx.x * 32;
    float sum[4][4] = {};
    auto fetch = [&](int stage, int k0) {
        for (int i = t; i < 128; i += 64)
            __pipeline_memcpy_async(&a[stage][i / 4][i % 4 * 4], A + (row0 + i / 4) * K + k0 + i % 4 * 4, 16);
        for (int i = t; i < 128; i += 64)
            __pipeline_memcpy_async(&b[stage][i / 8][i % 8 * 4], B + (k0 + i / 8) * N + column0 + i % 8 * 4, 16);
        __pipeline_commit();
    };
    fetch(0, 0);
    int stage = 0;
    for (int k0 = 0; k0 < K; k0 += 16) {
        if (k0 + 16 < K) {
            fetch(stage ^ 1, k0 + 16);
            __pipeline_wait_prior(1);
        } else {
            __pipeline_wait_prior(0);
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < 16; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] = fmaf(a[stage][ty * 4 + i][k], b[stage][k][tx * 4 + j], sum[i][j]);
        __syncthreads();
        stage ^= 1;
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) C[(row0 + ty * 4 + i) * N + column0 + tx * 4 + j] = sum[i][j];
}
