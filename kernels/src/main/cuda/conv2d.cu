// Convolution and its gradients for square windows of 1, 3, 5 and 7 and stride 1, without im2col. Sizes as Op.Conv2d has
// them: x[N,C,H,W], w[K,C,R,R], y[N,K,P,Q].
#include "activation.cuh"
#include "conv2d_tile.cuh"

// ---------------------------------------------------------------- forward and input gradient

// y = f(x * w + b), on request with the max-pooling of y. With stride 1 the input gradient is a correlation too: of dy with
// the filters turned by 180 degrees, channels and filters exchanged, padding R - 1 - pad. So w is read with its strides,
// and turned where `turn` is set.
//
// A block computes tiles of `rows` x 4 `strips` positions of an image for KT `groups` filters. A thread has four
// neighbouring positions of one row (a strip) and KT filters, all in registers; threads of a warp have neighbouring strips
// and mostly the same filters. The block stages `channels` channels at a time: the image with its padding as
// xs[c][h][x_pitch], the filters as ws[c][r][s][w_pitch], filters innermost. A row of the window then takes two 16-byte
// loads of x and R KT / 4 of w, which are one for the warp, for 4 R KT multiplications; x_pitch puts the strips of eight
// neighbouring threads into different banks. The results go through the memory of xs, so that the code of the activation
// is there once, and so that the pooling finds its windows.
//
// b, y, pooled and argmax may be null. Pooling windows are pool_h x pool_w without overlap; tiles begin and end with them.
//
// LeNet-5 on an H200 (4.8 TB/s, 67 TFLOP/s), batch 4096, forward with bias, activation and pooling:
//   x[1,28,28] 6@5x5 pad 2: 0.96 GFLOP, 14 us; 13 + 77 + 19 + 19 MB, 27 us
//   x[6,14,14] 16@5x5:      1.97 GFLOP, 29 us; 19 + 26 + 7 + 7 MB, 12 us
// At batch 128 both are launch-bound: one block an image, 600 and 2400 multiplications a thread.
template <int R, int KT>
__device__ __forceinline__ void correlate(int N, int C, int H, int W, int K, int P, int Q, int pad_h, int pad_w,
                                          int w_stride_k, int w_stride_c, int turn, int strips, int rows, int groups,
                                          int channels, int x_pitch, int x_floats, int w_pitch,
                                          const float* __restrict__ x, const float* __restrict__ w,
                                          const float* __restrict__ b, int function, float* __restrict__ y, int pool_h,
                                          int pool_w, float* __restrict__ pooled, int* __restrict__ argmax) {
    constexpr int RR = R * R;
    constexpr int SPAN = (R + 3 + 3) / 4 * 4;  // of x for the strip, in whole vectors
    extern __shared__ float4 shared[];
    float* xs = (float*)shared;
    float* ws = xs + x_floats;
    int x_rows = rows + R - 1, tile_strips = rows * strips, width = 4 * strips;
    int down = (P + rows - 1) / rows, across = (Q + width - 1) / width;
    int k0 = blockIdx.y * groups * KT;

    int group = threadIdx.x / tile_strips, strip = threadIdx.x % tile_strips;
    int row = strip / strips, column = strip % strips * 4;
    bool works = group < groups;

    for (int tile = blockIdx.x; tile < N * down * across; tile += gridDim.x) {
        int n = tile / (down * across), i0 = tile / across % down * rows, j0 = tile % across * width;
        float y_tile[KT][4] = {};
        for (int c0 = 0; c0 < C; c0 += channels) {
            int present = min(channels, C - c0);
            __syncthreads();  // the tile before has been read
            stage_image(present, x_rows, width + SPAN - 4, x_pitch, present, H, W, i0 - pad_h, j0 - pad_w,
                        x + (n * C + c0) * H * W, xs);
            if (C > channels || tile == blockIdx.x) {  // else the filters are there already
                float per_filter = 1.f / (present * RR);
                stage(
                    groups * KT * present * RR,
                    [&](int e) {
                        int k = quotient(e, per_filter), crs = e - k * present * RR, c = crs / RR, rs = crs % RR;
                        int at = (k0 + k) * w_stride_k + (c0 + c) * w_stride_c + (turn ? RR - 1 - rs : rs);
                        return k0 + k < K ? w[at] : 0.f;
                    },
                    [&](int e, float value) {
                        int k = quotient(e, per_filter);
                        ws[(e - k * present * RR) * w_pitch + k] = value;
                    });
            }
            __syncthreads();
            if (works) {
                const float* x_at = xs + row * x_pitch + column;
                const float* w_at = ws + group * KT;
                for (int c = 0; c < present; c++, x_at += x_rows * x_pitch) {
#pragma unroll
                    for (int r = 0; r < R; r++) {
                        float x_row[SPAN];
#pragma unroll
                        for (int v = 0; v < SPAN; v += 4) load4(x_at + r * x_pitch + v, x_row + v);
#pragma unroll
                        for (int s = 0; s < R; s++, w_at += w_pitch) {
                            float w_rs[KT];
#pragma unroll
                            for (int k = 0; k < KT; k += 2) {
                                float2 pair = *(const float2*)(w_at + k);
                                w_rs[k] = pair.x, w_rs[k + 1] = pair.y;
                            }
#pragma unroll
                            for (int k = 0; k < KT; k++)
#pragma unroll
                                for (int j = 0; j < 4; j++)
                                    y_tile[k][j] = fmaf(x_row[j + s], w_rs[k], y_tile[k][j]);
                        }
                    }
                }
            }
        }

        __syncthreads();  // xs has been read, now it takes the results [k][row][column]
        if (works) {
            float4* own = shared + group * KT * tile_strips + strip;
            int k_own = k0 + group * KT;
#pragma unroll
            for (int k = 0; k < KT; k++) {
                float bias = b && k_own + k < K ? b[k_own + k] : 0.f;
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    y_tile[k][j] += bias;
                    if (function == RELU) y_tile[k][j] = activate(RELU, y_tile[k][j]);
                }
                own[k * tile_strips] = make_float4(y_tile[k][0], y_tile[k][1], y_tile[k][2], y_tile[k][3]);
            }
            int i = i0 + row, j = j0 + column;
            bool vectors = Q % 4 == 0 && (size_t)y % 16 == 0;
#pragma unroll 1
            for (int k = 0; k < KT && k_own + k < K; k++) {
                float4 v = own[k * tile_strips];
                if (function > RELU) {
                    v = make_float4(activate(function, v.x), activate(function, v.y), activate(function, v.z),
                                    activate(function, v.w));
                    own[k * tile_strips] = v;
                }
                if (!y || i >= P || j >= Q) continue;
                float* to = y + ((n * K + k_own + k) * P + i) * Q + j;
                if (vectors) {
                    *(float4*)to = v;
                } else {
                    to[0] = v.x;
                    if (j + 1 < Q) to[1] = v.y;
                    if (j + 2 < Q) to[2] = v.z;
                    if (j + 3 < Q) to[3] = v.w;
                }
            }
        }

        if (pooled) {
            __syncthreads();
            int pool_rows = min(rows, P - i0) / pool_h, pool_columns = min(width, Q - j0) / pool_w;
            int filters = min(groups * KT, K - k0);
            float per_plane = 1.f / (pool_rows * pool_columns), per_row = 1.f / pool_columns;
            for (int e = threadIdx.x; e < filters * pool_rows * pool_columns; e += blockDim.x) {
                int k = quotient(e, per_plane), at = e - k * pool_rows * pool_columns;
                int i = quotient(at, per_row), j = at - i * pool_columns;
                const float* window = xs + (k * rows + i * pool_h) * width + j * pool_w;
                float best = window[0];
                int best_r = 0, best_s = 0;
                for (int r = 0; r < pool_h; r++) {
                    for (int s = 0; s < pool_w; s++) {
                        float v = window[r * width + s];
                        if (v > best || (v != v && best == best)) best = v, best_r = r, best_s = s;
                    }
                }
                int to = ((n * K + k0 + k) * (P / pool_h) + i0 / pool_h + i) * (Q / pool_w) + j0 / pool_w + j;
                pooled[to] = best;
                if (argmax) argmax[to] = (i0 + i * pool_h + best_r) * Q + j0 + j * pool_w + best_s;
            }
        }
    }
}

#define CORRELATE(R, KT)                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 2) conv2d_##R##x##R##_##KT(                                        \
        int N, int C, int H, int W, int K, int P, int Q, int pad_h, int pad_w, int w_stride_k, int w_stride_c,        \
        int turn, int strips, int rows, int groups, int channels, int x_pitch, int x_floats, int w_pitch,             \
        const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ b, int function,          \
        float* __restrict__ y, int pool_h, int pool_w, float* __restrict__ pooled, int* __restrict__ argmax) {        \
        correlate<R, KT>(N, C, H, W, K, P, Q, pad_h, pad_w, w_stride_k, w_stride_c, turn, strips, rows, groups,       \
                         channels, x_pitch, x_floats, w_pitch, x, w, b, function, y, pool_h, pool_w, pooled, argmax); \
    }

CORRELATE(1, 8)
CORRELATE(3, 4)
CORRELATE(3, 8)
CORRELATE(5, 4)
CORRELATE(5, 6)
CORRELATE(7, 4)

// ---------------------------------------------------------------- filter gradient

// The first phase: partial[slot, K C R R + filters], sums over the units of slot blockIdx.x, which are bands of `rows` rows
// of the images; where filters is K and not 0, the last columns are the same sums of dy alone, the bias gradient.
//
// Block blockIdx.y has KT `k_groups` filters and CT `c_groups` channels. It stages a band of x with its padding,
// xs[c][h][x_pitch], and of dy, ds[k][i][dy_pitch], both zero-filled to whole vectors. A thread has KT filters, CT channels
// and RT rows of the window in registers, and rows `split`, split + splits, ... of the band. It walks along the row, four
// positions at a time: KT 16-byte loads of dy and CT RT of x for 4 R KT CT RT multiplications. At the end the threads with
// the same elements of dw are summed in order, through shared memory.
//
// LeNet-5 on an H200, batch 4096:
//   x[1,28,28] 6@5x5 pad 2: 0.96 GFLOP, 14 us; 13 + 77 MB, 19 us
//   x[6,14,14] 16@5x5:      1.97 GFLOP, 29 us; 19 + 26 MB, 9 us
// At batch 128 both are launch-bound: one block an image, 840 and 960 multiplications a thread.
template <int R, int RT, int CT, int KT>
__device__ __forceinline__ void filter_gradient(int N, int C, int H, int W, int K, int P, int Q, int pad_h, int pad_w,
                                                int k_groups, int c_groups, int splits, int rows, int units_per_slot,
                                                int x_pitch, int x_floats, int dy_pitch, int filters,
                                                const float* __restrict__ x, const float* __restrict__ dy,
                                                float* __restrict__ partial) {
    constexpr int RR = R * R;
    constexpr int R_GROUPS = R / RT;
    constexpr int LEAD = (R - 1 + 3) / 4 * 4;  // of x in front of the next four, in whole vectors
    extern __shared__ float4 shared[];
    float* xs = (float*)shared;
    float* ds = xs + x_floats;
    int x_rows = rows + R - 1, bands = (P + rows - 1) / rows, vectors = (Q + 3) / 4;
    int KB = k_groups * KT, CB = c_groups * CT, c_blocks = (C + CB - 1) / CB;
    int k0 = blockIdx.y / c_blocks * KB, c0 = blockIdx.y % c_blocks * CB;
    bool sums_dy = filters > 0 && c0 == 0;

    int parts = k_groups * c_groups * R_GROUPS, part = threadIdx.x % parts, split = threadIdx.x / parts;
    int r = part % R_GROUPS * RT, c = part / R_GROUPS % c_groups * CT, k = part / R_GROUPS / c_groups * KT;
    int dy_lanes = blockDim.x / KB, dy_k = threadIdx.x / dy_lanes, dy_lane = threadIdx.x % dy_lanes;

    float dw[KT][CT][RT][R] = {};
    float db = 0.f;
    int first = blockIdx.x * units_per_slot, end = min(N * bands, first + units_per_slot);
    for (int unit = first; unit < end; unit++) {
        int n = unit / bands, i0 = unit % bands * rows;
        __syncthreads();  // the band before has been read
        stage_image(CB, x_rows, 4 * vectors + LEAD, x_pitch, min(CB, C - c0), H, W, i0 - pad_h, -pad_w,
                    x + (n * C + c0) * H * W, xs);
        stage_image(KB, rows, dy_pitch, dy_pitch, min(KB, K - k0), P, Q, i0, 0, dy + (n * K + k0) * P * Q, ds);
        __syncthreads();
        if (split < splits) {
            for (int i = split; i < min(rows, P - i0); i += splits) {
                const float* x_at = xs + (c * x_rows + i + r) * x_pitch;
                const float* dy_at = ds + (k * rows + i) * dy_pitch;
                float x_row[CT][RT][LEAD + 4];
#pragma unroll
                for (int a = 0; a < CT; a++)
#pragma unroll
                    for (int q = 0; q < RT; q++)
#pragma unroll
                        for (int v = 0; v < LEAD; v += 4)
                            load4(x_at + (a * x_rows + q) * x_pitch + v, &x_row[a][q][v]);
                for (int j = 0; j < vectors; j++) {
#pragma unroll
                    for (int a = 0; a < CT; a++)
#pragma unroll
                        for (int q = 0; q < RT; q++)
                            load4(x_at + (a * x_rows + q) * x_pitch + 4 * j + LEAD, &x_row[a][q][LEAD]);
#pragma unroll
                    for (int f = 0; f < KT; f++) {
                        float dy_row[4];
                        load4(dy_at + f * rows * dy_pitch + 4 * j, dy_row);
#pragma unroll
                        for (int v = 0; v < 4; v++)
#pragma unroll
                            for (int a = 0; a < CT; a++)
#pragma unroll
                                for (int q = 0; q < RT; q++)
#pragma unroll
                                    for (int s = 0; s < R; s++)
                                        dw[f][a][q][s] = fmaf(dy_row[v], x_row[a][q][v + s], dw[f][a][q][s]);
                    }
#pragma unroll
                    for (int a = 0; a < CT; a++)
#pragma unroll
                        for (int q = 0; q < RT; q++)
#pragma unroll
                            for (int v = 0; v < LEAD; v++) x_row[a][q][v] = x_row[a][q][v + 4];
                }
            }
        }
        if (sums_dy && dy_k < KB) {
            float sum = 0.f;  // of this band alone, so that no sum has tens of thousands of terms
            for (int e = dy_lane; e < rows * dy_pitch; e += dy_lanes) sum += ds[dy_k * rows * dy_pitch + e];
            db += sum;
        }
    }

    int elements = KB * CB * RR;
    float* sums = (float*)shared;  // [split][k][c][r][s]
    __syncthreads();
    if (split < splits) {
#pragma unroll
        for (int f = 0; f < KT; f++)
#pragma unroll
            for (int a = 0; a < CT; a++)
#pragma unroll
                for (int q = 0; q < RT; q++)
#pragma unroll
                    for (int s = 0; s < R; s++)
                        sums[split * elements + (((k + f) * CB + c + a) * R + r + q) * R + s] = dw[f][a][q][s];
    }
    __syncthreads();
    partial += (size_t)blockIdx.x * (K * C * RR + filters);
    for (int e = threadIdx.x; e < elements; e += blockDim.x) {
        int e_k = e / (CB * RR), e_crs = e % (CB * RR);
        if (k0 + e_k >= K || c0 * RR + e_crs >= C * RR) continue;
        float sum = sums[e];
        for (int i = 1; i < splits; i++) sum += sums[i * elements + e];
        partial[((k0 + e_k) * C + c0) * RR + e_crs] = sum;
    }
    if (sums_dy) {
        __syncthreads();
        if (dy_k < KB) sums[threadIdx.x] = db;
        __syncthreads();
        if (threadIdx.x < min(KB, K - k0)) {
            float sum = 0.f;
            for (int i = 0; i < dy_lanes; i++) sum += sums[threadIdx.x * dy_lanes + i];
            partial[K * C * RR + k0 + threadIdx.x] = sum;
        }
    }
}

#define FILTER_GRADIENT(R, RT, CT, KT)                                                                             \
    extern "C" __global__ void __launch_bounds__(320, 1) conv2d_filter_gradient_##R##x##R##_##KT(                     \
        int N, int C, int H, int W, int K, int P, int Q, int pad_h, int pad_w, int k_groups, int c_groups,         \
        int splits, int rows, int units_per_slot, int x_pitch, int x_floats, int dy_pitch, int filters,            \
        const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ partial) {                  \
        filter_gradient<R, RT, CT, KT>(N, C, H, W, K, P, Q, pad_h, pad_w, k_groups, c_groups, splits, rows,        \
                                       units_per_slot, x_pitch, x_floats, dy_pitch, filters, x, dy, partial);      \
    }

FILTER_GRADIENT(1, 1, 4, 4)
FILTER_GRADIENT(3, 3, 1, 4)
FILTER_GRADIENT(5, 1, 1, 6)
FILTER_GRADIENT(5, 1, 1, 8)
FILTER_GRADIENT(7, 1, 1, 4)

// The second phase, here and for conv2d_general.cu: dw = sum of the slots of partial[slots, elements + filters], in order,
// and db the same of the last columns. A block has 32 neighbouring columns and eight rows of threads that share the slots.
// LeNet-5's second layer, 128 slots of 2416 columns: 1.2 MB, a quarter of a microsecond at 4.8 TB/s.
extern "C" __global__ void __launch_bounds__(256)
    conv2d_filter_gradient_reduce(int slots, int elements, int filters, const float* __restrict__ partial,
                                  float* __restrict__ dw, float* __restrict__ db) {
    __shared__ float sums[8][32];
    int lane = threadIdx.x % 32, row = threadIdx.x / 32;
    unsigned columns = elements + filters, e = blockIdx.x * 32 + lane;
    float sum = 0.f;
    if (e < columns)
        for (int slot = row; slot < slots; slot += 8) sum += partial[(size_t)slot * columns + e];
    sums[row][lane] = sum;
    __syncthreads();
    if (row > 0 || e >= columns) return;
#pragma unroll
    for (int i = 1; i < 8; i++) sum += sums[i][lane];
    if (e < elements)
        dw[e] = sum;
    else
        db[e - elements] = sum;
}
