// The rows of the step's batch in a data set.
#pragma once

#include "step_state.cuh"

// Where row n of the step's batch lies in the data, or -1 for padding. Without an order the data is a window of the last
// steps' rows, `slots` batches long.
__device__ __forceinline__ long long source_row(unsigned n, const StepState* state, const int* order, int slots) {
    if (n >= state->valid_rows) return -1;
    return order ? order[state->offset + n] : (long long)(state->index % slots) * state->batch + n;
}
