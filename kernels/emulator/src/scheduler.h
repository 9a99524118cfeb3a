// Runs a grid: blocks over the machine's cores, a block's warps one after the other between barriers.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "compiler.h"
#include "fault.h"
#include "memory.h"
#include "translator.h"

namespace weft {

enum class Order { FORWARD, REVERSE, SHUFFLED };

struct SchedulerOptions {
    bool checked = true;
    unsigned workers = 0;  // 0: one for each core
    Order blocks = Order::FORWARD, warps = Order::FORWARD;
    uint64_t seed = 1;
    uint64_t step_limit = 20'000'000;  // basic blocks that a warp may run between two block barriers
};

struct GridLaunch {
    const Translation* kernel;
    CompiledKernel code;
    uint32_t grid[3], block[3];
    uint64_t dynamic_shared_bytes;
    std::vector<uint8_t> parameters;
    std::vector<uint64_t> symbols;
    uint64_t operation;  // its number in the race shadow
    uint64_t floor;      // operations below it are known to have finished before
    std::function<bool(uint64_t)> finished_before;             // for operations from floor on
    std::function<std::string(uint64_t)> describe_operation;   // for reports
};

// Throws Fault.
void run_grid(const GridLaunch& launch, Memory& memory, const SchedulerOptions& options);

}  // namespace weft
