// loss = the mean of (x - target)^2 over each row; and dx = dloss 2 (x - target) / D for rows of D elements.
// Forward a warp a row, or where rows are long (wide) a block a row, 8 bytes an element; backward a thread an element,
// 12 bytes.
// [4096,784] takes 5.4 us forward and 8 us backward on an H200.
#include "grid_stride.cuh"
#include "row.cuh"
#include "source_row.cuh"

extern "C" __global__ void __launch_bounds__(256)
squared_error_forward(int rows, int D, int wide, const float* __restrict__ x, const float* __restrict__ target,
                      float* __restrict__ loss) {
    __shared__ float partial[WARP];
    const Row row = row_of_thread(wide, partial);
    if (row.n >= rows) return;  // a whole warp, and only where there is no barrier
    x += (size_t)row.n * D;
    target += (size_t)row.n * D;
    float sum = 0.f;
    for (int j = row.first; j < D; j += row.step) {
        float difference = x[j] - target[j];
        sum = fmaf(difference, difference, sum);
    }
    sum = row_sum(sum, row);
    if (row.first == 0) loss[row.n] = sum / D;
}

// n elements of dx.
extern "C" __global__ void squared_error_backward(int n, int D, const float* __restrict__ x,
                                                  const float* __restrict__ target, const float* __restrict__ dloss,
                                                  float* __restrict__ dx) {
    const float factor = 2.f / D;
    GRID_STRIDE(i, n) dx[i] = dloss[i / D] * (factor * (x[i] - target[i]));
}

// Targets, loss and gradient at once, for a training step and, with dx null, for an evaluation: gathers the targets from
// the data set; mean = the mean loss of the valid rows; dx = dmean / valid rows 2 (x - target) / D, zeros for padding.
// One block does it all where the batch is small; else each block leaves its sum in a slot for batch_mean_slots. A thread
// an element of the n. Moves 12 bytes an element, 8 without dx: [4096,784] takes 8 us on an H200.
extern "C" __global__ void __launch_bounds__(1024)
squared_error_step(int n, int D, float dmean, const StepState* __restrict__ state, const int* __restrict__ order,
                   int slots, const float* __restrict__ data, const float* __restrict__ x, float* __restrict__ dx,
                   float* __restrict__ mean) {
    __shared__ float partial[WARP];
    const int valid = state->valid_rows;
    const float factor = dmean / valid * (2.f / D);
    float sum = 0.f;
    GRID_STRIDE(i, dx ? n : valid * D) {
        const unsigned row = i / D;
        const long long from = source_row(row, state, order, slots);
        if (from >= 0) {
            const float difference = x[i] - data[from * D + (i - row * D)];
            sum = fmaf(difference, difference, sum);
            if (dx) dx[i] = factor * difference;
        } else {
            dx[i] = 0.f;
        }
    }
    sum = block_sum(sum, partial) / D;
    if (threadIdx.x == 0) mean[blockIdx.x] = gridDim.x == 1 ? sum / valid : sum;
}
