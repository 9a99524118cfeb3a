// Philox 4x32-10, a counter-based random number generator (Salmon et al. 2011, doi 10.1145/2063384.2063405): the same
// words as dev.weft.random.Philox.
#pragma once

// The random words of the elements 4 block .. 4 block + 3.
__device__ __forceinline__ uint4 philox(long long seed, int stream, long long step, unsigned block) {
    uint4 c = make_uint4(block, (unsigned)stream, (unsigned)step, (unsigned)(step >> 32));
    unsigned key0 = (unsigned)seed;
    unsigned key1 = (unsigned)(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
        c = make_uint4(__umulhi(0xCD9E8D57u, c.z) ^ c.y ^ key0, 0xCD9E8D57u * c.z,
                       __umulhi(0xD2511F53u, c.x) ^ c.w ^ key1, 0xD2511F53u * c.x);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c;
}
