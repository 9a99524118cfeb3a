// Three tiled products C[M,N] = A[M,K] B[K,N], row-major: plain tiles with guards; register tiles with 16-byte loads
// and two buffers; the same pipeline fed by cp.async.

// One element a thread, any size.
extern "C" __global__ void gemm_tiled(int M, int N, int K, const float* __restrict__ A, const float* __restrict__ B,
                                      float* __restrict__ C) {
    __shared__ float a[16][16];
    __shared__ float b[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
    float sum = 0.f;
    for (int k0 = 0; k0 < K; k0 += 16) {
        int ka = k0 + threadIdx.x, kb = k0 + threadIdx.y;
        a[threadIdx.y][threadIdx.x] = row < M && ka < K ? A[row * K + ka] : 0.f;
        b[threadIdx.y][threadIdx.x] = kb < K && column < N ? B[kb * N + column] : 0.f;
        __syncthreads();
#pragma unroll
        for (int k = 0; k < 16; k++) sum = fmaf(a[threadIdx.y][k], b[k][threadIdx.x], sum);
        __syncthreads();
    }
    if (row < M && column < N) C[row * N + column] = sum;
}

// 64x64 a block of 256 threads, 4x4 a thread; M, N multiples of 64 and K of 16.
extern "C" __global__ void __launch_bounds__(256) gemm_vectorised(int M, int N, int K, const float* __restrict__ A,
                                                                  const float* __restrict__ B, float* __restrict__ C) {
    __shared__ __align__(16) float a[2][16][64 + 4];
    __shared__ __align__(16) float b[2][16][64];
    const int t = threadIdx.x, tx = t % 16, ty = t / 16;
    const int row0 = blockIdx.y * 64, column0 = blockIdx.x * 64;
    const int ar = t / 4, ak = t % 4 * 4, bk = t / 16, bc = t % 16 * 4;
    const float* pa = A + (row0 + ar) * K + ak;
    const float* pb = B + bk * N + column0 + bc;
    float sum[4][4] = {};
    float4 va = *(const float4*)pa, vb = *(const float4*)pb;
    int buffer = 0;
    for (int k0 = 0; k0 < K; k0 += 16) {
        a[buffer][ak + 0][ar] = va.x;
        a[buffer][ak + 1][ar] = va.y;
        a[buffer][ak + 2][ar] = va.z;
        a[buffer][ak + 3][ar] = va.w;
        *(float4*)&b[buffer][bk][bc] = vb;
        __syncthreads();
        if (k0 + 16 < K) {
            va = *(const float4*)(pa + k0 + 16);
            vb = *(const float4*)(pb + (k0 + 16) * N);
        }
#pragma unroll
        for (int k = 0; k < 16; k++) {
            float4 x = *(const float4*)&a[buffer][k][ty * 4], y = *(const float4*)&b[buffer][k][tx * 4];
            float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 4; j++) sum[i][j] = fmaf(xs[i], ys[j], sum[i][j]);
        }
        buffer ^= 1;
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
        *(float4*)&C[(row0 + ty * 4 + i) * N + column0 + tx * 4] =
            make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
}
