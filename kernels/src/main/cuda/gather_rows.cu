// y[n] = scale data[order[offset + n]] + shift for the valid rows of the step's batch, zeros for those after them.
// A thread takes four elements where rows have a multiple of four, else one. Reads 1 byte (U8) or 4 bytes an element and
// writes 4: for a batch of 4096 images of MNIST, 16 MB, 3.4 us on an H200.
#include "grid_stride.cuh"
#include "source_row.cuh"

__device__ __forceinline__ float4 floats4(const unsigned char* x) {
    uchar4 bytes = *reinterpret_cast<const uchar4*>(x);
    return make_float4(bytes.x, bytes.y, bytes.z, bytes.w);
}
__device__ __forceinline__ float4 floats4(const float* x) { return *reinterpret_cast<const float4*>(x); }

// n elements in all, `row` of them in a row; quads is n / 4 where four neighbours lie together, aligned, else 0.
template <class T>
__device__ __forceinline__ void gather(int n, int quads, int row, float scale, float shift, const StepState* state,
                                       const int* order, int slots, const T* data, float* y) {
    auto f = [=](float value) { return fmaf(scale, value, shift); };
    GRID_STRIDE(i, quads) {
        unsigned to = 4 * i / row;
        long long from = source_row(to, state, order, slots);
        float4 zero = make_float4(0.f, 0.f, 0.f, 0.f);
        store4(y, i, from < 0 ? zero : map4(f, floats4(data + from * row + (4 * i - to * row))));
    }
    GRID_STRIDE_FROM(i, 4 * quads, n) {
        unsigned to = i / row;
        long long from = source_row(to, state, order, slots);
        y[i] = from < 0 ? 0.f : f(data[from * row + (i - to * row)]);
    }
}

extern "C" __global__ void gather_rows_u8(int n, int quads, int row, float scale, float shift,
                                          const StepState* __restrict__ state, const int* __restrict__ order, int slots,
                                          const unsigned char* __restrict__ data, float* __restrict__ y) {
    gather(n, quads, row, scale, shift, state, order, slots, data, y);
}

extern "C" __global__ void gather_rows_real(int n, int quads, int row, float scale, float shift,
                                            const StepState* __restrict__ state, const int* __restrict__ order,
                                            int slots, const float* __restrict__ data, float* __restrict__ y) {
    gather(n, quads, row, scale, shift, state, order, slots, data, y);
}

// Labels: as they are.
extern "C" __global__ void gather_rows_i32(int n, int row, const StepState* __restrict__ state,
                                           const int* __restrict__ order, int slots, const int* __restrict__ data,
                                           int* __restrict__ y) {
    GRID_STRIDE(i, n) {
        unsigned to = i / row;
        long long from = source_row(to, state, order, slots);
        y[i] = from < 0 ? 0 : data[from * row + (i - to * row)];
    }
}
