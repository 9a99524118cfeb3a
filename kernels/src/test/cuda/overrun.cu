// A fill with a bug, for the test that finds it: writes one element too many.
extern "C" __global__ void overrun(int n, float value, float* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) y[i] = value;
}
