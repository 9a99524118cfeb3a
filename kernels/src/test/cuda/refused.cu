// An instruction that is not on the whitelist.
extern "C" __global__ void uses_half(unsigned short* y) {
    unsigned r;
    asm volatile("fma.rn.f16x2 %0, %1, %1, %1;" : "=r"(r) : "r"((unsigned)y[0]));
    y[0] = r;
}
