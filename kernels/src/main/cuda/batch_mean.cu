// y = the mean of x over the step's valid rows; and dx = dy / valid rows for those, 0 for padding.
// Forward one block, 4 bytes a row; backward a thread a row. The time of a launch.
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
