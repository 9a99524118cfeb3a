// Element-wise work: every thread takes the elements i, i + threads of the grid, ...
#pragma once

// Unsigned, so that the last step past n, which is below 2^31, does not overflow.
#define GRID_STRIDE(i, n) \
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < (unsigned)(n); i += gridDim.x * blockDim.x)
