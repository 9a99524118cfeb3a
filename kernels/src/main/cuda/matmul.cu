// c = op(a) op(b), c[M,P] summed over K, by square tiles of c; y = f(c + b) on the way out; and the whole backward pass
// of a linear layer in one launch. MatMulKernels.java says which tile is taken when.
//
// A block of 256 threads makes one SIDE x SIDE tile. It walks along K in panels of DEPTH: the next panels of op(a) and
// op(b) are on their way to registers while the threads multiply those in shared memory, of which there are two pairs,
// so that one barrier a panel is enough. A thread holds EDGE x EDGE sums. Where a tile takes fewer than 256 threads,
// the block is split into GROUPS along the depth of each panel, and their sums are added in a fixed tree at the end: so
// a small tile has many loads on their way and a short chain of additions.
//
//                          large     medium    small
//   tile, depth            128, 8    64, 16    16, 128
//   sums a thread          8 x 8     8 x 8     4 x 4
//   groups                 1         4         16
//   shared memory, bytes   16,896    33,792    40,960
//   flops a loaded byte    32        16        4
//
// Grid: x counts tiles along rows of c, y the slots of K. With several slots, slot s writes the sum over its part of K
// to c + s M P, and matmul_combine adds them in order.
//
// Bytes: at least 4 (M K + K P + M P); flops: 2 M P K. The floor on an H200 (4.8 TB/s, 67 TFLOP/s):
//   4096 x 4096 x 4096            201 MB, 137 GFLOP: 2.05 ms of arithmetic (large)
//   4096 x 400 x 120 (LeNet-5)    8.7 MB, 0.39 GFLOP: 5.9 us of arithmetic (medium, 128 blocks)
//   128 x 400 x 120               0.46 MB, 12 MFLOP: 0.2 us, so the latency of one launch (small, 64 blocks, 4 panels)
#include "activation.cuh"
#include "grid_stride.cuh"

#define THREADS 256

template <int SIDE_, int DEPTH_, int EDGE_, int BLOCKS_>
struct Tile {
    static constexpr int SIDE = SIDE_, DEPTH = DEPTH_, EDGE = EDGE_;
    static constexpr int BLOCKS = BLOCKS_;                 // on a multiprocessor at once: limits the registers
    static constexpr int ACROSS = SIDE / EDGE;             // threads of a group along one side
    static constexpr int GROUP = ACROSS * ACROSS;          // threads of a group
    static constexpr int GROUPS = THREADS / GROUP;
    static constexpr int QUADS = EDGE / 4;                 // a thread's sums are quads, SIDE / QUADS apart
    static constexpr int PATCH = ACROSS < 8 ? ACROSS : 8;  // a warp spans 8 x 4 threads: the fewest shared reads
    static constexpr int PATCHES = ACROSS / PATCH;
    static constexpr int STRIPS = GROUPS > 1 ? 1 : EDGE;   // rows of each thread's sums that go to c one after the other
};
using Large = Tile<128, 8, 8, 2>;
using Medium = Tile<64, 16, 8, 2>;
using Small = Tile<16, 128, 4, 3>;

// Rows are 4 longer than the tile, so that the transposing stores of a warp below meet all 32 banks once.
template <class T>
using Panel = float[T::DEPTH][T::SIDE + 4];

template <class T>
union Shared {
    struct {
        Panel<T> a[2];
        Panel<T> b[2];
    } panels;
    float4 sums[T::GROUPS / 2 * T::EDGE * T::QUADS + 1][T::GROUP];  // of half the groups
    float strip[T::EDGE / T::STRIPS][T::ACROSS][T::SIDE];           // what is being written to c
};

// Loads panels of op(a) or op(b): `side` counts along the side of the tile (m or p), k along the sum. In memory either
// k is contiguous or the side is. With ONES, op(b) has one more column, and it is all ones: its sums are those of a.
template <class T, bool K_CONTIGUOUS, bool ONES>
struct Loader {
    static constexpr int QUADS = T::SIDE * T::DEPTH / 4 / THREADS;

    const float* x;
    unsigned extent;   // along the side
    unsigned leading;  // elements from one row in memory to the next
    unsigned first;    // where the tile begins
    bool vector;       // rows begin at multiples of 16 bytes, so that quads are wholly inside or outside
    float v[QUADS][4];

    __device__ __forceinline__ Loader(const float* x, unsigned extent, unsigned leading, unsigned tile, bool vector)
        : x(x), extent(extent), leading(leading), first(tile * T::SIDE), vector(vector) {}

    // A warp takes 16 x 2 quads where k is contiguous: whole sectors of 32 bytes, and stores without bank conflicts.
    static __device__ __forceinline__ unsigned side(int n) {
        unsigned u = threadIdx.x + n * THREADS;
        return K_CONTIGUOUS ? u % 16 + u / 32 % (T::SIDE / 16) * 16 : u % (T::SIDE / 4) * 4;
    }

    static __device__ __forceinline__ unsigned depth(int n) {
        unsigned u = threadIdx.x + n * THREADS;
        return K_CONTIGUOUS ? (u / 16 % 2 + u / 32 / (T::SIDE / 16) * 2) * 4 : u / (T::SIDE / 4);
    }

    // The panel that begins at k; zeros from `end` on, and outside of the matrix.
    __device__ __forceinline__ void load(unsigned panel, unsigned end) {
#pragma unroll
        for (int n = 0; n < QUADS; n++) {
            unsigned s = first + side(n), k = panel + depth(n);
            const float* from = x + (K_CONTIGUOUS ? (size_t)s * leading + k : (size_t)k * leading + s);
            if (vector) {
                float4 quad = make_float4(0.f, 0.f, 0.f, 0.f);
                if (s < extent && k < end) quad = *(const float4*)from;
                if (ONES && s == extent && k < end) quad.x = 1.f;
                v[n][0] = quad.x;
                v[n][1] = quad.y;
                v[n][2] = quad.z;
                v[n][3] = quad.w;
            } else {
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    unsigned sj = K_CONTIGUOUS ? s : s + j, kj = K_CONTIGUOUS ? k + j : k;
                    v[n][j] = 0.f;
                    if (sj < extent && kj < end) v[n][j] = from[j];
                    if (ONES && sj == extent && kj < end) v[n][j] = 1.f;
                }
            }
        }
    }

    __device__ __forceinline__ void store(Panel<T>& panel) const {
#pragma unroll
        for (int n = 0; n < QUADS; n++) {
            if (K_CONTIGUOUS) {
#pragma unroll
                for (int j = 0; j < 4; j++) panel[depth(n) + j][side(n)] = v[n][j];
            } else {
                *(float4*)&panel[depth(n)][side(n)] = make_float4(v[n][0], v[n][1], v[n][2], v[n][3]);
            }
        }
    }
};

// Where a thread's sums lie in the tile.
template <class T>
struct Place {
    int group, x, y;

    __device__ __forceinline__ Place() {
        int u = threadIdx.x % T::GROUP, patch = u / (T::PATCH * (32 / 8));
        group = threadIdx.x / T::GROUP;
        x = patch % T::PATCHES * T::PATCH + u % T::PATCH;
        y = patch / T::PATCHES * (32 / 8) + u / T::PATCH % (32 / 8);
    }
};

template <class T>
__device__ __forceinline__ void read_quads(const float (&row)[T::SIDE + 4], int at, float (&v)[T::EDGE]) {
#pragma unroll
    for (int q = 0; q < T::QUADS; q++) {
        float4 quad = *(const float4*)&row[q * (T::SIDE / T::QUADS) + at * 4];
        v[4 * q] = quad.x;
        v[4 * q + 1] = quad.y;
        v[4 * q + 2] = quad.z;
        v[4 * q + 3] = quad.w;
    }
}

// The sums of a tile over k = begin .. end - 1; those of group 0 are whole.
template <class T, class A, class B>
__device__ __forceinline__ void multiply(Shared<T>& shared, A& a, B& b, unsigned begin, unsigned end,
                                         float (&sum)[T::EDGE][T::EDGE]) {
    const Place<T> at;
#pragma unroll
    for (int i = 0; i < T::EDGE; i++)
#pragma unroll
        for (int j = 0; j < T::EDGE; j++) sum[i][j] = 0.f;

    a.load(begin, end);
    b.load(begin, end);
    a.store(shared.panels.a[0]);
    b.store(shared.panels.b[0]);
    __syncthreads();
    int current = 0;
    for (unsigned panel = begin; panel < end; panel += T::DEPTH) {
        bool more = panel + T::DEPTH < end;
        if (more) {
            a.load(panel + T::DEPTH, end);
            b.load(panel + T::DEPTH, end);
        }
#pragma unroll
        for (int kk = 0; kk < T::DEPTH / T::GROUPS; kk++) {
            int k = at.group * (T::DEPTH / T::GROUPS) + kk;
            float av[T::EDGE], bv[T::EDGE];
            read_quads<T>(shared.panels.a[current][k], at.y, av);
            read_quads<T>(shared.panels.b[current][k], at.x, bv);
#pragma unroll
            for (int i = 0; i < T::EDGE; i++)
#pragma unroll
                for (int j = 0; j < T::EDGE; j++) sum[i][j] = fmaf(av[i], bv[j], sum[i][j]);
        }
        current ^= 1;
        if (more) {
            a.store(shared.panels.a[current]);
            b.store(shared.panels.b[current]);
        }
        __syncthreads();
    }

    // the upper half of the groups hands its sums to the lower half, until one group has them all
    const int u = threadIdx.x % T::GROUP;
#pragma unroll 1
    for (int half = T::GROUPS / 2; half > 0; half /= 2) {
        if (at.group >= half && at.group < 2 * half) {
#pragma unroll
            for (int i = 0; i < T::EDGE; i++)
#pragma unroll
                for (int q = 0; q < T::QUADS; q++)
                    shared.sums[((at.group - half) * T::EDGE + i) * T::QUADS + q][u] =
                        make_float4(sum[i][4 * q], sum[i][4 * q + 1], sum[i][4 * q + 2], sum[i][4 * q + 3]);
        }
        __syncthreads();
        if (at.group < half) {
#pragma unroll
            for (int i = 0; i < T::EDGE; i++)
#pragma unroll
                for (int q = 0; q < T::QUADS; q++) {
                    float4 other = shared.sums[(at.group * T::EDGE + i) * T::QUADS + q][u];
                    sum[i][4 * q] += other.x;
                    sum[i][4 * q + 1] += other.y;
                    sum[i][4 * q + 2] += other.z;
                    sum[i][4 * q + 3] += other.w;
                }
        }
        __syncthreads();
    }
}

// Calls write(row, column, sum) for the elements of a tile that lie inside of a matrix, along rows of the matrix. The
// sums go through shared memory for that, and so that the code of write is there once and not for each sum.
template <class T, class Write>
__device__ __forceinline__ void for_each(Shared<T>& shared, const float (&sum)[T::EDGE][T::EDGE], unsigned tile_row,
                                         unsigned tile_column, unsigned rows, unsigned columns, Write write) {
    const Place<T> at;
    constexpr int EDGE = T::EDGE / T::STRIPS;
#pragma unroll 1
    for (int strip = 0; strip < T::STRIPS; strip++) {
#pragma unroll
        for (int i = 0; i < T::EDGE; i++)
            if (at.group == 0 && i / EDGE == strip) {
#pragma unroll
                for (int q = 0; q < T::QUADS; q++)
                    *(float4*)&shared.strip[i % EDGE][at.y][q * (T::SIDE / T::QUADS) + at.x * 4] =
                        make_float4(sum[i][4 * q], sum[i][4 * q + 1], sum[i][4 * q + 2], sum[i][4 * q + 3]);
            }
        __syncthreads();
#pragma unroll 1
        for (int e = threadIdx.x; e < EDGE * T::ACROSS * T::SIDE; e += THREADS) {
            int i = e / (T::ACROSS * T::SIDE), y = e / T::SIDE % T::ACROSS, x = e % T::SIDE;
            int edge = strip * EDGE + i;
            unsigned row = tile_row * T::SIDE + edge / 4 * (T::SIDE / T::QUADS) + y * 4 + edge % 4;
            unsigned column = tile_column * T::SIDE + x;
            if (row < rows && column < columns) write(row, column, shared.strip[i][y][x]);
        }
        __syncthreads();
    }
}

// Which operands' rows begin at multiples of 16 bytes.
#define VECTOR_A 1
#define VECTOR_B 2

// c, c + bias and function(c + bias) are written where they are not null.
template <class T, bool TRANSPOSE_A, bool TRANSPOSE_B>
__device__ __forceinline__ void matmul(Shared<T>& shared, unsigned M, unsigned P, unsigned K, unsigned slot_depth,
                                       const float* __restrict__ a, const float* __restrict__ b, int vector,
                                       float* __restrict__ c, const float* __restrict__ bias,
                                       float* __restrict__ biased, int function, float* __restrict__ y) {
    unsigned across = (P + T::SIDE - 1) / T::SIDE;
    unsigned tile_row = blockIdx.x / across, tile_column = blockIdx.x % across;
    unsigned begin = blockIdx.y * slot_depth, end = min(K, begin + slot_depth);
    Loader<T, !TRANSPOSE_A, false> load_a(a, M, TRANSPOSE_A ? M : K, tile_row, vector & VECTOR_A);
    Loader<T, TRANSPOSE_B, false> load_b(b, P, TRANSPOSE_B ? K : P, tile_column, vector & VECTOR_B);
    float sum[T::EDGE][T::EDGE];
    multiply<T>(shared, load_a, load_b, begin, end, sum);

    if (c) c += (size_t)blockIdx.y * M * P;
    for_each<T>(shared, sum, tile_row, tile_column, M, P, [&](unsigned m, unsigned p, float v) {
        size_t i = (size_t)m * P + p;
        if (c) c[i] = v;
        if (bias) v += bias[p];
        if (biased) biased[i] = v;
        if (y) y[i] = activate(function, v);
    });
}

#define MATMUL(name, T, TRANSPOSE_A, TRANSPOSE_B)                                                                   \
    extern "C" __global__ void __launch_bounds__(THREADS, T::BLOCKS)                                                \
        name(int M, int P, int K, int slot_depth, const float* __restrict__ a, const float* __restrict__ b,         \
             int vector, float* __restrict__ c, const float* __restrict__ bias, float* __restrict__ biased,         \
             int function, float* __restrict__ y) {                                                                 \
        __shared__ Shared<T> shared;                                                                                \
        matmul<T, TRANSPOSE_A, TRANSPOSE_B>(shared, M, P, K, slot_depth, a, b, vector, c, bias, biased, function, y); \
    }

MATMUL(matmul_large_nn, Large, false, false)
MATMUL(matmul_large_nt, Large, false, true)
MATMUL(matmul_large_tn, Large, true, false)
MATMUL(matmul_large_tt, Large, true, true)
MATMUL(matmul_medium_nn, Medium, false, false)
MATMUL(matmul_medium_nt, Medium, false, true)
MATMUL(matmul_medium_tn, Medium, true, false)
MATMUL(matmul_medium_tt, Medium, true, true)
MATMUL(matmul_small_nn, Small, false, false)
MATMUL(matmul_small_nt, Small, false, true)
MATMUL(matmul_small_tn, Small, true, false)
MATMUL(matmul_small_tt, Small, true, true)

// Adds the slots of a product c[M,P] of n elements in order, then goes on as above. One thread an element.
// Moves 4 slots n bytes in, 4 n to 12 n out.
extern "C" __global__ void matmul_combine(int n, int P, int slots, const float* __restrict__ partial,
                                          float* __restrict__ c, const float* __restrict__ bias,
                                          float* __restrict__ biased, int function, float* __restrict__ y) {
    GRID_STRIDE(i, n) {
        float sum = partial[i];
#pragma unroll 4
        for (int slot = 1; slot < slots; slot++) sum += partial[(size_t)slot * n + i];
        if (c) c[i] = sum;
        if (bias) sum += bias[i % P];
        if (biased) biased[i] = sum;
        if (y) y[i] = activate(function, sum);
    }
}

// The backward pass of y = x w' + b with x[N,D], w[K,D]: dw[K,D] = dy' x; db[K], unless it is null, the column sums of
// dy, made as one more column of dw whose x is 1; dx[N,D] = dy w. Where x is the output of an activation, x = f(z), also
// dz = dx f'(z). dx and dz are written where they are not null. Small tiles: the first blocks make dw, by slots of N
// where that is long, the others dx. With several slots, each writes its dw and behind it its db, from dw on.
// Bytes: at least 8 (N K + N D + K D); flops: 4 N K D. For LeNet-5's 400 -> 120 at batch 128 that is 0.9 MB and 25
// MFLOP, 0.4 us on an H200, so the latency of one launch: 208 + 200 blocks of one pair of panels each.
#define VECTOR_DY 1
#define VECTOR_X 2
#define VECTOR_W 4
extern "C" __global__ void __launch_bounds__(THREADS, Small::BLOCKS)
    linear_backward(int N, int D, int K, int slots, int slot_depth, const float* __restrict__ dy,
                    const float* __restrict__ x, const float* __restrict__ w, int vector, float* __restrict__ dw,
                    float* __restrict__ db, int has_bias, float* __restrict__ dx, int function,
                    float* __restrict__ dz) {
    using T = Small;
    __shared__ Shared<T> shared;
    float sum[T::EDGE][T::EDGE];
    const unsigned columns = D + has_bias;
    const unsigned dw_across = (columns + T::SIDE - 1) / T::SIDE, dx_across = (D + T::SIDE - 1) / T::SIDE;
    const unsigned dw_tiles = (K + T::SIDE - 1) / T::SIDE * dw_across;
    if (blockIdx.x < dw_tiles * slots) {
        unsigned row = blockIdx.x % dw_tiles / dw_across, column = blockIdx.x % dw_tiles % dw_across;
        unsigned slot = blockIdx.x / dw_tiles, begin = slot * slot_depth;
        Loader<T, false, false> load_dy(dy, K, K, row, vector & VECTOR_DY);
        Loader<T, false, true> load_x(x, D, D, column, vector & VECTOR_X);
        multiply<T>(shared, load_dy, load_x, begin, min((unsigned)N, begin + slot_depth), sum);
        if (slots > 1) {
            dw += (size_t)slot * K * columns;
            db = dw + (size_t)K * D;
        }
        for_each<T>(shared, sum, row, column, K, columns, [&](unsigned k, unsigned d, float v) {
            if (d < D) dw[(size_t)k * D + d] = v;
            else db[k] = v;
        });
    } else {
        unsigned tile = blockIdx.x - dw_tiles * slots, row = tile / dx_across, column = tile % dx_across;
        Loader<T, true, false> load_dy(dy, N, K, row, vector & VECTOR_DY);
        Loader<T, false, false> load_w(w, D, D, column, vector & VECTOR_W);
        multiply<T>(shared, load_dy, load_w, 0, K, sum);
        for_each<T>(shared, sum, row, column, N, D, [&](unsigned n, unsigned d, float v) {
            size_t i = (size_t)n * D + d;
            if (dx) dx[i] = v;
            if (dz) dz[i] = activate_backward(function, x[i], v);
        });
    }
}

// Adds the slots of dw and db, n elements together, in order. One thread an element; moves 4 (slots + 1) n bytes.
extern "C" __global__ void linear_backward_combine(int n, int slots, const float* __restrict__ partial, int dw_elements,
                                                   float* __restrict__ dw, float* __restrict__ db) {
    GRID_STRIDE(i, n) {
        float sum = partial[i];
#pragma unroll 4
        for (int slot = 1; slot < slots; slot++) sum += partial[(size_t)slot * n + i];
        if (i < dw_elements) dw[i] = sum;
        else db[i - dw_elements] = sum;
    }
}
