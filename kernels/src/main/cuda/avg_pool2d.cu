// y = the sum of x over each window, divided by R S, padding counting as zeros; and dx = the sum of dy / (R S) over the
// windows that hold a place. One thread an output; the window is read through the caches. Each row of a window is summed
// by itself, and windows that are LARGE in double, which keeps the rounding error down.
// Both ways move 4 bytes an input and 4 an output: for 2x2 windows on [4096,6,28,28], 96 MB, 20 us on an H200.
#include "grid_stride.cuh"
#include "window2d.cuh"

constexpr int LARGE = 64;

// The sum of a window's part of an image, in T.
template <class T>
__device__ __forceinline__ float window_sum(const float* image, int W, int h0, int h1, int w0, int w1) {
    T sum = 0;
    for (int h = h0; h < h1; h++) {
        T part = 0;
        for (int w = w0; w < w1; w++) part += image[h * W + w];
        sum += part;
    }
    return sum;
}

// n outputs of Ho x Wo, images of H x W.
extern "C" __global__ void avg_pool2d_forward(int n, int H, int W, int Ho, int Wo, int R, int S, int stride_h,
                                              int stride_w, int pad_h, int pad_w, const float* __restrict__ x,
                                              float* __restrict__ y) {
    GRID_STRIDE(o, n) {
        unsigned row = o / Wo;
        unsigned plane = row / Ho;
        const float* image = x + (size_t)plane * H * W;
        int top = (int)(row - plane * Ho) * stride_h - pad_h;
        int left = (int)(o - row * Wo) * stride_w - pad_w;
        int h0 = max(top, 0), h1 = min(top + R, H), w0 = max(left, 0), w1 = min(left + S, W);
        float sum = R * S > LARGE ? window_sum<double>(image, W, h0, h1, w0, w1)
                                  : window_sum<float>(image, W, h0, h1, w0, w1);
        y[o] = sum / (R * S);
    }
}

// n elements of dx.
extern "C" __global__ void avg_pool2d_backward(int n, int H, int W, int Ho, int Wo, int R, int S, int stride_h,
                                               int stride_w, int pad_h, int pad_w, const float* __restrict__ dy,
                                               float* __restrict__ dx) {
    GRID_STRIDE(o, n) {
        unsigned row = o / W;
        unsigned plane = row / H;
        Windows rows = windows_at(row - plane * H, R, stride_h, pad_h, Ho);
        Windows columns = windows_at(o - row * W, S, stride_w, pad_w, Wo);
        const float* outputs = dy + (size_t)plane * Ho * Wo;
        float sum = 0.f;
        for (int i = rows.first; i <= rows.last; i++) {
            float part = 0.f;
            for (int j = columns.first; j <= columns.last; j++) part += outputs[i * Wo + j];
            sum += part;
        }
        dx[o] = sum / (R * S);
    }
}
