// One planted bug a kernel: what each check has to find. Compiled with -lineinfo, so reports name the lines here.

extern "C" __global__ void out_of_bounds(int n, const float* x, float* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) y[i] = x[i < n ? i : 0];  // <= for <
}
extern "C" __global__ void out_of_bounds_bytes(int n, unsigned char* y) {
    int i = threadIdx.x;
    if (i <= n) y[i] = 1;
}
extern "C" __global__ void read_before_the_start(const float* x, float* y) { y[threadIdx.x] = x[(int)threadIdx.x - 1]; }
extern "C" __global__ void write_at(float* p) { *p = 1.f; }
extern "C" __global__ void read_at(const float* p, float* out) { *out = *p; }
extern "C" __global__ void misaligned(char* p) { *(float*)(p + 2) = 1.f; }
extern "C" __global__ void misaligned_vector(float* p) { *(float4*)(p + 1) = make_float4(1, 2, 3, 4); }
extern "C" __global__ void shared_never_written(float* y) {
    __shared__ float s[64];
    if (threadIdx.x < 63) s[threadIdx.x] = 1.f;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void shared_out_of_bounds(float* y) {
    __shared__ float a[32];
    __shared__ float b[32];
    a[threadIdx.x + 1] = 1.f;  // runs over the end of a
    b[threadIdx.x] = 2.f;
    __syncthreads();
    y[threadIdx.x] = a[31 - threadIdx.x] + b[31 - threadIdx.x];
}
extern "C" __global__ void dynamic_shared_out_of_bounds(int n, float* y) {
    extern __shared__ float d[];
    d[n] = 1.f;
    __syncthreads();
    y[0] = d[n];
}
extern "C" __global__ void local_never_written(int n, int* y) {
    int v[8];
#pragma unroll 1
    for (int i = 0; i < n; i++) v[i] = i;
    y[threadIdx.x] = v[threadIdx.x & 7];
}
extern "C" __global__ void shared_race(float* y) {
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = s[63 - threadIdx.x];  // no __syncthreads between
}
extern "C" __global__ void shared_race_within_a_warp(float* y) {
    __shared__ float s[32];
    s[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = s[31 - threadIdx.x];  // no __syncwarp between
}
extern "C" __global__ void shared_race_write_after_read(float* y) {
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    __syncthreads();
    float v = s[63 - threadIdx.x];
    s[threadIdx.x] = v + 1.f;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void shared_atomics_are_no_race(int* y) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    atomicAdd(&count, 1);
    __syncthreads();
    if (threadIdx.x == 0) y[0] = count;
}
extern "C" __global__ void shared_atomic_against_plain(int* y) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    atomicAdd(&count, 1);
    if (threadIdx.x == 40) y[0] = count;
}
extern "C" __global__ void race_between_blocks(float* y) { y[0] = blockIdx.x; }
extern "C" __global__ void race_between_blocks_read(float* y) {
    if (threadIdx.x == 0) y[blockIdx.x] = y[blockIdx.x ^ 1] + 1.f;
}
extern "C" __global__ void blocks_add_atomically(int* y) { atomicAdd(y, 1); }
extern "C" __global__ void neighbouring_bytes_are_no_race(unsigned char* y) {
    y[blockIdx.x * blockDim.x + threadIdx.x] = (unsigned char)blockIdx.x;
}
extern "C" __global__ void barrier_in_a_branch(int n, float* y) {
    if (threadIdx.x < n) {
        y[threadIdx.x] = 1.f;
        __syncthreads();
        y[threadIdx.x] = 2.f;
    }
}
extern "C" __global__ void two_barriers(float* y) {
    if (threadIdx.x < 32) {
        y[threadIdx.x] = 1.f;
        __syncthreads();
    } else {
        y[threadIdx.x] = 3.f;
        __syncthreads();
        y[threadIdx.x] = 2.f;
    }
}
extern "C" __global__ void shuffle_after_some_left(int n, float* y) {
    if (threadIdx.x >= n) return;
    y[threadIdx.x] = __shfl_xor_sync(0xffffffffu, (float)threadIdx.x, 1);
}
extern "C" __global__ void spins(volatile int* flag) {
    while (*flag == 0) {}
}
extern "C" __global__ void async_without_wait(const float4* x, float* y) {
    __shared__ __align__(16) float4 s[32];
#if __CUDA_ARCH__ >= 800
    unsigned to = (unsigned)__cvta_generic_to_shared(&s[threadIdx.x]);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(x + threadIdx.x));
    asm volatile("cp.async.commit_group;");
#endif
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x].x;
}
extern "C" __global__ void scale(int n, float a, float* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] *= a;
}
