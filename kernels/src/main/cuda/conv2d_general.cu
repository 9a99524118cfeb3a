// Convolution and its gradients for every window and stride that conv2d.cu has no kernel for. Operands are read through
// the caches: no shared memory but for the last reduction. Sizes as Op.Conv2d has them: x[N,C,H,W], w[K,C,R,S],
// y[N,K,P,Q]. On an H200 the limit is the L1 cache, about a quarter of the rate of multiplications.
#include "activation.cuh"

// Filters (backwards channels) of a thread: so many products for each element of the image that is read.
constexpr int PER_THREAD = 4;

// Channels (backwards filters) that are summed up before their sum is added to the others: long running sums lose digits.
constexpr int TERMS = 1024;

// y = f(x * w + b). A thread has one position of one image and four filters; neighbours have neighbouring positions, so
// that reads of x are coalesced and those of w are one for the whole warp. b may be null, function NONE.
// AlexNet's first layer, x[128,3,227,227] 64@11x11 stride 4: 9.0 GFLOP, 0.13 ms at 67 TFLOP/s; 180 MB, 0.04 ms.
extern "C" __global__ void __launch_bounds__(256)
    conv2d_general(int N, int C, int H, int W, int K, int R, int S, int P, int Q, int stride_h, int stride_w, int pad_h,
                   int pad_w, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ b,
                   int function, float* __restrict__ y) {
    unsigned position = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned plane = P * Q, n = position / plane, at = position % plane;
    if (n >= (unsigned)N) return;
    int h0 = (int)(at / Q) * stride_h - pad_h, w0 = (int)(at % Q) * stride_w - pad_w;
    const float* image = x + n * C * H * W;
    for (int k0 = blockIdx.y * PER_THREAD; k0 < K; k0 += gridDim.y * PER_THREAD) {
        float sum[PER_THREAD] = {};
        const float* filter[PER_THREAD];
#pragma unroll
        for (int f = 0; f < PER_THREAD; f++) filter[f] = w + min(k0 + f, K - 1) * C * R * S;
        for (int r = 0; r < R; r++) {
            for (int s = 0; s < S; s++) {
                int h = h0 + r, v = w0 + s;
                if (h < 0 || h >= H || v < 0 || v >= W) continue;
                for (int first = 0; first < C; first += TERMS) {
                    float part[PER_THREAD] = {};
                    for (int c = first; c < min(C, first + TERMS); c++) {
                        float value = image[(c * H + h) * W + v];
#pragma unroll
                        for (int f = 0; f < PER_THREAD; f++)
                            part[f] = fmaf(value, filter[f][(c * R + r) * S + s], part[f]);
                    }
#pragma unroll
                    for (int f = 0; f < PER_THREAD; f++) sum[f] += part[f];
                }
            }
        }
#pragma unroll
        for (int f = 0; f < PER_THREAD; f++)
            if (k0 + f < K) {
                if (b) sum[f] += b[k0 + f];
                y[(n * K + k0 + f) * plane + at] = activate(function, sum[f]);
            }
    }
}

// dx: a thread has one position of one image and four channels. It looks up, for each element of the window, which
// position of dy meets it, if any.
extern "C" __global__ void __launch_bounds__(256)
    conv2d_input_gradient_general(int N, int C, int H, int W, int K, int R, int S, int P, int Q, int stride_h,
                                  int stride_w, int pad_h, int pad_w, const float* __restrict__ dy,
                                  const float* __restrict__ w, float* __restrict__ dx) {
    unsigned position = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned plane = H * W, n = position / plane, at = position % plane;
    if (n >= (unsigned)N) return;
    int h = at / W, v = at % W;
    const float* image = dy + n * K * P * Q;
    for (int c0 = blockIdx.y * PER_THREAD; c0 < C; c0 += gridDim.y * PER_THREAD) {
        float sum[PER_THREAD] = {};
        for (int r = 0; r < R; r++) {
            int i = (h + pad_h - r) / stride_h;
            if (h + pad_h < r || i >= P || i * stride_h != h + pad_h - r) continue;
            for (int s = 0; s < S; s++) {
                int j = (v + pad_w - s) / stride_w;
                if (v + pad_w < s || j >= Q || j * stride_w != v + pad_w - s) continue;
                for (int first = 0; first < K; first += TERMS) {
                    float part[PER_THREAD] = {};
                    for (int k = first; k < min(K, first + TERMS); k++) {
                        float value = image[(k * P + i) * Q + j];
#pragma unroll
                        for (int f = 0; f < PER_THREAD; f++)
                            part[f] = fmaf(value, w[((k * C + min(c0 + f, C - 1)) * R + r) * S + s], part[f]);
                    }
#pragma unroll
                    for (int f = 0; f < PER_THREAD; f++) sum[f] += part[f];
                }
            }
        }
#pragma unroll
        for (int f = 0; f < PER_THREAD; f++)
            if (c0 + f < C) dx[(n * C + c0 + f) * plane + at] = sum[f];
    }
}

// Partial sums of dw over the images of slot blockIdx.y. A thread has one element of dw; neighbours share dy and read
// neighbouring elements of x. Each row of dy is summed alone, so that no sum has tens of thousands of terms.
extern "C" __global__ void __launch_bounds__(256)
    conv2d_filter_gradient_general(int N, int C, int H, int W, int K, int R, int S, int P, int Q, int stride_h,
                                   int stride_w, int pad_h, int pad_w, int images_per_slot,
                                   const float* __restrict__ x, const float* __restrict__ dy,
                                   float* __restrict__ partial) {
    unsigned elements = K * C * R * S, e = blockIdx.x * blockDim.x + threadIdx.x;
    if (e >= elements) return;
    int s = e % S, r = e / S % R, c = e / S / R % C, k = e / S / R / C;
    int first = blockIdx.y * images_per_slot, end = min(N, first + images_per_slot);
    float sum = 0.f;
    for (int n = first; n < end; n++) {
        for (int i = 0; i < P; i++) {
            int h = i * stride_h + r - pad_h;
            if (h < 0 || h >= H) continue;
            const float* x_row = x + ((n * C + c) * H + h) * W;
            const float* dy_row = dy + ((n * K + k) * P + i) * Q;
            float row = 0.f;
            for (int j = 0; j < Q; j++) {
                int v = j * stride_w + s - pad_w;
                if (v >= 0 && v < W) row = fmaf(dy_row[j], x_row[v], row);
            }
            sum += row;
        }
    }
    partial[(size_t)blockIdx.y * elements + e] = sum;
}
