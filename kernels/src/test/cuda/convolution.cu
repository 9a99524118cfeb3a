// Convolution and pooling: filters in constant memory with a static tile; a dynamic tile; max-pool with its argmax.

__constant__ float filter_5x5[6 * 25];

// x[N,1,H,W] * filter_5x5[6,1,5,5], padding 2, one 16x16 output tile a block; blockIdx.z = n * 6 + k
extern "C" __global__ void conv5x5_constant(int H, int W, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float tile[20][20];
    int k = blockIdx.z % 6, n = blockIdx.z / 6;
    int h0 = blockIdx.y * 16 - 2, w0 = blockIdx.x * 16 - 2;
    for (int i = threadIdx.y * 16 + threadIdx.x; i < 400; i += 256) {
        int h = h0 + i / 20, w = w0 + i % 20;
        tile[i / 20][i % 20] = h >= 0 && h < H && w >= 0 && w < W ? x[(n * H + h) * W + w] : 0.f;
    }
    __syncthreads();
    int h = blockIdx.y * 16 + threadIdx.y, w = blockIdx.x * 16 + threadIdx.x;
    if (h >= H || w >= W) return;
    float sum = 0.f;
#pragma unroll
    for (int r = 0; r < 5; r++)
#pragma unroll
        for (int s = 0; s < 5; s++) sum = fmaf(tile[threadIdx.y + r][threadIdx.x + s], filter_5x5[k * 25 + r * 5 + s], sum);
    y[((n * 6 + k) * H + h) * W + w] = sum;
}

// Any filter size, no padding, the filter and the input tile in dynamic shared memory.
template <int R>
__device__ void conv_dynamic(int C, int H, int W, int K, const float* __restrict__ x, const float* __restrict__ f,
                             float* __restrict__ y) {
    extern __shared__ float dynamic[];
    float* filter = dynamic;
    float* rows = dynamic + R * R;
    int OH = H - R + 1, OW = W - R + 1;
    int n = blockIdx.z, k = blockIdx.y, oh = blockIdx.x;
    float sum = 0.f;
    for (int c = 0; c < C; c++) {
        for (int i = threadIdx.x; i < R * R; i += blockDim.x) filter[i] = f[(k * C + c) * R * R + i];
        for (int i = threadIdx.x; i < R * W; i += blockDim.x) rows[i] = x[((n * C + c) * H + oh + i / W) * W + i % W];
        __syncthreads();
        if (threadIdx.x < OW) {
#pragma unroll
            for (int r = 0; r < R; r++)
#pragma unroll
                for (int s = 0; s < R; s++) sum = fmaf(filter[r * R + s], rows[r * W + threadIdx.x + s], sum);
        }
        __syncthreads();
    }
    if (threadIdx.x < OW) y[((n * K + k) * OH + oh) * OW + threadIdx.x] = sum;
}

extern "C" __global__ void conv_dynamic_3x3(int C, int H, int W, int K, const float* x, const float* f, float* y) {
    conv_dynamic<3>(C, H, W, K, x, f, y);
}

extern "C" __global__ void conv_dynamic_5x5(int C, int H, int W, int K, const float* x, const float* f, float* y) {
    conv_dynamic<5>(C, H, W, K, x, f, y);
}

// The first maximum in row order wins and NaN goes through.
extern "C" __global__ void max_pool2x2_forward(int planes, int H, int W, const float* __restrict__ x,
                                               float* __restrict__ y, unsigned char* __restrict__ argmax) {
    int OH = H / 2, OW = W / 2;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= planes * OH * OW) return;
    int ow = i % OW, oh = i / OW % OH, p = i / (OW * OH);
    const float* in = x + ((long long)p * H + oh * 2) * W + ow * 2;
    float best = in[0];
    unsigned char at = 0;
    float v = in[1];
    if (v > best || v != v) best = v, at = 1;
    v = in[W];
    if (best == best && (v > best || v != v)) best = v, at = 2;
    v = in[W + 1];
    if (best == best && (v > best || v != v)) best = v, at = 3;
    y[i] = best;
    argmax[i] = at;
}
