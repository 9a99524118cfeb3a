// y[a,s,b] = the sum, or the largest, of slot s of x[a,r,b]: the terms r from s part to before (s + 1) part. With several
// slots the same kernel goes over those in a second launch. A block of 256 threads is cut into groups of
// `lanes` threads by `columns`: a group takes `columns` neighbouring b of one a, each of its lanes every so many-th term, and
// the lanes' results are combined by halves. So neighbouring threads read neighbouring elements, for B = 1 and for B wide.
// Reads 4 bytes an element: 0.9 us a million on an H200.
#include "step_state.cuh"

#define THREADS 256
#define AHEAD 8  // loads that are under way at once

struct Sum {
    static constexpr float none = 0.f;
    __device__ __forceinline__ float operator()(float a, float b) const { return a + b; }
};

// A NaN is larger than everything.
struct Max {
    static constexpr float none = -INFINITY;
    __device__ __forceinline__ float operator()(float a, float b) const { return a >= b || a != a ? a : b; }
};

// Both numbers of a group are powers of 2, given by their logarithms. Where the batch is reduced, `state` is not null, and a
// `row` that is not 0 is the number of terms in a row, of which the step's valid ones count. A `mean` that is not 0 is what
// the result is divided by: the number of all terms, or of those in a row, times the valid rows.
template <class F>
__device__ __forceinline__ void reduce(F f, int A, int R, int B, int part, int log_columns, int log_lanes,
                                       const StepState* state, int row, int mean, const float* x, float* y) {
    __shared__ float results[THREADS];
    const unsigned thread = threadIdx.x, columns = 1 << log_columns, lanes = 1 << log_lanes;
    const unsigned lane = (thread >> log_columns) & (lanes - 1), log_group = log_columns + log_lanes;
    const unsigned group = blockIdx.x * (THREADS >> log_group) + (thread >> log_group);
    const unsigned tiles = (B + columns - 1) >> log_columns;
    const unsigned a = tiles == 1 ? group : group / tiles;
    const unsigned b = ((group - a * tiles) << log_columns) + (thread & (columns - 1));
    const unsigned valid = state ? (unsigned)state->valid_rows : 1;
    const unsigned begin = blockIdx.y * part, end = min(row ? valid * row : (unsigned)R, begin + part);
    float result = F::none;
    if (a < A && b < B) {
        unsigned r = begin + lane;
        const float* term = x + ((size_t)a * R + r) * B + b;
        const size_t step = (size_t)lanes * B;
        // the compiler does not load ahead by itself, since the step is none that it knows
        for (; r + (AHEAD - 1) * lanes < end; r += AHEAD * lanes) {
            float ahead[AHEAD];
#pragma unroll
            for (int k = 0; k < AHEAD; k++) ahead[k] = term[k * step];
#pragma unroll
            for (int k = 0; k < AHEAD; k++) result = f(result, ahead[k]);
            term += AHEAD * step;
        }
        for (; r < end; r += lanes, term += step) result = f(result, *term);
    }
    results[thread] = result;
    for (unsigned half = lanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half) results[thread] = result = f(result, results[thread + (half << log_columns)]);
    }
    if (lane == 0 && a < A && b < B)
        y[((size_t)a * gridDim.y + blockIdx.y) * B + b] = mean ? result / (float)(valid * mean) : result;
}

#define REDUCE(name, F)                                                                                                \
    extern "C" __global__ void __launch_bounds__(THREADS)                                                              \
        name(int A, int R, int B, int part, int log_columns, int log_lanes, const StepState* __restrict__ state, int row, \
             int mean, const float* __restrict__ x, float* __restrict__ y) {                                           \
        reduce(F(), A, R, B, part, log_columns, log_lanes, state, row, mean, x, y);                                    \
    }

REDUCE(reduce_sum, Sum)
REDUCE(reduce_max, Max)
