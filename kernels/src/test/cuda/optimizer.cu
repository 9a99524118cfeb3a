// Flat optimizer updates and Philox dropout.

__device__ int steps_taken = 0;

extern "C" __global__ void sgd_momentum(int n, float rate, float momentum, float decay, const float* __restrict__ g,
                                        float* __restrict__ v, float* __restrict__ w) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float d = g[i] + decay * w[i];
    v[i] = momentum * v[i] + d;
    w[i] -= rate * v[i];
}

extern "C" __global__ void adam(int n, float rate, float beta1, float beta2, float epsilon, float correction1,
                                float correction2, const float* __restrict__ g, float* __restrict__ m,
                                float* __restrict__ v, float* __restrict__ w) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float gi = g[i];
    float mi = m[i] = beta1 * m[i] + (1.f - beta1) * gi;
    float vi = v[i] = beta2 * v[i] + (1.f - beta2) * gi * gi;
    w[i] -= rate * (mi / correction1) / (sqrtf(vi / correction2) + epsilon);
}

extern "C" __global__ void advance_step(double* __restrict__ rate, double factor) {
    steps_taken += 1;
    rate[0] = rate[0] * factor + 1e-9;
    rate[1] = sqrt(rate[0]) / (1.0 + rate[0]);
}

// Philox 4x32-10 (Salmon et al., SC 2011)
__device__ __forceinline__ uint4 philox(uint4 c, uint2 k) {
#pragma unroll
    for (int round = 0; round < 10; round++) {
        unsigned h0 = __umulhi(0xD2511F53u, c.x), l0 = 0xD2511F53u * c.x;
        unsigned h1 = __umulhi(0xCD9E8D57u, c.z), l1 = 0xCD9E8D57u * c.z;
        c = make_uint4(h1 ^ c.y ^ k.x, l1, h0 ^ c.w ^ k.y, l0);
        k.x += 0x9E3779B9u;
        k.y += 0xBB67AE85u;
    }
    return c;
}

extern "C" __global__ void philox_words(int n4, unsigned long long seed, unsigned step, unsigned node, uint4* __restrict__ out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n4) out[i] = philox(make_uint4(i, 0u, step, node), make_uint2((unsigned)seed, (unsigned)(seed >> 32)));
}

extern "C" __global__ void dropout_forward(int n, unsigned threshold, float scale, unsigned long long seed, unsigned step,
                                           unsigned node, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i * 4 >= n) return;
    uint4 r = philox(make_uint4(i, 0u, step, node), make_uint2((unsigned)seed, (unsigned)(seed >> 32)));
    unsigned words[4] = {r.x, r.y, r.z, r.w};
#pragma unroll
    for (int j = 0; j < 4; j++)
        if (i * 4 + j < n) y[i * 4 + j] = words[j] >= threshold ? x[i * 4 + j] * scale : 0.f;
}

// A transposed copy through a padded tile, and a small per-thread array that stays in local memory.
extern "C" __global__ void transpose(int H, int W, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float tile[32][33];
    int w = blockIdx.x * 32 + threadIdx.x;
    for (int j = threadIdx.y; j < 32; j += 8) {
        int h = blockIdx.y * 32 + j;
        if (h < H && w < W) tile[j][threadIdx.x] = x[h * W + w];
    }
    __syncthreads();
    int h = blockIdx.y * 32 + threadIdx.x;
    for (int j = threadIdx.y; j < 32; j += 8) {
        int column = blockIdx.x * 32 + j;
        if (h < H && column < W) y[column * H + h] = tile[threadIdx.x][j];
    }
}

extern "C" __global__ void insertion_sort8(int rows, int* __restrict__ x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= rows) return;
    int v[8];
    for (int j = 0; j < 8; j++) {
        int value = x[i * 8 + j], k = j;
#pragma unroll 1
        while (k > 0 && v[k - 1] > value) {
            v[k] = v[k - 1];
            k--;
        }
        v[k] = value;
    }
#pragma unroll 1
    for (int j = 0; j < 8; j++) x[i * 8 + j] = v[j];
}

// One step of an LSTM cell from gates that a product has filled: gates[rows][4 * hidden] in the order i f g o.
extern "C" __global__ void lstm_cell(int rows, int hidden, const float* __restrict__ gates, float* __restrict__ c,
                                     float* __restrict__ h) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= rows * hidden) return;
    int row = i / hidden, u = i % hidden;
    const float* g = gates + (long long)row * 4 * hidden + u;
    float in = 1.f / (1.f + __expf(-g[0])), forget = 1.f / (1.f + __expf(-g[hidden]));
    float cell = tanhf(g[2 * hidden]), out = 1.f / (1.f + __expf(-g[3 * hidden]));
    float next = forget * c[i] + in * cell;
    c[i] = next;
    h[i] = out * tanhf(next);
}
