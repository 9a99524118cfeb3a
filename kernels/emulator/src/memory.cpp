#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace weft {
namespace {

const uint64_t GUARD = 512;       // untouchable bytes after each allocation, at least
const uint64_t ALIGNMENT = 512;   // as the real driver's

uint64_t round_up(uint64_t v, uint64_t a) { return (v + a - 1) / a * a; }
uint64_t span_of(uint64_t bytes) { return round_up(bytes + GUARD, ALIGNMENT); }

void* reserve(uint64_t bytes, void* hint) {
    void* p = mmap(hint, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return p;
}

std::string hex(uint64_t v) {
    char s[32];
    snprintf(s, sizeof s, "0x%llx", (unsigned long long)v);
    return s;
}

}  // namespace

void Memory::configure(uint64_t device_bytes) {
    if (base_) {
        munmap((void*)base_, size_);
        munmap(states_, size_);
        munmap(writers_, size_ * 2);
        munmap(readers_, size_ * 2);
    }
    live_.clear();
    freed_.clear();
    quarantine_.clear();
    registered_.clear();
    used_ = 0;
    allocations_ = 0;
    total_ = device_bytes;
    // Twice the device's memory, so that freed ranges stay untouchable for long, and room for pinned host memory. Only
    // pages that are used take real memory. The hint keeps addresses the same from run to run.
    size_ = round_up(2 * device_bytes + (1ull << 30), 1 << 21);
    base_ = (uint64_t)reserve(size_, (void*)0x300000000000ull);
    states_ = (u8*)reserve(size_, (void*)0x380000000000ull);
    writers_ = (u64*)reserve(size_ * 2, (void*)0x400000000000ull);
    readers_ = (u64*)reserve(size_ * 2, (void*)0x480000000000ull);
    next_ = base_ + ALIGNMENT;
}

uint64_t Memory::allocate(uint64_t bytes, bool host, bool internal, void* context) {
    const uint64_t charged = host ? 0 : round_up(bytes, ALIGNMENT), span = span_of(bytes);
    if (charged > total_ - used_) return 0;
    uint64_t address;
    if (span <= base_ + size_ - next_) {
        address = next_;
        next_ += span;
    } else {
        address = take_from_quarantine(span);
        if (!address) return 0;
    }
    used_ += charged;
    live_[address] = {address, bytes, ++allocations_, host, internal, context};
    // the program writes host memory without telling: it counts as written
    memset(states(address), host ? INITIALISED : UNINITIALISED, bytes);
    memset(states(address + bytes), UNADDRESSABLE, span - bytes);
    return address;
}

// Freed memory is given out again only when there is no other, oldest first.
uint64_t Memory::take_from_quarantine(uint64_t span) {
    while (!quarantine_.empty()) {
        // merge what lies side by side among the freed ranges until one is large enough
        std::vector<uint64_t> sorted(quarantine_);
        std::sort(sorted.begin(), sorted.end());
        for (size_t i = 0; i < sorted.size();) {
            uint64_t begin = sorted[i], end = begin + span_of(freed_[begin].bytes);
            size_t j = i + 1;
            while (j < sorted.size() && sorted[j] == end) end += span_of(freed_[sorted[j++]].bytes);
            if (end - begin >= span) {
                for (size_t k = i; k < j; k++) {
                    freed_.erase(sorted[k]);
                    quarantine_.erase(std::find(quarantine_.begin(), quarantine_.end(), sorted[k]));
                }
                if (end - begin > span) {  // the rest stays freed
                    uint64_t rest = begin + span;
                    freed_[rest] = {rest, end - rest - GUARD, 0, false, false, nullptr};
                    quarantine_.insert(quarantine_.begin(), rest);
                }
                return begin;
            }
            i = j;
        }
        return 0;
    }
    return 0;
}

void Memory::release(uint64_t address) {
    auto at = live_.find(address);
    Allocation a = at->second;
    if (!a.host) used_ -= round_up(a.bytes, ALIGNMENT);
    live_.erase(at);
    memset(states(address), FREED, a.bytes);
    freed_[address] = a;
    quarantine_.push_back(address);
    // give whole pages back to the system
    uint64_t first = round_up(address, 4096), last = (address + a.bytes) / 4096 * 4096;
    if (last > first) {
        madvise((void*)first, last - first, MADV_DONTNEED);
        uint64_t shadow = round_up((first - base_) * 2, 4096), end = (last - base_) * 2 / 4096 * 4096;
        if (end > shadow) {
            madvise((u8*)writers_ + shadow, end - shadow, MADV_DONTNEED);
            madvise((u8*)readers_ + shadow, end - shadow, MADV_DONTNEED);
        }
    }
}

const Allocation* Memory::find_live(uint64_t address) const {
    auto at = live_.find(address);
    return at == live_.end() ? nullptr : &at->second;
}

const Allocation* Memory::containing(uint64_t address) const {
    auto at = live_.upper_bound(address);
    if (at == live_.begin()) return nullptr;
    --at;
    return address < at->second.address + at->second.bytes ? &at->second : nullptr;
}

bool Memory::was_freed(uint64_t address) const { return freed_.count(address) != 0; }

std::vector<Allocation> Memory::live() const {
    std::vector<Allocation> all;
    for (auto& a : live_) all.push_back(a.second);
    return all;
}

bool Memory::register_host(uint64_t address, uint64_t bytes) {
    for (auto& r : registered_)
        if (address < r.first + r.second && r.first < address + bytes) return false;
    registered_[address] = bytes;
    return true;
}

bool Memory::unregister_host(uint64_t address) { return registered_.erase(address) != 0; }

bool Memory::is_registered(uint64_t address, uint64_t bytes) const {
    auto at = registered_.upper_bound(address);
    if (at == registered_.begin()) return false;
    --at;
    return address + bytes <= at->first + at->second;
}

std::string Memory::describe(uint64_t address) const {
    if (address < 65536) return "null pointer + " + std::to_string(address);
    if (!inside(address)) return hex(address) + " is no device address";
    auto name = [](const Allocation& a) {
        return "allocation #" + std::to_string(a.number) + " (" + std::to_string(a.bytes) + " bytes at " + hex(a.address) + ")";
    };
    if (auto* a = containing(address)) return "byte " + std::to_string(address - a->address) + " of " + name(*a);
    auto f = freed_.upper_bound(address);
    if (f != freed_.begin() && address < (--f)->second.address + f->second.bytes)
        return "byte " + std::to_string(address - f->first) + " of freed " + name(f->second);
    auto after = live_.upper_bound(address);
    const Allocation* below = after == live_.begin() ? nullptr : &std::prev(after)->second;
    if (after != live_.end() && (!below || after->first - address <= address - (below->address + below->bytes)))
        return std::to_string(after->first - address) + " bytes before " + name(after->second);
    if (below) return std::to_string(address - (below->address + below->bytes)) + " bytes past the end of " + name(*below);
    return hex(address) + ", where nothing is allocated";
}

uint64_t Memory::first_bad(uint64_t address, uint64_t bytes, bool must_be_initialised) const {
    if (!inside(address) || !inside(address + bytes - 1)) return inside(address) ? base_ + size_ - address : 0;
    const u8* s = states(address);
    // the state that is wanted, or either of the two that can be written
    const u8 mask = must_be_initialised ? 0xff : 0xfe, wanted = must_be_initialised ? INITIALISED : UNINITIALISED;
    for (uint64_t i = 0; i < bytes; i++)
        if ((s[i] & mask) != wanted) return i;
    return bytes;
}

void Memory::mark_initialised(uint64_t address, uint64_t bytes) { memset(states(address), INITIALISED, bytes); }

void Memory::forget_races() {
    madvise(writers_, size_ * 2, MADV_DONTNEED);
    madvise(readers_, size_ * 2, MADV_DONTNEED);
}

}  // namespace weft
