// What the tiled convolutions share: staging of tiles in shared memory.
#pragma once

// e / d for 0 <= e < 2^22 and inverse = 1.f / d: the error of the product is below half a unit of the fraction 1 / d.
__device__ __forceinline__ int quotient(int e, float inverse) { return (int)((e + 0.5f) * inverse); }

// Fills elements 0 .. count - 1 of a tile by the whole block. Eight loads are under way at once, since nothing else hides
// their latency.
template <class Load, class Store>
__device__ __forceinline__ void stage(int count, Load load, Store store) {
    constexpr int BATCH = 8;
    for (int first = threadIdx.x; first < count; first += BATCH * blockDim.x) {
        float value[BATCH];
#pragma unroll
        for (int i = 0; i < BATCH; i++) {
            int e = first + i * blockDim.x;
            value[i] = e < count ? load(e) : 0.f;
        }
#pragma unroll
        for (int i = 0; i < BATCH; i++) {
            int e = first + i * blockDim.x;
            if (e < count) store(e, value[i]);
        }
    }
}

// tile[c][h][v] = image[c, h0 + h, v0 + v] for channels, rows, columns; zeros outside the image of H x W and for channels
// from `present` on. Rows of the tile are `pitch` apart.
__device__ __forceinline__ void stage_image(int channels, int rows, int columns, int pitch, int present, int H, int W,
                                            int h0, int v0, const float* __restrict__ image, float* tile) {
    float per_column = 1.f / columns, per_row = 1.f / rows;
    stage(
        channels * rows * columns,
        [&](int e) {
            int q = quotient(e, per_column), c = quotient(q, per_row);
            int h = h0 + q - c * rows, v = v0 + e - q * columns;
            return c < present && h >= 0 && h < H && v >= 0 && v < W ? image[(c * H + h) * W + v] : 0.f;
        },
        [&](int e, float value) {
            int q = quotient(e, per_column);
            tile[q * pitch + e - q * columns] = value;
        });
}

__device__ __forceinline__ void load4(const float* from, float* to) {
    float4 v = *(const float4*)from;
    to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
}
