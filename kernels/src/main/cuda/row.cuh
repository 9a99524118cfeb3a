// Rows of a matrix, each for a warp, or where they are long for a block.
#pragma once

#include "reduce.cuh"

// The part of a thread: elements first, first + step ... of row n.
struct Row {
    int n, first, step;
    bool wide;       // a block has one row
    float* partial;  // in shared memory, room for 32 floats
};

__device__ __forceinline__ Row row_of_thread(bool wide, float* partial) {
    int warps = blockDim.x / WARP;
    return wide ? Row{(int)blockIdx.x, (int)threadIdx.x, (int)blockDim.x, true, partial}
                : Row{(int)(blockIdx.x * warps + threadIdx.x / WARP), (int)(threadIdx.x % WARP), WARP, false, partial};
}

// All threads of the row must call these, and get the result.
__device__ __forceinline__ float row_sum(float x, const Row& row) {
    return row.wide ? block_sum(x, row.partial) : warp_sum(x);
}
__device__ __forceinline__ float row_max(float x, const Row& row) {
    return row.wide ? block_max(x, row.partial) : warp_max(x);
}
