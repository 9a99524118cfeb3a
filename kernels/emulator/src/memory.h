// Device memory: one reserved address range ("the arena") and its shadows. A device pointer is the address itself.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cuda_abi.h"
#include "device_runtime.h"

namespace weft {

struct Allocation {
    uint64_t address, bytes;
    int number;        // the n-th allocation of this process
    bool host;         // cuMemHostAlloc
    bool internal;     // a module's variables: no leak, not the user's to free
    void* context;
};

class Memory {
public:
    // May be called again (a reset): everything that was allocated is gone.
    void configure(uint64_t device_bytes);

    // 0 when the device is full. Host memory has no limit but the arena's.
    uint64_t allocate(uint64_t bytes, bool host, bool internal, void* context);
    void release(uint64_t address);

    const Allocation* find_live(uint64_t address) const;  // the allocation that begins there
    const Allocation* containing(uint64_t address) const;
    bool was_freed(uint64_t address) const;
    std::vector<Allocation> live() const;

    uint64_t free_bytes() const { return total_ - used_; }
    uint64_t total_bytes() const { return total_; }
    uint64_t live_bytes() const { return used_; }
    bool inside(uint64_t address) const { return address - base_ < size_; }

    // Host memory that the user registered.
    bool register_host(uint64_t address, uint64_t bytes);
    bool unregister_host(uint64_t address);
    bool is_registered(uint64_t address, uint64_t bytes) const;

    // "12 bytes past the end of allocation #3 (1024 bytes at 0x...)"
    std::string describe(uint64_t address) const;
    // The first byte of the range whose state is not as wanted; bytes if there is none.
    uint64_t first_bad(uint64_t address, uint64_t bytes, bool must_be_initialised) const;
    u8* states(uint64_t address) const { return states_ + (address - base_); }
    void mark_initialised(uint64_t address, uint64_t bytes);

    uint64_t base() const { return base_; }
    uint64_t size() const { return size_; }
    u8* all_states() const { return states_; }
    u64* writers() const { return writers_; }
    u64* readers() const { return readers_; }
    void forget_races();  // when operation numbers run out

private:
    uint64_t base_ = 0, size_ = 0, total_ = 0, used_ = 0, next_ = 0;
    int allocations_ = 0;
    u8* states_ = nullptr;
    u64 *writers_ = nullptr, *readers_ = nullptr;
    std::map<uint64_t, Allocation> live_;
    std::map<uint64_t, Allocation> freed_;            // for reports and for "use after free"
    std::vector<uint64_t> quarantine_;                // freed addresses, oldest first
    std::map<uint64_t, uint64_t> registered_;

    uint64_t take_from_quarantine(uint64_t span);
};

}  // namespace weft
