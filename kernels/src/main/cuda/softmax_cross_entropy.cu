// p = the softmax of each row of x, loss = log(sum of exp(x)) - x[label]; and dx = dloss (p - [j = label]).
// Forward a warp a row, or where rows are long (wide) a block a row, 8 bytes and an exponential an element; backward a
// thread an element, 8 bytes.
// A [4096,1000] takes 7 us either way on an H200; the [128,10] of LeNet-5 the time of a launch.
#include "first_max.cuh"
#include "grid_stride.cuh"
#include "softmax.cuh"
#include "source_row.cuh"

extern "C" __global__ void __launch_bounds__(256)
softmax_cross_entropy_forward(int rows, int C, int wide, const float* __restrict__ x, const int* __restrict__ labels,
                              float* __restrict__ p, float* __restrict__ loss) {
    __shared__ float partial[WARP];
    const Row row = row_of_thread(wide, partial);
    if (row.n >= rows) return;  // a whole warp, and only where there is no barrier
    x += (size_t)row.n * C;
    SoftmaxSums sums = softmax_row(C, row, x, p + (size_t)row.n * C);
    if (row.first == 0) loss[row.n] = logf(sums.sum) + (sums.max - x[labels[row.n]]);
}

// n elements of dx.
extern "C" __global__ void softmax_cross_entropy_backward(int n, int C, const float* __restrict__ p,
                                                          const int* __restrict__ labels,
                                                          const float* __restrict__ dloss, float* __restrict__ dx) {
    GRID_STRIDE(i, n) {
        unsigned row = i / C;
        dx[i] = dloss[row] * (p[i] - (i - row * C == labels[row] ? 1.f : 0.f));
    }
}

// Labels, loss, accuracy and gradient at once, for a training step and, with dx null, for an evaluation: gathers the
// labels from the data set; mean = the mean loss of the valid rows; correct = how many have their first maximum at the
// label, none with a NaN; dx = dmean / valid rows (softmax(x) - [j = label]), zeros for padding. One block does it all where the batch is
// small; else each block leaves its sums in slots for batch_mean_slots.
// `lanes` neighbouring lanes take a row, a power of 2; a row is read three times, through the caches. Moves 8 bytes an
// element and two exponentials: [4096,1000] takes 7 us on an H200; for [128,10] with one block of 8 lanes a row it is the
// latency of a launch, four dependent loads (state, order, label, logit) and some twenty shuffles.
extern "C" __global__ void __launch_bounds__(1024)
softmax_cross_entropy_step(int N, int C, int lanes, float dmean, const StepState* __restrict__ state,
                           const int* __restrict__ order, int slots, const int* __restrict__ data,
                           const float* __restrict__ x, float* __restrict__ dx, float* __restrict__ mean,
                           float* __restrict__ correct) {
    __shared__ float partial[WARP];
    const unsigned valid = state->valid_rows;
    const unsigned rows = dx ? N : valid;
    const unsigned rows_a_block = blockDim.x / lanes;
    const int lane = threadIdx.x % lanes;
    float losses = 0.f;
    float count = 0.f;
    for (unsigned first = blockIdx.x * rows_a_block; first < rows; first += gridDim.x * rows_a_block) {
        const unsigned n = first + threadIdx.x / lanes;
        const int columns = n < rows ? C : 0;  // lanes without a row take part in the shuffles
        const float* row = x + (size_t)n * C;
        const int label = n < valid ? data[source_row(n, state, order, slots)] : 0;
        const float label_value = n < rows ? row[label] : 0.f;
        float max = -INFINITY;  // NaN passed over
        for (int j = lane; j < columns; j += lanes) max = fmaxf(max, row[j]);
        max = lanes_max(max, lanes);
        float sum = 0.f;
        float better = 0.f;
        for (int j = lane; j < columns; j += lanes) {
            sum += expf(row[j] - max);
            better += beats(row[j], j, label_value, label) ? 1.f : 0.f;
        }
        sum = lanes_sum(sum, lanes);
        better = lanes_sum(better, lanes);
        if (n < valid && lane == 0) {
            losses += logf(sum) + (max - label_value);
            count += better == 0.f ? 1.f : 0.f;
        }
        if (dx) {
            const float share = n < valid ? dmean / valid : 0.f;
            for (int j = lane; j < columns; j += lanes) {
                float p = expf(row[j] - max) / sum;
                dx[(size_t)n * C + j] = share * (p - (j == label ? 1.f : 0.f));
            }
        }
    }
    losses = block_sum(losses, partial);
    count = block_sum(count, partial);
    if (threadIdx.x == 0) {
        mean[blockIdx.x] = gridDim.x == 1 ? losses / valid : losses;
        correct[blockIdx.x] = count;
    }
}
