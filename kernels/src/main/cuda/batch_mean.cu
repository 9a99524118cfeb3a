// y = the mean of x over the step's valid rows; and dx = dy / valid rows for those, 0 for padding.
// Forward one block, 4 bytes a row; backward a thread a row. The time of a launch.
// Kernels that compute the rows' values themselves leave sums in slots; batch_mean_slots adds those up.
#include "grid_stride.cuh"
#include "reduce.cuh"
#include "step_state.cuh"

extern "C" __global__ void __launch_bounds__(1024)
batch_mean_forward(const StepState* __restrict__ state, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float partial[WARP];
    const int rows = state->valid_rows;
    float sum = 0.f;
    for (unsigned n = threadIdx.x; n < rows; n += blockDim.x) sum += x[n];
    sum = block_sum(sum, partial);
    if (threadIdx.x == 0) y[0] = sum / rows;
}

extern "C" __global__ void batch_mean_backward(int N, const StepState* __restrict__ state, const float* __restrict__ dy,
                                               float* __restrict__ dx) {
    const int rows = state->valid_rows;
    const float share = dy[0] / rows;
    GRID_STRIDE(n, N) dx[n] = n < rows ? share : 0.f;
}

// mean = the sum of `losses` / valid rows, correct = the sum of `counts`; either pair may be null. One block.
extern "C" __global__ void __launch_bounds__(128)
batch_mean_slots(int slots, const StepState* __restrict__ state, const float* __restrict__ losses,
                 const float* __restrict__ counts, float* __restrict__ mean, float* __restrict__ correct) {
    __shared__ float partial[WARP];
    float loss = 0.f;
    float count = 0.f;
    for (int i = threadIdx.x; i < slots; i += blockDim.x) {
        if (losses) loss += losses[i];
        if (counts) count += counts[i];
    }
    loss = block_sum(loss, partial);
    count = block_sum(count, partial);
    if (threadIdx.x == 0) {
        if (losses) mean[0] = loss / state->valid_rows;
        if (counts) correct[0] = count;
    }
}
