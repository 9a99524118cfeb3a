// Element-wise kernels: one thread an element, a grid-stride loop, a guard on the tail.

extern "C" __global__ void saxpy(int n, float a, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}

extern "C" __global__ void add_bias_relu(int n, int channels, int spatial, const float* __restrict__ x,
                                         const float* __restrict__ bias, float* __restrict__ y) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        float v = x[i] + bias[i / spatial % channels];
        y[i] = v > 0.f ? v : 0.f;
    }
}

extern "C" __global__ void sigmoid_forward(int n, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 1.f / (1.f + expf(-x[i]));
}

extern "C" __global__ void tanh_forward(int n, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = tanhf(x[i]);
}

extern "C" __global__ void gelu_forward(int n, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 0.5f * x[i] * (1.f + erff(x[i] * 0.70710678f));
}

extern "C" __global__ void softplus_forward(int n, const float* __restrict__ x, float* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = fmaxf(x[i], 0.f) + log1pf(__expf(-fabsf(x[i])));
}

// Bytes to normalised floats, as a data loader's gather does; four bytes a load.
extern "C" __global__ void normalise_u8(int n4, float mean, float inverse_deviation, const uchar4* __restrict__ x,
                                        float4* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n4) return;
    uchar4 v = x[i];
    float scale = inverse_deviation / 255.f, shift = -mean * inverse_deviation;
    y[i] = make_float4(v.x * scale + shift, v.y * scale + shift, v.z * scale + shift, v.w * scale + shift);
}

extern "C" __global__ void gather_rows_u8(int rows, int columns, const int* __restrict__ index,
                                          const unsigned char* __restrict__ x, unsigned char* __restrict__ y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < rows * columns) y[i] = x[(long long)index[i / columns] * columns + i % columns];
}
