// What a translated kernel sees: the state of a warp, checked memory access, and the arithmetic of instructions that C
// has no operator for. Included by every generated file and by the scheduler, so it includes no library header itself:
// that keeps a kernel's compilation short.
#pragma once

namespace weft {

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef float f32;
typedef double f64;

#define WEFT_INLINE static inline __attribute__((always_inline))
#define WEFT_UNLIKELY(x) __builtin_expect(!!(x), 0)

// ---------------------------------------------------------------------------------------------------------------------
// State

// One byte of shadow for each byte of memory. INITIALISED is odd in its lowest bit and the only state that may be read.
enum ByteState : u8 { UNADDRESSABLE = 0, UNINITIALISED = 2, INITIALISED = 3, FREED = 4, ASYNC_PENDING = 6 };

// Generic addresses of shared and local memory: windows that no pointer of this process can fall into.
const u64 SHARED_WINDOW = 0x0100000000000000ull, LOCAL_WINDOW = 0x0200000000000000ull, WINDOW_BYTES = 1ull << 32;

// An entry of global race shadow, one for writers and one for readers of each 4-byte word:
//   operation 24 | block 28 | fences 6 | byte mask 4 | atomic 1 | many 1
// The operation is the number of the launch or copy; "many" is set on readers when several blocks read the word.
const int OPERATION_SHIFT = 40, BLOCK_SHIFT = 12, FENCE_SHIFT = 6, MASK_SHIFT = 2;
const u64 ENTRY_ATOMIC = 2, ENTRY_MANY = 1;

// An entry of shared race shadow:  tick 16 | warp 5 | lane 5 | byte mask 4 | atomic or many lanes 1 | many warps 1
// A tick passes at each block barrier and each warp barrier.
const u32 SHARED_ATOMIC = 2, SHARED_MANY_LANES = 2, SHARED_MANY_WARPS = 1;

enum AccessFlags : u32 { READ = 0, WRITE = 1, ATOMIC = 2, VOLATILE = 4, CONSTANT_SPACE = 8 };

struct Warp;

// The slow paths, which live in the emulator. They judge an access, throw if it is at fault, note it in the shadow, and
// return where the bytes are.
struct Callbacks {
    u8* (*global_slow)(Warp&, int lane, u64 address, u32 bytes, u32 flags, int site, const void* value);
    u8* (*shared_slow)(Warp&, int lane, u32 offset, u32 bytes, u32 flags, int site, const void* value);
    void (*local_slow)(Warp&, int lane, u64 offset, u32 bytes, u32 flags, int site);
    void (*fault)(Warp&, int lane, int site, const char* what);
    u32 (*pick)(Warp&);
    void (*fence)(Warp&, int lane);
    void (*atomic_order)(Warp&, u64 address);
    void (*async_copy)(Warp&, int lane, u32 to, u64 from, u32 bytes, u32 from_bytes, int site);
    void (*async_commit)(Warp&, int lane);
    void (*async_wait)(Warp&, int lane, u32 keep, int site);
    void (*steps_exceeded)(Warp&);
};

// What all blocks of a launch share.
struct LaunchState {
    u64 arena, arena_bytes;
    u8* states;
    u64 *writers, *readers;
    u64 operation;  // already shifted
    u64 floor;      // entries below it are of operations that are known to have finished before this launch
    const u8* params;
    const u64* symbols;  // addresses of the module's variables
    u32 grid[3], block[3];
    u32 shared_bytes, local_bytes;
    u64 step_limit;
    bool checked;
    const Callbacks* call;
    void* grid_run;  // the scheduler's own
};

struct BlockState {
    u32 id[3];
    u64 entry;  // operation | block, the entry that this block's plain accesses leave
    u8 *shared, *shared_states;
    u32 *shared_writers, *shared_readers;
    u32 tick, barrier_tag;  // barrier_tag: the tick of the last block barrier, shifted to compare with an entry
    u32 fences;
};

const u16 EXITED = 0xffff;

struct Warp {
    const LaunchState* launch;
    BlockState* block;
    u8* registers;
    u8 *local, *local_states;
    u32 index;
    u32 live;    // lanes that have not returned
    u32 mask;    // lanes that execute now
    u32 parked;  // lanes that wait at a warp or block barrier
    u32 at_block_barrier;
    int barrier_site;
    u32 sync_tag;  // the tick of this warp's last warp barrier, shifted
    u64 steps;
    u16 pc[32];
    u16 tid[3][32];
    int park_site[32];
    u32 members[32];
};

// ---------------------------------------------------------------------------------------------------------------------
// Control flow. Each lane has a pc, the number of a basic block; the lowest pending block runs next, so that lanes that
// diverged meet again at the block where their paths join.

WEFT_INLINE u32 move_to(Warp& w, u32 mask, u32 target) {
    if (mask == w.live) return target;  // nobody else is waiting: no need to look
    for (u32 m = mask; m; m &= m - 1) w.pc[__builtin_ctz(m)] = (u16)target;
    return w.launch->call->pick(w);
}

WEFT_INLINE u32 branch(Warp& w, u32 mask, u32 taken, u32 target, u32 next) {
    if (taken == mask) return move_to(w, mask, target);
    if (!taken) return move_to(w, mask, next);
    for (u32 m = mask; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        w.pc[l] = (u16)(taken >> l & 1 ? target : next);
    }
    return w.launch->call->pick(w);
}

WEFT_INLINE u32 leave(Warp& w, u32 mask, u32 returned, u32 next) {
    for (u32 m = mask; m; m &= m - 1) w.pc[__builtin_ctz(m)] = (u16)next;
    w.live &= ~returned;
    return w.launch->call->pick(w);
}

// A warp-wide instruction: the lanes of `mask` are here, members[l] names those that lane l waits for. Returns the lanes
// that may go on; the others are parked.
static inline u32 arrive(Warp& w, u32 mask, int site) {
    u32 go = 0;
    for (u32 m = mask; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        if (!(w.members[l] >> l & 1)) w.launch->call->fault(w, l, site, "the executing lane is not in its own member mask");
        if ((w.members[l] & ~mask) == 0) go |= 1u << l;
    }
    for (u32 m = go; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        for (u32 o = w.members[l]; o; o &= o - 1)
            if (w.members[__builtin_ctz(o)] != w.members[l])
                w.launch->call->fault(w, l, site, "lanes that execute together name different member masks");
    }
    w.parked = (w.parked & ~go) | (mask & ~go);
    for (u32 m = mask & ~go; m; m &= m - 1) w.park_site[__builtin_ctz(m)] = site;
    return go;
}

// A block barrier: lanes park until the scheduler has seen all warps arrive.
static inline u32 arrive_at_block_barrier(Warp& w, u32 mask, u32 next, int site) {
    for (u32 m = mask; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        w.pc[l] = (u16)next;
        w.park_site[l] = site;
    }
    w.parked |= mask;
    w.at_block_barrier |= mask;
    return w.launch->call->pick(w);
}

static inline void warp_barrier_passed(Warp& w) {
    BlockState& b = *w.block;
    if (++b.tick > 0xfff0) {  // the tick's 16 bits run out: forget the past, which can hide a race but invents none
        __builtin_memset(b.shared_writers, 0, w.launch->shared_bytes);
        __builtin_memset(b.shared_readers, 0, w.launch->shared_bytes);
        b.tick = 1;
        b.barrier_tag = 1 << 16;
    }
    w.sync_tag = b.tick << 16;
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

template <int BYTES> WEFT_INLINE bool all_initialised(const u8* s) {
    if (BYTES == 1) return *s == INITIALISED;
    if (BYTES == 2) return *(const u16*)s == 0x0303;
    if (BYTES == 4) return *(const u32*)s == 0x03030303u;
    if (BYTES == 8) return *(const u64*)s == 0x0303030303030303ull;
    return *(const u64*)s == 0x0303030303030303ull && *(const u64*)(s + 8) == 0x0303030303030303ull;
}

// UNINITIALISED and INITIALISED both have the second bit and no other but the first.
template <int BYTES> WEFT_INLINE bool all_addressable(const u8* s) {
    if (BYTES == 1) return (*s & 0xfe) == 2;
    if (BYTES == 2) return (*(const u16*)s & 0xfefe) == 0x0202;
    if (BYTES == 4) return (*(const u32*)s & 0xfefefefeu) == 0x02020202u;
    if (BYTES == 8) return (*(const u64*)s & 0xfefefefefefefefeull) == 0x0202020202020202ull;
    return all_addressable<8>(s) && all_addressable<8>(s + 8);
}

template <int BYTES> WEFT_INLINE void set_initialised(u8* s) {
    if (BYTES == 1) *s = INITIALISED;
    if (BYTES == 2) *(u16*)s = 0x0303;
    if (BYTES == 4) *(u32*)s = 0x03030303u;
    if (BYTES >= 8) *(u64*)s = 0x0303030303030303ull;
    if (BYTES == 16) *(u64*)(s + 8) = 0x0303030303030303ull;
}

template <int BYTES> WEFT_INLINE u64 byte_mask(u64 address) {
    return BYTES >= 4 ? 0xf : ((1u << BYTES) - 1) << (address & 3);
}

// Only the common case is inline: addressable, initialised, and no trace in the race shadow that needs a decision.
// Everything else goes out of line, where the access is judged in full.
template <int BYTES> WEFT_INLINE const u8* global_read(Warp& w, int lane, u64 a, int site, u32 flags) {
    const LaunchState& L = *w.launch;
    const u64 off = a - L.arena;
    if (WEFT_UNLIKELY(off >= L.arena_bytes || (a & (BYTES - 1)) || !all_initialised<BYTES>(L.states + off)))
        return L.call->global_slow(w, lane, a, BYTES, flags, site, 0);
    const u64 me = w.block->entry, mask = byte_mask<BYTES>(a) << MASK_SHIFT;
    for (int k = 0; k < (BYTES + 3) / 4; k++) {
        const u64 i = (off >> 2) + k, writer = L.writers[i], reader = L.readers[i];
        if (WEFT_UNLIKELY((writer >= L.floor && (writer >> BLOCK_SHIFT) != (me >> BLOCK_SHIFT)) || (flags & VOLATILE)))
            return L.call->global_slow(w, lane, a, BYTES, flags, site, 0);
        if (reader < L.floor) L.readers[i] = me | mask;
        else if (WEFT_UNLIKELY((reader & mask) != mask ||
                               ((reader >> BLOCK_SHIFT) != (me >> BLOCK_SHIFT) &&
                                ((reader >> OPERATION_SHIFT) != (me >> OPERATION_SHIFT) || !(reader & ENTRY_MANY)))))
            return L.call->global_slow(w, lane, a, BYTES, flags, site, 0);
    }
    return (const u8*)a;
}

template <int BYTES> WEFT_INLINE u8* global_write(Warp& w, int lane, u64 a, int site, u32 flags, const void* value) {
    const LaunchState& L = *w.launch;
    const u64 off = a - L.arena;
    if (WEFT_UNLIKELY(BYTES < 4 || off >= L.arena_bytes || (a & (BYTES - 1)) || (flags & (ATOMIC | VOLATILE)) ||
                      !all_addressable<BYTES>(L.states + off)))
        return L.call->global_slow(w, lane, a, BYTES, flags, site, value);
    const u64 me = w.block->entry;
    for (int k = 0; k < (BYTES + 3) / 4; k++) {
        const u64 i = (off >> 2) + k, writer = L.writers[i], reader = L.readers[i];
        if (WEFT_UNLIKELY((writer >= L.floor && (writer >> BLOCK_SHIFT) != (me >> BLOCK_SHIFT)) ||
                          (reader >= L.floor && ((reader >> BLOCK_SHIFT) != (me >> BLOCK_SHIFT) || (reader & ENTRY_MANY)))))
            return L.call->global_slow(w, lane, a, BYTES, flags, site, value);
        L.writers[i] = me | (u64)(w.block->fences < 63 ? w.block->fences : 63) << FENCE_SHIFT | 15u << MASK_SHIFT;
    }
    set_initialised<BYTES>(L.states + off);
    return (u8*)a;
}

typedef u32 u32x4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef u64 u64x2 __attribute__((vector_size(16), may_alias));
WEFT_INLINE bool any(u32x4 v) { return (((u64x2)v)[0] | ((u64x2)v)[1]) != 0; }

// A reader entry that this thread's read would leave as it is: many warps, or many lanes of this warp at this tick, or
// this very thread.
WEFT_INLINE bool reader_is_noted(u32 reader, u32 me, u32 barrier_tag) {
    return ((reader & SHARED_MANY_WARPS) && reader >= barrier_tag) ||
           ((reader ^ (me | 15u << MASK_SHIFT | SHARED_MANY_LANES)) & ~0x7c0u) == 0 || reader == (me | 15u << MASK_SHIFT);
}

// Notes a read of whole words that no writer has touched since the last block barrier.
static __attribute__((noinline)) u8* note_shared_read(Warp& w, u32 off, u32 me, int words) {
    BlockState& b = *w.block;
    u32* readers = b.shared_readers + (off >> 2);
    for (int k = 0; k < words; k++) {
        const u32 old = readers[k];
        const bool same_warp = (old & 0xf800) == (me & 0xf800);
        // what this warp read before its last barrier is ordered for this warp, and a new read stands for it to others
        if (old < b.barrier_tag || (same_warp && old < w.sync_tag && !(old & SHARED_MANY_WARPS))) readers[k] = me | 15u << MASK_SHIFT;
        else if (!same_warp) readers[k] = me | 15u << MASK_SHIFT | (old & 3) | SHARED_MANY_WARPS;
        else readers[k] = me | 15u << MASK_SHIFT | (old & 3) | ((old & 0x7c0) != (me & 0x7c0) ? SHARED_MANY_LANES : 0);
    }
    return b.shared + off;
}

template <int BYTES> WEFT_INLINE u8* shared_access(Warp& w, int lane, u64 address, int site, u32 flags, const void* value) {
    const LaunchState& L = *w.launch;
    BlockState& b = *w.block;
    const u32 off = (u32)address, tag = b.barrier_tag, me = b.tick << 16 | w.index << 11 | (u32)lane << 6;
    const bool reads = !(flags & WRITE);
    if (BYTES < 4 || (flags & (ATOMIC | VOLATILE)) || WEFT_UNLIKELY((u64)off + BYTES > L.shared_bytes || (off & (BYTES - 1))))
        return L.call->shared_slow(w, lane, off, BYTES, flags, site, value);
    if (WEFT_UNLIKELY(!(reads ? all_initialised<BYTES>(b.shared_states + off) : all_addressable<BYTES>(b.shared_states + off))))
        return L.call->shared_slow(w, lane, off, BYTES, flags, site, value);
    u32 *writers = b.shared_writers + (off >> 2), *readers = b.shared_readers + (off >> 2);
    if (BYTES == 16) {
        const u32x4 writer = *(u32x4*)writers, reader = *(u32x4*)readers;
        if (WEFT_UNLIKELY(any((u32x4)(writer >= tag)))) return L.call->shared_slow(w, lane, off, BYTES, flags, site, value);
        if (reads) {
            const u32x4 warps = (u32x4)((reader << 31) != 0) & (u32x4)(reader >= tag);
            const u32x4 lanes = (u32x4)(((reader ^ (me | 15u << MASK_SHIFT | SHARED_MANY_LANES)) & ~0x7c0u) == 0);
            const u32x4 self = (u32x4)(reader == (me | 15u << MASK_SHIFT));
            return WEFT_UNLIKELY(any(~(warps | lanes | self))) ? note_shared_read(w, off, me, 4) : b.shared + off;
        }
        if (WEFT_UNLIKELY(any((u32x4)(reader >= tag)))) return L.call->shared_slow(w, lane, off, BYTES, flags, site, value);
        *(u32x4*)writers = (u32x4){} + (me | 15u << MASK_SHIFT);
    } else {
        for (int k = 0; k < BYTES / 4; k++) {
            if (WEFT_UNLIKELY(writers[k] >= tag || (!reads && readers[k] >= tag)))
                return L.call->shared_slow(w, lane, off, BYTES, flags, site, value);
            if (!reads) writers[k] = me | 15u << MASK_SHIFT;
        }
        if (reads) {
            const bool noted = reader_is_noted(readers[0], me, tag) && (BYTES == 4 || reader_is_noted(readers[BYTES / 4 - 1], me, tag));
            return WEFT_UNLIKELY(!noted) ? note_shared_read(w, off, me, BYTES / 4) : b.shared + off;
        }
    }
    set_initialised<BYTES>(b.shared_states + off);
    return b.shared + off;
}

template <int BYTES> WEFT_INLINE u8* local_access(Warp& w, int lane, u64 off, int site, u32 flags) {
    const LaunchState& L = *w.launch;
    u8* s = w.local_states + (u64)lane * L.local_bytes;
    if (WEFT_UNLIKELY(off + BYTES > L.local_bytes || off > L.local_bytes || (off & (BYTES - 1)) ||
                      !(flags & WRITE ? all_addressable<BYTES>(s + off) : all_initialised<BYTES>(s + off))))
        L.call->local_slow(w, lane, off, BYTES, flags, site);
    if (flags & WRITE) set_initialised<BYTES>(s + off);
    return w.local + (u64)lane * L.local_bytes + off;
}

template <int BYTES> WEFT_INLINE const u8* generic_read(Warp& w, int lane, u64 a, int site, u32 flags) {
    if (a - SHARED_WINDOW < WINDOW_BYTES) return shared_access<BYTES>(w, lane, a - SHARED_WINDOW, site, flags, 0);
    if (a - LOCAL_WINDOW < WINDOW_BYTES) return local_access<BYTES>(w, lane, a - LOCAL_WINDOW, site, flags);
    return global_read<BYTES>(w, lane, a, site, flags);
}

template <int BYTES> WEFT_INLINE u8* generic_write(Warp& w, int lane, u64 a, int site, u32 flags, const void* value) {
    if (a - SHARED_WINDOW < WINDOW_BYTES) return shared_access<BYTES>(w, lane, a - SHARED_WINDOW, site, flags, value);
    if (a - LOCAL_WINDOW < WINDOW_BYTES) return local_access<BYTES>(w, lane, a - LOCAL_WINDOW, site, flags);
    return global_write<BYTES>(w, lane, a, site, flags, value);
}

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic

template <class To, class From> WEFT_INLINE To bits_of(From v) {
    static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the width");
    To t;
    __builtin_memcpy(&t, &v, sizeof t);
    return t;
}

WEFT_INLINE f32 flush(f32 v) { return __builtin_fabsf(v) < 0x1p-126f ? __builtin_copysignf(0.f, v) : v; }
WEFT_INLINE f32 saturate(f32 v) { return v > 0.f ? (v < 1.f ? v : 1.f) : 0.f; }  // NaN and -0 become +0

// PTX: a NaN loses against a number, and -0 is less than +0.
WEFT_INLINE f32 min_number(f32 a, f32 b) {
    if (a != a) return b;
    if (b != b) return a;
    return a < b || (a == b && __builtin_signbit(a)) ? a : b;
}
WEFT_INLINE f32 max_number(f32 a, f32 b) {
    if (a != a) return b;
    if (b != b) return a;
    return a > b || (a == b && !__builtin_signbit(a)) ? a : b;
}
WEFT_INLINE f64 min_number(f64 a, f64 b) {
    if (a != a) return b;
    if (b != b) return a;
    return a < b || (a == b && __builtin_signbit(a)) ? a : b;
}
WEFT_INLINE f64 max_number(f64 a, f64 b) {
    if (a != a) return b;
    if (b != b) return a;
    return a > b || (a == b && !__builtin_signbit(a)) ? a : b;
}

// Rounds the exact value hi + lo (|lo| at most half an ulp of hi) to a float: 'z' to zero, 'm' down, 'p' up.
static inline f32 round_directed(f64 hi, f64 lo, char mode) {
    f32 r = (f32)hi;
    if (hi != hi || __builtin_isinf(hi)) return r;
    f64 error = __builtin_isinf(r) ? -(f64)r : (hi - (f64)r) + lo;  // exact - r; its sign is all that counts
    bool down = mode == 'm' || (mode == 'z' && (hi > 0 || (hi == 0 && lo > 0)));
    bool up = mode == 'p' || (mode == 'z' && !down);
    if (down && error < 0) r = __builtin_nextafterf(r, -__builtin_inff());
    if (up && error > 0) r = __builtin_nextafterf(r, __builtin_inff());
    return r;
}

static inline f32 fma_directed(f32 a, f32 b, f32 c, char mode) {
    f64 p = (f64)a * b, s = p + c;  // the product is exact
    if (s != s || __builtin_isinf(s)) return (f32)s;
    if (s == 0) {
        if (p == 0 && c == 0 && !__builtin_signbit(p) == !__builtin_signbit(c)) return (f32)s;
        return mode == 'm' ? -0.f : 0.f;  // an exact zero from operands of opposite sign
    }
    f64 t = s - p, lo = (p - (s - t)) + ((f64)c - t);  // Knuth's TwoSum
    return round_directed(s, lo, mode);
}
WEFT_INLINE f32 mul_directed(f32 a, f32 b, char mode) { return round_directed((f64)a * b, 0, mode); }
WEFT_INLINE f32 add_directed(f32 a, f32 b, char mode) { return fma_directed(a, 1.f, b, mode); }

// Conversions to integers: NaN gives 0 (32 and 64 bits), values past the range the nearest end of it.
template <class To, class From> WEFT_INLINE To saturating(From v, From low, From beyond) {
    if (v != v) return 0;
    if (v < low) return sizeof(To) == 4 ? ((To)-1 < 0 ? (To)0x80000000u : 0) : ((To)-1 < 0 ? (To)0x8000000000000000ull : 0);
    if (v >= beyond) return sizeof(To) == 4 ? ((To)-1 < 0 ? (To)0x7fffffff : (To)0xffffffffu)
                                            : ((To)-1 < 0 ? (To)0x7fffffffffffffffll : (To)0xffffffffffffffffull);
    return (To)v;
}
WEFT_INLINE s32 to_s32(f64 v) { return saturating<s32, f64>(v, -0x1p31, 0x1p31); }
WEFT_INLINE u32 to_u32(f64 v) { return saturating<u32, f64>(v, 0., 0x1p32); }
WEFT_INLINE s64 to_s64(f64 v) { return saturating<s64, f64>(v, -0x1p63, 0x1p63); }
WEFT_INLINE u64 to_u64(f64 v) { return saturating<u64, f64>(v, 0., 0x1p64); }

WEFT_INLINE u32 shift_left(u32 a, u32 n) { return n > 31 ? 0 : a << n; }
WEFT_INLINE u64 shift_left(u64 a, u32 n) { return n > 63 ? 0 : a << n; }
WEFT_INLINE u16 shift_left(u16 a, u32 n) { return n > 15 ? 0 : (u16)(a << n); }
WEFT_INLINE u32 shift_right(u32 a, u32 n) { return n > 31 ? 0 : a >> n; }
WEFT_INLINE u64 shift_right(u64 a, u32 n) { return n > 63 ? 0 : a >> n; }
WEFT_INLINE u16 shift_right(u16 a, u32 n) { return n > 15 ? 0 : (u16)(a >> n); }
WEFT_INLINE s32 shift_right(s32 a, u32 n) { return a >> (n > 31 ? 31 : n); }
WEFT_INLINE s64 shift_right(s64 a, u32 n) { return a >> (n > 63 ? 63 : n); }
WEFT_INLINE s16 shift_right(s16 a, u32 n) { return (s16)(a >> (n > 15 ? 15 : n)); }

// The left funnel shift: the upper word of (c:a) << n; the right one: the lower word of (c:a) >> n.
WEFT_INLINE u32 funnel_left(u32 a, u32 c, u32 n) { return n ? (u32)((((u64)c << 32 | a) << n) >> 32) : c; }
WEFT_INLINE u32 funnel_right(u32 a, u32 c, u32 n) { return (u32)(((u64)c << 32 | a) >> n); }

WEFT_INLINE u32 high_product(u32 a, u32 b) { return (u32)((u64)a * b >> 32); }
WEFT_INLINE s32 high_product(s32 a, s32 b) { return (s32)((s64)a * b >> 32); }
WEFT_INLINE u64 high_product(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }
WEFT_INLINE s64 high_product(s64 a, s64 b) { return (s64)((__int128)a * b >> 64); }

// Integer division: a zero divisor gives all ones on NVIDIA's hardware and must not trap here; -2^31 / -1 wraps.
WEFT_INLINE u32 divide(u32 a, u32 b) { return b ? a / b : ~0u; }
WEFT_INLINE u64 divide(u64 a, u64 b) { return b ? a / b : ~0ull; }
WEFT_INLINE s32 divide(s32 a, s32 b) { return b == 0 ? -1 : b == -1 ? (s32)(0u - (u32)a) : a / b; }
WEFT_INLINE s64 divide(s64 a, s64 b) { return b == 0 ? -1 : b == -1 ? (s64)(0ull - (u64)a) : a / b; }
WEFT_INLINE u32 remainder_of(u32 a, u32 b) { return b ? a % b : a; }
WEFT_INLINE u64 remainder_of(u64 a, u64 b) { return b ? a % b : a; }
WEFT_INLINE s32 remainder_of(s32 a, s32 b) { return b == 0 ? a : b == -1 ? 0 : a % b; }
WEFT_INLINE s64 remainder_of(s64 a, s64 b) { return b == 0 ? a : b == -1 ? 0 : a % b; }

static inline u32 permute_bytes(u32 a, u32 b, u32 selector) {
    u64 v = (u64)b << 32 | a;
    u32 r = 0;
    for (int i = 0; i < 4; i++) {
        u32 s = selector >> 4 * i, byte = (u32)(v >> 8 * (s & 7)) & 0xff;
        if (s & 8) byte = byte & 0x80 ? 0xff : 0;  // replicate the sign
        r |= byte << 8 * i;
    }
    return r;
}

static inline u32 logic3(u32 a, u32 b, u32 c, u32 table) {
    u32 r = 0;
    if (table & 1) r |= ~a & ~b & ~c;
    if (table & 2) r |= ~a & ~b & c;
    if (table & 4) r |= ~a & b & ~c;
    if (table & 8) r |= ~a & b & c;
    if (table & 16) r |= a & ~b & ~c;
    if (table & 32) r |= a & ~b & c;
    if (table & 64) r |= a & b & ~c;
    if (table & 128) r |= a & b & c;
    return r;
}

static inline u32 extract_bits(u32 a, u32 position, u32 length) {
    position &= 0xff;
    length &= 0xff;
    if (!length || position > 31) return 0;
    u32 v = a >> position;
    return length > 31 ? v : v & ((1u << length) - 1);
}
static inline s32 extract_bits(s32 a, u32 position, u32 length) {
    position &= 0xff;
    length &= 0xff;
    if (!length) return 0;
    u32 top = position + length - 1;  // the sign is the field's highest bit, or the word's
    s32 sign = (u32)a >> (top > 31 ? 31 : top) & 1 ? -1 : 0;
    if (position > 31) return sign;
    if (position + length > 31) return a >> position;
    u32 field = (u32)a >> position & ((1u << length) - 1);
    return (s32)(field | (sign ? ~((1u << length) - 1) : 0));
}
static inline u32 insert_bits(u32 field, u32 into, u32 position, u32 length) {
    position &= 0xff;
    length &= 0xff;
    if (!length || position > 31) return into;
    u32 mask = (length > 31 ? ~0u : (1u << length) - 1) << position;
    return (into & ~mask) | (field << position & mask);
}

static inline u32 reverse_bits(u32 v) {
    v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
    v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
    return __builtin_bswap32(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Atomics. Blocks run on several threads, so global memory needs real ones.

template <class T, class F> WEFT_INLINE T atomic_update(u8* p, F f) {
    T* t = (T*)p;
    T old = __atomic_load_n(t, __ATOMIC_RELAXED), wanted;
    do wanted = f(old);
    while (!__atomic_compare_exchange_n(t, &old, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return old;
}

}  // namespace weft
