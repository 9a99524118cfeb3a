#include "scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>

namespace weft {
namespace {

struct AsyncCopy {
    u32 to;
    u64 from;
    u32 bytes, from_bytes;
};

// The state of a launch that all its workers share.
struct GridRun {
    const GridLaunch& launch;
    Memory& memory;
    const SchedulerOptions& options;
    LaunchState state{};
    std::vector<uint32_t> order;
    std::atomic<uint64_t> next{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;  // guards what follows
    bool failed = false;
    uint64_t failed_at = 0;
    Fault fault{};
    std::exception_ptr other;
    // Happens-before between blocks by "fence, then atomic": how many fences of other blocks a block knows to be past,
    // and what an atomic at an address hands on.
    typedef std::unordered_map<uint32_t, uint32_t> Clock;
    std::unordered_map<uint32_t, Clock> known;
    std::unordered_map<uint64_t, Clock> handed_on;

    GridRun(const GridLaunch& l, Memory& m, const SchedulerOptions& o) : launch(l), memory(m), options(o) {}
};

// One worker's block and the memory behind it.
struct BlockRun {
    GridRun& grid;
    BlockState block{};
    std::vector<Warp> warps;
    std::vector<u8> shared, shared_states, registers, local, local_states;
    std::vector<u32> shared_writers, shared_readers;
    std::vector<std::vector<std::vector<AsyncCopy>>> async;  // thread -> groups, the last one open

    explicit BlockRun(GridRun& g) : grid(g) {}
};

GridRun& grid_of(Warp& w) { return *(GridRun*)w.launch->grid_run; }

// The Warp is the first thing a worker hands out, the BlockRun of a thread is found through this.
thread_local BlockRun* current_block = nullptr;

std::string triple(const u32* v) {
    return "(" + std::to_string(v[0]) + "," + std::to_string(v[1]) + "," + std::to_string(v[2]) + ")";
}

std::string thread_name(const Warp& w, int lane) {
    u32 t[3] = {w.tid[0][lane], w.tid[1][lane], w.tid[2][lane]};
    return triple(t);
}

std::string site_text(const Translation& k, int site) {
    const Site& s = k.sites[size_t(site)];
    std::string text = "PTX line " + std::to_string(s.line) + ": " + s.text;
    if (s.source_line) text += "\n    source " + s.source_file + ":" + std::to_string(s.source_line);
    return text;
}

[[noreturn]] void raise(Warp& w, int lane, int site, CUresult code, const std::string& kind, const std::string& detail) {
    const Translation& k = *grid_of(w).launch.kernel;
    Fault f;
    f.code = code;
    f.kind = kind;
    f.report = kind + ": " + detail + "\n    kernel " + k.kernel + ", block " + triple(w.block->id);
    if (lane >= 0) f.report += ", thread " + thread_name(w, lane);
    f.report += "\n    " + site_text(k, site);
    throw f;
}

const char* access_name(u32 flags) { return flags & ATOMIC ? "atomic access" : flags & WRITE ? "store" : "load"; }

bool ordered_by_fence(GridRun& g, u64 me, u64 writer) {
    if (!g.launch.kernel->uses_fences) return false;
    uint32_t mine = uint32_t(me >> BLOCK_SHIFT) & 0xfffffff, theirs = uint32_t(writer >> BLOCK_SHIFT) & 0xfffffff;
    std::lock_guard<std::mutex> lock(g.mutex);
    return g.known[mine][theirs] > (uint32_t(writer >> FENCE_SHIFT) & 63);
}

u8* global_slow(Warp& w, int lane, u64 a, u32 bytes, u32 flags, int site, const void* value) {
    GridRun& g = grid_of(w);
    const LaunchState& L = *w.launch;
    auto text = [&] { return std::string("global ") + access_name(flags) + " of " + std::to_string(bytes) + " bytes at "; };
    const bool reads = !(flags & WRITE) || (flags & ATOMIC);
    if (a % bytes) raise(w, lane, site, CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address", text() + g.memory.describe(a));
    if (!g.memory.inside(a) && g.memory.is_registered(a, bytes)) return (u8*)a;
    u64 bad = g.memory.first_bad(a, bytes, false);
    if (bad < bytes) {
        bool freed = g.memory.inside(a + bad) && *g.memory.states(a + bad) == FREED;
        raise(w, lane, site, CUDA_ERROR_ILLEGAL_ADDRESS, freed ? "use after free" : a < 65536 ? "null pointer" : "out of bounds",
              text() + g.memory.describe(a) + (bad ? ", from its byte " + std::to_string(bad) + " on" : ""));
    }
    if (!L.checked) return (u8*)a;
    bad = g.memory.first_bad(a, bytes, true);
    if (reads && bad < bytes)
        raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "never-written memory", text() + g.memory.describe(a + bad));

    const u64 me = w.block->entry, off = a - L.arena;
    for (u64 i = off >> 2; i <= (off + bytes - 1) >> 2; i++) {
        const u64 low = std::max(off, i << 2) & 3, high = std::min(off + bytes, (i + 1) << 2) - (i << 2);
        const u64 mask = ((1ull << high) - (1ull << low)) << MASK_SHIFT;
        auto check = [&](u64 entry, bool entry_is_writer) {
            if (entry < L.floor || !(entry & mask)) return;
            const u64 operation = entry >> OPERATION_SHIFT;
            if (operation != L.operation >> OPERATION_SHIFT) {
                if (g.launch.finished_before(operation)) return;
                raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "missing wait between streams",
                      text() + g.memory.describe(a) + " which " + g.launch.describe_operation(operation) +
                          (entry_is_writer ? " wrote" : " read") + " without an order between the two");
            }
            if ((entry >> BLOCK_SHIFT) == (me >> BLOCK_SHIFT) && (entry_is_writer || !(entry & ENTRY_MANY))) return;
            if (entry_is_writer && (entry & ENTRY_ATOMIC) && (flags & (ATOMIC | VOLATILE))) return;
            // several blocks that write one and the same value agree on the result
            if (entry_is_writer && value && !memcmp((const void*)a, value, bytes)) return;
            if (entry & ENTRY_MANY ? g.launch.kernel->uses_fences : ordered_by_fence(g, me, entry)) return;
            std::string other = entry & ENTRY_MANY && !entry_is_writer
                                    ? "several blocks read it"
                                    : "block number " + std::to_string(entry >> BLOCK_SHIFT & 0xfffffff) +
                                          (entry_is_writer ? " wrote it" : " read it");
            raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "race between blocks", text() + g.memory.describe(a) + "; in the same launch " + other);
        };
        check(L.writers[i], true);
        if (flags & WRITE) check(L.readers[i], false);
    }
    for (u64 i = off >> 2; i <= (off + bytes - 1) >> 2; i++) {
        const u64 low = std::max(off, i << 2) & 3, high = std::min(off + bytes, (i + 1) << 2) - (i << 2);
        const u64 mask = ((1ull << high) - (1ull << low)) << MASK_SHIFT;
        if (flags & WRITE) {
            const u64 old = L.writers[i];
            const bool mine = (old >> BLOCK_SHIFT) == (me >> BLOCK_SHIFT);
            L.writers[i] = me | u64(std::min(w.block->fences, 63u)) << FENCE_SHIFT | mask | (mine ? old & (15u << MASK_SHIFT) : 0) |
                           (flags & (ATOMIC | VOLATILE) ? ENTRY_ATOMIC : 0);
        } else if (!(flags & VOLATILE)) {  // a volatile read races with no volatile or atomic write: it is not noted
            const u64 old = L.readers[i];
            if ((old >> BLOCK_SHIFT) == (me >> BLOCK_SHIFT)) L.readers[i] = old | mask;
            else if ((old >> OPERATION_SHIFT) == (me >> OPERATION_SHIFT)) L.readers[i] = old | mask | ENTRY_MANY;
            else L.readers[i] = me | mask;
        }
    }
    if (flags & WRITE) memset(L.states + off, INITIALISED, bytes);
    return (u8*)a;
}

u8* shared_slow(Warp& w, int lane, u32 off, u32 bytes, u32 flags, int site, const void* value) {
    const LaunchState& L = *w.launch;
    BlockState& b = *w.block;
    auto text = [&] { return std::string("shared ") + access_name(flags) + " of " + std::to_string(bytes) + " bytes at offset " + std::to_string(off); };
    if (off % bytes) raise(w, lane, site, CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address", text());
    const bool reads = !(flags & WRITE) || (flags & ATOMIC);
    if (!L.checked && (u64)off + bytes <= L.shared_bytes) {
        if (flags & WRITE) memset(b.shared_states + off, INITIALISED, bytes);
        return b.shared + off;
    }
    for (u64 i = off; i < (u64)off + bytes; i++) {
        u8 s = i < L.shared_bytes ? b.shared_states[i] : u8(UNADDRESSABLE);
        if (s == UNADDRESSABLE)
            raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "out of bounds",
                  text() + " of " + std::to_string(L.shared_bytes) + " (past a variable or the block's shared memory)");
        if (s == ASYNC_PENDING)
            raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "missing wait for cp.async", text() + ", where an asynchronous copy is in flight");
        if (reads && s != INITIALISED) raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "never-written memory", text());
    }
    const u32 thread = w.index << 11 | (u32)lane << 6;
    for (u32 i = off >> 2; i <= (off + bytes - 1) >> 2; i++) {
        const u32 low = std::max(off, i << 2) & 3, high = std::min(off + bytes, (i + 1) << 2) - (i << 2);
        const u32 mask = ((1u << high) - (1u << low)) << MASK_SHIFT;
        const u32 writer = b.shared_writers[i], reader = b.shared_readers[i];
        auto ordered_in_warp = [&](u32 e) { return (e >> 11 & 31) == w.index && e < w.sync_tag; };
        auto race = [&](u32 e, const char* did) {
            raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "race in shared memory",
                  text() + ", which warp " + std::to_string(e >> 11 & 31) + " lane " + std::to_string(e >> 6 & 31) + " " + did +
                      " with no barrier between");
        };
        if (writer >= b.barrier_tag && (writer & 0xffc0) != thread && (writer & mask) && !ordered_in_warp(writer) &&
            !((writer & SHARED_ATOMIC) && (flags & (ATOMIC | VOLATILE))) && !(value && !memcmp(b.shared + off, value, bytes)))
            race(writer, "wrote");
        if ((flags & WRITE) && reader >= b.barrier_tag && (reader & mask)) {
            if (reader & SHARED_MANY_WARPS) race(reader, "and another warp read");
            bool others = (reader & 0xffc0) != thread || (reader & SHARED_MANY_LANES);
            if (others && !ordered_in_warp(reader)) race(reader, "read");
        }
    }
    const u32 me = b.tick << 16 | thread;
    for (u32 i = off >> 2; i <= (off + bytes - 1) >> 2; i++) {
        const u32 low = std::max(off, i << 2) & 3, high = std::min(off + bytes, (i + 1) << 2) - (i << 2);
        const u32 mask = ((1u << high) - (1u << low)) << MASK_SHIFT;
        if (flags & WRITE) {
            const u32 old = b.shared_writers[i];
            b.shared_writers[i] = me | mask | (old >= b.barrier_tag && (old & 0xffc0) == thread ? old & 0x3c : 0) |
                                  (flags & (ATOMIC | VOLATILE) ? SHARED_ATOMIC : 0);
        } else if (!(flags & VOLATILE)) {
            const u32 old = b.shared_readers[i];
            const bool same_warp = (old & 0xf800) == (me & 0xf800);
            // what this warp read before its last barrier is ordered for this warp, and a new read stands for it to others
            if (old < b.barrier_tag || (same_warp && old < w.sync_tag && !(old & SHARED_MANY_WARPS))) b.shared_readers[i] = me | mask;
            else if (!same_warp) b.shared_readers[i] = me | mask | (old & 0x3f) | SHARED_MANY_WARPS;
            else b.shared_readers[i] = me | mask | (old & 0x3f) | ((old & 0x7c0) != (me & 0x7c0) ? SHARED_MANY_LANES : 0);
        }
    }
    if (flags & WRITE) memset(b.shared_states + off, INITIALISED, bytes);
    return b.shared + off;
}

void local_slow(Warp& w, int lane, u64 off, u32 bytes, u32 flags, int site) {
    const std::string what = std::string("local ") + access_name(flags) + " of " + std::to_string(bytes) + " bytes at offset " + std::to_string((s64)off);
    if (off % bytes) raise(w, lane, site, CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address", what);
    if (off + bytes > w.launch->local_bytes || off > w.launch->local_bytes)
        raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "out of bounds", what + " of " + std::to_string(w.launch->local_bytes));
    raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "never-written memory", what);
}

void fault(Warp& w, int lane, int site, const char* what) { raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "warp-wide instruction", what); }

u32 pick(Warp& w) {
    u32 runnable = w.live & ~w.parked;
    if (!runnable) return EXITED;
    u32 lowest = EXITED;
    for (u32 m = runnable; m; m &= m - 1) lowest = std::min<u32>(lowest, w.pc[__builtin_ctz(m)]);
    u32 mask = 0;
    for (u32 m = w.live & ~w.at_block_barrier; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        if (w.pc[l] == lowest) mask |= 1u << l;
    }
    w.mask = mask;
    return lowest;
}

void fence(Warp& w, int) { w.block->fences++; }

void atomic_order(Warp& w, u64 address) {
    GridRun& g = grid_of(w);
    const uint32_t me = uint32_t(w.block->entry >> BLOCK_SHIFT) & 0xfffffff;
    std::lock_guard<std::mutex> lock(g.mutex);
    GridRun::Clock &mine = g.known[me], &there = g.handed_on[address];
    for (auto& e : there) mine[e.first] = std::max(mine[e.first], e.second);
    for (auto& e : mine) there[e.first] = std::max(there[e.first], e.second);
    there[me] = w.block->fences;
}

std::vector<std::vector<AsyncCopy>>& async_groups(Warp& w, int lane) {
    BlockRun& b = *current_block;
    if (b.async.empty()) b.async.resize(b.warps.size() * 32);
    auto& groups = b.async[w.index * 32 + (u32)lane];
    if (groups.empty()) groups.resize(1);
    return groups;
}

void async_copy(Warp& w, int lane, u32 to, u64 from, u32 bytes, u32 from_bytes, int site) {
    BlockState& b = *w.block;
    if (from_bytes > bytes) raise(w, lane, site, CUDA_ERROR_LAUNCH_FAILED, "cp.async", "source size larger than the copy");
    if (from % bytes) raise(w, lane, site, CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address", "source of cp.async");
    for (u32 i = 0; i < from_bytes; i++) {
        u64 a = from + i;
        if (from_bytes - i >= 4 && a % 4 == 0) {
            global_read<4>(w, lane, a, site, READ);
            i += 3;
        } else {
            global_read<1>(w, lane, a, site, READ);
        }
    }
    if (bytes == 4) shared_access<4>(w, lane, to, site, WRITE, nullptr);
    if (bytes == 8) shared_access<8>(w, lane, to, site, WRITE, nullptr);
    if (bytes == 16) shared_access<16>(w, lane, to, site, WRITE, nullptr);
    if ((u64)to + bytes > w.launch->shared_bytes) return;  // only where checks are off
    if (w.launch->checked) memset(b.shared_states + to, ASYNC_PENDING, bytes);
    async_groups(w, lane).back().push_back({to, from, bytes, from_bytes});
}

void async_commit(Warp& w, int lane) { async_groups(w, lane).emplace_back(); }

void async_wait(Warp& w, int lane, u32 keep, int) {
    auto& groups = async_groups(w, lane);
    BlockState& b = *w.block;
    while (groups.size() - 1 > keep) {
        for (auto& c : groups.front()) {
            memcpy(b.shared + c.to, (const void*)c.from, c.from_bytes);
            memset(b.shared + c.to + c.from_bytes, 0, c.bytes - c.from_bytes);
            memset(b.shared_states + c.to, INITIALISED, c.bytes);
            for (u32 i = c.to >> 2; i < (c.to + c.bytes) >> 2; i++)
                b.shared_writers[i] = b.tick << 16 | w.index << 11 | (u32)lane << 6 | 15u << MASK_SHIFT;
        }
        groups.erase(groups.begin());
    }
}

void steps_exceeded(Warp& w) {
    int lane = __builtin_ctz(w.mask ? w.mask : 1);
    Fault f;
    f.code = CUDA_ERROR_LAUNCH_TIMEOUT;
    f.kind = "waits for ever";
    f.report = f.kind + ": a warp ran " + std::to_string(w.launch->step_limit) + " basic blocks without reaching a block barrier or its end" +
               "\n    kernel " + grid_of(w).launch.kernel->kernel + ", block " + triple(w.block->id) + ", thread " + thread_name(w, lane);
    throw f;
}

const Callbacks CALLBACKS = {global_slow, shared_slow, local_slow, fault,        pick,       fence,
                             atomic_order, async_copy, async_commit, async_wait, steps_exceeded};

void prepare(BlockRun& r) {
    const GridLaunch& g = r.grid.launch;
    const LaunchState& L = r.grid.state;
    const u32 threads = L.block[0] * L.block[1] * L.block[2];
    r.warps.resize((threads + 31) / 32);
    r.shared.resize(L.shared_bytes + 16);
    r.shared_states.resize(L.shared_bytes + 16);
    r.shared_writers.resize(L.shared_bytes / 4 + 4);
    r.shared_readers.resize(L.shared_bytes / 4 + 4);
    r.registers.resize(r.warps.size() * g.code.register_bytes);
    r.local.resize(r.warps.size() * 32 * L.local_bytes + 1);
    r.local_states.resize(r.local.size());
    r.block.tick = 1;
    r.block.shared = r.shared.data();
    r.block.shared_states = r.shared_states.data();
    r.block.shared_writers = r.shared_writers.data();
    r.block.shared_readers = r.shared_readers.data();
}

void start_block(BlockRun& r, u32 number) {
    const GridLaunch& g = r.grid.launch;
    const LaunchState& L = r.grid.state;
    BlockState& b = r.block;
    b.id[0] = number % L.grid[0];
    b.id[1] = number / L.grid[0] % L.grid[1];
    b.id[2] = number / L.grid[0] / L.grid[1];
    b.entry = L.operation | u64(number & 0xfffffff) << BLOCK_SHIFT;
    b.fences = 0;
    // a tick of its own instead of clearing the shadow
    if (++b.tick > 60000) {
        std::fill(r.shared_writers.begin(), r.shared_writers.end(), 0);
        std::fill(r.shared_readers.begin(), r.shared_readers.end(), 0);
        b.tick = 1;
    }
    b.barrier_tag = b.tick << 16;
    if (L.shared_bytes) {
        memset(r.shared_states.data(), UNADDRESSABLE, r.shared_states.size());
        for (auto& range : g.kernel->shared_ranges) memset(r.shared_states.data() + range.first, UNINITIALISED, range.second - range.first);
        memset(r.shared_states.data() + g.kernel->shared_layout_bytes, UNINITIALISED, g.dynamic_shared_bytes);
        memset(r.shared.data(), 0xcb, r.shared.size());
    }
    if (L.local_bytes) memset(r.local_states.data(), UNINITIALISED, r.local_states.size());
    r.async.clear();
    const u32 threads = L.block[0] * L.block[1] * L.block[2];
    for (u32 i = 0; i < r.warps.size(); i++) {
        Warp& w = r.warps[i];
        w = Warp();
        w.launch = &L;
        w.block = &b;
        w.registers = r.registers.data() + i * g.code.register_bytes;
        w.local = r.local.data() + u64(i) * 32 * L.local_bytes;
        w.local_states = r.local_states.data() + u64(i) * 32 * L.local_bytes;
        w.index = i;
        const u32 lanes = std::min(32u, threads - 32 * i);
        w.live = w.mask = lanes == 32 ? ~0u : (1u << lanes) - 1;
        for (u32 l = 0; l < lanes; l++) {
            u32 t = 32 * i + l;
            w.tid[0][l] = u16(t % L.block[0]);
            w.tid[1][l] = u16(t / L.block[0] % L.block[1]);
            w.tid[2][l] = u16(t / L.block[0] / L.block[1]);
        }
    }
}

// The warp cannot go on and is not at a block barrier as a whole.
[[noreturn]] void report_stuck(Warp& w) {
    u32 waiting = w.parked & ~w.at_block_barrier & w.live;
    int lane = __builtin_ctz(waiting ? waiting : w.parked);
    std::string missing;
    for (u32 m = w.members[lane]; m; m &= m - 1) {
        int o = __builtin_ctz(m);
        if (waiting >> o & 1 && w.park_site[o] == w.park_site[lane]) continue;
        missing += " lane " + std::to_string(o) + (w.live >> o & 1 ? (w.at_block_barrier >> o & 1 ? " (at a block barrier)" : " (waits elsewhere)") : " (has returned)");
        if (missing.size() > 160) {
            missing += " ...";
            break;
        }
    }
    raise(w, lane, w.park_site[lane], CUDA_ERROR_LAUNCH_TIMEOUT, "waits for ever", "the lane waits for" + missing);
}

void run_block(BlockRun& r, const std::vector<u32>& warp_order) {
    const LaunchState& L = r.grid.state;
    const u32 threads = L.block[0] * L.block[1] * L.block[2];
    for (;;) {
        u32 finished = 0, waiting = 0;
        for (u32 i : warp_order) {
            Warp& w = r.warps[i];
            if (w.live && !w.at_block_barrier) {
                w.steps = 0;
                r.grid.launch.code.run(w);
                if (w.live && w.at_block_barrier != w.live) report_stuck(w);
            }
            finished += 32 - u32(__builtin_popcount(w.live));
            waiting += u32(__builtin_popcount(w.at_block_barrier));
        }
        if (!waiting) return;
        finished -= u32(r.warps.size()) * 32 - threads;  // lanes that never were
        int site = -1;
        for (Warp& w : r.warps)
            for (u32 m = w.at_block_barrier; m; m &= m - 1) {
                int l = __builtin_ctz(m);
                if (site < 0) site = w.park_site[l];
                if (finished && r.grid.state.checked)
                    raise(w, l, site, CUDA_ERROR_LAUNCH_FAILED, "barrier not reached by all",
                          std::to_string(waiting) + " threads wait at the barrier, " + std::to_string(finished) + " have returned");
                if (w.park_site[l] != site && r.grid.state.checked)
                    raise(w, l, site, CUDA_ERROR_LAUNCH_FAILED, "barrier not reached by all",
                          "threads of one block wait at two different barriers, the other at PTX line " +
                              std::to_string(r.grid.launch.kernel->sites[size_t(w.park_site[l])].line));
            }
        if (++r.block.tick > 60000) {
            std::fill(r.shared_writers.begin(), r.shared_writers.end(), 0);
            std::fill(r.shared_readers.begin(), r.shared_readers.end(), 0);
            r.block.tick = 1;
        }
        r.block.barrier_tag = r.block.tick << 16;
        for (Warp& w : r.warps) {
            w.parked = w.at_block_barrier = 0;
            w.sync_tag = r.block.barrier_tag;
        }
    }
}

void work(GridRun& g) {
    BlockRun r(g);
    BlockRun* outer = current_block;
    current_block = &r;
    try {
        prepare(r);
        std::vector<u32> warps(r.warps.size());
        for (u32 i = 0; i < warps.size(); i++) warps[i] = i;
        if (g.options.warps == Order::REVERSE) std::reverse(warps.begin(), warps.end());
        if (g.options.warps == Order::SHUFFLED) std::shuffle(warps.begin(), warps.end(), std::mt19937_64(g.options.seed));
        for (uint64_t i; !g.stop && (i = g.next++) < g.order.size();) {
            try {
                start_block(r, g.order[i]);
                run_block(r, warps);
            } catch (Fault& f) {
                std::lock_guard<std::mutex> lock(g.mutex);
                if (!g.failed || i < g.failed_at) {
                    g.failed = true;
                    g.failed_at = i;
                    g.fault = f;
                }
                g.stop = true;
            }
        }
    } catch (...) {
        std::lock_guard<std::mutex> lock(g.mutex);
        g.other = std::current_exception();
        g.stop = true;
    }
    current_block = outer;
}

}  // namespace

void run_grid(const GridLaunch& launch, Memory& memory, const SchedulerOptions& options) {
    GridRun g(launch, memory, options);
    LaunchState& L = g.state;
    L.arena = memory.base();
    L.arena_bytes = memory.size();
    L.states = memory.all_states();
    L.writers = memory.writers();
    L.readers = memory.readers();
    L.operation = launch.operation << OPERATION_SHIFT;
    L.floor = launch.floor << OPERATION_SHIFT;
    L.params = launch.parameters.data();
    L.symbols = (const u64*)launch.symbols.data();
    std::copy(launch.grid, launch.grid + 3, L.grid);
    std::copy(launch.block, launch.block + 3, L.block);
    L.shared_bytes = u32(launch.kernel->shared_layout_bytes + launch.dynamic_shared_bytes);
    L.local_bytes = u32(launch.kernel->local_bytes);
    L.step_limit = options.step_limit;
    L.checked = options.checked;
    L.call = &CALLBACKS;
    L.grid_run = &g;
    g.order.resize(size_t(L.grid[0]) * L.grid[1] * L.grid[2]);
    for (size_t i = 0; i < g.order.size(); i++) g.order[i] = uint32_t(i);
    if (options.blocks == Order::REVERSE) std::reverse(g.order.begin(), g.order.end());
    if (options.blocks == Order::SHUFFLED) std::shuffle(g.order.begin(), g.order.end(), std::mt19937_64(options.seed));
    size_t workers = options.workers ? options.workers : std::max(1u, std::thread::hardware_concurrency());
    workers = std::min(workers, g.order.size());
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < workers; i++) helpers.emplace_back(work, std::ref(g));
    work(g);
    for (auto& t : helpers) t.join();
    if (g.other) std::rethrow_exception(g.other);
    if (g.failed) throw g.fault;
}

}  // namespace weft
