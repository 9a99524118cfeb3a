// What sequences need beside recurrence.ptx, which is written when a program is bound: rows of a table, their gradient, masks,
// and the transposed weights that the forward kernel reads with one line for the units of a warp.
#include "grid_stride.cuh"

// y[c,r] = x[r,c]
extern "C" __global__ void transpose(int rows, int columns, const float* __restrict__ x, float* __restrict__ y) {
    GRID_STRIDE(i, (unsigned)rows * columns) {
        unsigned c = i / rows, r = i - c * rows;
        y[i] = x[(size_t)r * columns + c];
    }
}

// y[i,d] = table[index[i],d]; 0 for the padding index, NaN for what is no index of the table's V rows.
extern "C" __global__ void embedding(
    int n, int V, int D, int padding, const float* __restrict__ table, const int* __restrict__ index, float* __restrict__ y) {
    GRID_STRIDE(i, (unsigned)n * D) {
        unsigned at = i / D, d = i - at * D;
        int row = index[at];
        bool inside = row >= 0 && row < V;
        y[i] = !inside ? __int_as_float(0x7fc00000) : row == padding ? 0.f : table[(size_t)row * D + d];
    }
}

// dtable[v,d] = sum of dy[i,d] where index[i] = v. A thread has one element of the table, and goes through the n indices in
// order, in pieces of 2,048 that are added up.
extern "C" __global__ void embedding_gradient(
    int n, int V, int D, int padding, const int* __restrict__ index, const float* __restrict__ dy,
    float* __restrict__ dtable) {
    GRID_STRIDE(e, (unsigned)V * D) {
        unsigned v = e / D, d = e - v * D;
        float sum = 0.f;
        for (int first = 0; first < n && (int)v != padding; first += 2048) {
            float piece = 0.f;
            int end = min(n, first + 2048);
            for (int i = first; i < end; i++)
                if (index[i] == (int)v) piece += dy[(size_t)i * D + d];
            sum += piece;
        }
        dtable[e] = sum;
    }
}

// y[n,t] = 1 for t < lengths[n], else 0.
extern "C" __global__ void sequence_mask(int n, int T, const int* __restrict__ lengths, float* __restrict__ y) {
    GRID_STRIDE(i, (unsigned)n) {
        unsigned row = i / T, t = i - row * T;
        y[i] = (int)t < lengths[row] ? 1.f : 0.f;
    }
}
