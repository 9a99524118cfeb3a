// Modules, functions, launches, occupancy.
#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "emulator.h"

namespace weft {
namespace {

const uint64_t DEFAULT_SHARED_LIMIT = 48 << 10;

int device_attribute(int which) {
    int v = 0;
    switch (which) {
        case 97: {
            const Configuration& c = Emulator::get().configuration;
            const int cc = c.major * 10 + c.minor;
            v = (cc >= 90 ? 227 : cc == 80 || cc == 87 ? 163 : cc >= 80 ? 99 : 64) << 10;
            break;
        }
    }
    return v;
}

std::string image_text(const void* image) {
    require(image);
    const unsigned char* b = (const unsigned char*)image;
    const bool elf = b[0] == 0x7f && b[1] == 'E', fat = b[0] == 0x50 && b[1] == 0xed;
    require(!elf && !fat, CUDA_ERROR_NO_BINARY_FOR_GPU, "the emulated device takes PTX, not machine code");
    return (const char*)image;
}

// PTX ISA versions that a driver of this CUDA version takes.
bool driver_takes(int driver, int major, int minor) {
    // CUDA 11.x: 7.x; 12.y: 8.y up to 12.6 (8.5); 13.0: 9.0
    int cuda = driver / 1000, update = driver % 1000 / 10;
    int highest = cuda >= 13 ? 90 + update : cuda == 12 ? 80 + std::min(update, 5) + (update >= 8 ? 2 : 0) : 70 + update;
    return major * 10 + minor <= highest;
}

// A module's text, parsed and translated. Tests load the same modules again and again, so this is done once a text.
struct Parsed {
    PtxModule ptx;
    std::map<std::string, std::shared_ptr<Translation>> kernels;
};

const Parsed& parsed(const std::string& text) {
    static std::map<std::string, Parsed> known;
    auto at = known.find(text);
    if (at != known.end()) return at->second;
    Parsed p;
    p.ptx = parse_ptx(text);
    for (auto& k : p.ptx.kernels) p.kernels[k.name] = std::make_shared<Translation>(translate(p.ptx, k));
    return known.emplace(text, std::move(p)).first->second;
}

Module* load(const void* image) {
    Emulator& e = Emulator::get();
    auto m = std::make_unique<Module>();
    m->context = current_context();
    try {
        const Parsed& p = parsed(image_text(image));
        m->ptx = p.ptx;
        require(driver_takes(e.configuration.driver_version, m->ptx.version_major, m->ptx.version_minor), CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                "the PTX version is newer than the driver");
        if (m->ptx.target > e.configuration.major * 10 + e.configuration.minor)
            throw PtxError(1, "target sm_" + std::to_string(m->ptx.target) + " is newer than the device (compute capability " +
                                  std::to_string(e.configuration.major) + "." + std::to_string(e.configuration.minor) + ")");
        for (auto& k : p.kernels) {
            auto f = std::make_unique<Function>();
            f->module = m.get();
            f->kernel = k.second;
            m->functions[k.first] = std::move(f);
        }
    } catch (PtxError& error) {
        e.reports.add(std::string("module refused, ") + error.what());
        fail(CUDA_ERROR_INVALID_PTX, error.what());
    }
    for (auto& v : m->ptx.variables) {
        if ((v.space != "global" && v.space != "const") || v.is_extern) continue;
        uint64_t a = e.memory.allocate(std::max<uint64_t>(v.bytes, 1), false, true, m->context);
        require(a, CUDA_ERROR_OUT_OF_MEMORY);
        memset((void*)a, 0, v.bytes);
        std::copy(v.initial.begin(), v.initial.end(), (uint8_t*)a);
        e.memory.mark_initialised(a, v.bytes);
        m->variables[v.name] = {a, v.bytes};
    }
    return e.modules.add(std::move(m));
}

Function* function_of(void* handle) {
    for (Module* m : Emulator::get().modules.all())
        for (auto& f : m->functions)
            if (f.second.get() == handle) return f.second.get();
    fail(CUDA_ERROR_INVALID_HANDLE, "no such function");
}

uint64_t shared_limit(const Function* f) { return f->max_dynamic_shared ? f->kernel->static_shared_bytes + f->max_dynamic_shared : DEFAULT_SHARED_LIMIT; }

int active_blocks(const Function* f, int block, size_t dynamic) {
    const Configuration& c = Emulator::get().configuration;
    const int cc = c.major * 10 + c.minor, threads = cc == 75 ? 1024 : cc == 80 || cc >= 90 ? 2048 : 1536,
              most = cc == 75 ? 16 : cc == 80 || cc >= 90 ? 32 : 24;
    const uint64_t shared = uint64_t(device_attribute(97)) + 1024, used = f->kernel->static_shared_bytes + dynamic;
    if (block < 1 || block > int(f->kernel->max_threads) || used > shared_limit(f)) return 0;
    int blocks = std::min(most, threads / ((block + 31) / 32 * 32));
    return used ? int(std::min<uint64_t>(uint64_t(blocks), shared / used)) : blocks;
}

}  // namespace

Work kernel_work(void* handle, const uint32_t grid[3], const uint32_t block[3], uint64_t shared, void** parameters, void** extra) {
    Function* f = function_of(handle);
    const Translation& k = *f->kernel;
    for (int i = 0; i < 3; i++) require(grid[i] && block[i], CUDA_ERROR_INVALID_VALUE, "empty grid or block");
    require(grid[0] <= 0x7fffffffu && grid[1] <= 65535 && grid[2] <= 65535, CUDA_ERROR_INVALID_VALUE, "grid too large");
    require(block[0] <= 1024 && block[1] <= 1024 && block[2] <= 64, CUDA_ERROR_INVALID_VALUE, "block too large");
    const uint64_t threads = uint64_t(block[0]) * block[1] * block[2];
    require(threads <= 1024, CUDA_ERROR_INVALID_VALUE, "more than 1024 threads in a block");
    require(threads <= k.max_threads, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "more threads than the kernel's launch bounds");
    require(k.static_shared_bytes + shared <= shared_limit(f), CUDA_ERROR_INVALID_VALUE, "too much shared memory");
    Work w;
    w.kind = Work::KERNEL;
    w.function = f;
    std::copy(grid, grid + 3, w.grid);
    std::copy(block, block + 3, w.block);
    w.dynamic_shared_bytes = shared;
    w.parameters.resize(k.parameter_bytes);
    if (parameters) {
        for (size_t i = 0; i < k.parameters.size(); i++) {
            require(parameters[i]);
            memcpy(w.parameters.data() + k.parameters[i].offset, parameters[i], k.parameters[i].bytes);
        }
    } else if (extra) {
        const void* buffer = nullptr;
        size_t bytes = 0;
        for (void** p = extra; *p; p += 2) {
            if (*p == (void*)1) buffer = p[1];
            else if (*p == (void*)2) bytes = *(size_t*)p[1];
            else fail(CUDA_ERROR_INVALID_VALUE);
        }
        require(buffer && bytes >= k.parameter_bytes);
        memcpy(w.parameters.data(), buffer, k.parameter_bytes);
    } else {
        require(k.parameters.empty(), CUDA_ERROR_INVALID_VALUE, "no parameters given");
    }
    return w;
}

void launch_kernel(const Work& work, uint64_t operation, uint64_t floor, const std::function<bool(uint64_t)>& finished_before,
                   const std::function<std::string(uint64_t)>& describe) {
    Emulator& e = Emulator::get();
    const Function* f = work.function;
    GridLaunch g;
    g.kernel = f->kernel.get();
    try {
        g.code = compile(*f->kernel, e.compiler);
    } catch (std::runtime_error& error) {
        throw Fault{CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "compiler", std::string("kernel ") + f->kernel->kernel + ": " + error.what()};
    }
    std::copy(work.grid, work.grid + 3, g.grid);
    std::copy(work.block, work.block + 3, g.block);
    g.dynamic_shared_bytes = work.dynamic_shared_bytes;
    g.parameters = work.parameters;
    g.parameters.resize(g.parameters.size() + 16);
    for (auto& s : f->kernel->symbols) g.symbols.push_back(f->module->variables.at(s).first);
    g.symbols.push_back(0);
    g.operation = operation;
    g.floor = floor;
    g.finished_before = finished_before;
    g.describe_operation = describe;
    e.launches++;
    e.launched.insert(f->kernel->kernel);
    run_grid(g, e.memory, e.scheduler);
}

}  // namespace weft

using namespace weft;

WEFT_EXPORT CUresult cuModuleLoadData(void** module, const void* image) {
    return call("cuModuleLoadData", "module", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(module);
        *module = load(image);
    });
}

WEFT_EXPORT CUresult cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options, void** values) {
    return call("cuModuleLoadDataEx", "module", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(module);
        try {
            *module = load(image);
        } catch (DriverError& error) {  // CU_JIT_ERROR_LOG_BUFFER is 5, its size 6
            char* log = nullptr;
            size_t size = 0;
            for (unsigned i = 0; i < count; i++) {
                if (options[i] == 5) log = (char*)values[i];
                if (options[i] == 6) size = (size_t)values[i] & 0xffffffff;
            }
            if (log && size) snprintf(log, size, "%s", error.detail.c_str());
            throw;
        }
    });
}

WEFT_EXPORT CUresult cuModuleLoad(void** module, const char* path) {
    return call("cuModuleLoad", "module", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(module && path);
        std::ifstream file(path);
        require(bool(file), CUDA_ERROR_FILE_NOT_FOUND);
        std::stringstream text;
        text << file.rdbuf();
        *module = load(text.str().c_str());
    });
}

WEFT_EXPORT CUresult cuModuleUnload(void* module) {
    return call("cuModuleUnload", "module", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        Emulator& e = Emulator::get();
        Module* m = e.modules.get(module);
        for (Stream* s : e.streams.all())
            if (s->context == m->context && !s->capture) drain(s, s->enqueued);
        for (auto& v : m->variables) e.memory.release(v.second.first);
        e.modules.remove(m);
    });
}

WEFT_EXPORT CUresult cuModuleGetLoadingMode(int* mode) {
    return call("cuModuleGetLoadingMode", "module", NOTHING, [&] {
        require(mode);
        *mode = 1;  // eager
    });
}

WEFT_EXPORT CUresult cuModuleGetFunction(void** function, void* module, const char* name) {
    return call("cuModuleGetFunction", "module", CONTEXT, [&] {
        Module* m = Emulator::get().modules.get(module);
        require(function && name);
        auto at = m->functions.find(name);
        require(at != m->functions.end(), CUDA_ERROR_NOT_FOUND, "no such kernel");
        *function = at->second.get();
    });
}

WEFT_EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, size_t* bytes, void* module, const char* name) {
    return call("cuModuleGetGlobal_v2", "module", CONTEXT, [&] {
        Module* m = Emulator::get().modules.get(module);
        require(name);
        auto at = m->variables.find(name);
        require(at != m->variables.end(), CUDA_ERROR_NOT_FOUND, "no such variable");
        if (address) *address = at->second.first;
        if (bytes) *bytes = at->second.second;
    });
}

WEFT_EXPORT CUresult cuFuncGetModule(void** module, void* function) {
    return call("cuFuncGetModule", "module", CONTEXT, [&] {
        require(module);
        *module = function_of(function)->module;
    });
}

WEFT_EXPORT CUresult cuFuncGetAttribute(int* value, int which, void* function) {
    return call("cuFuncGetAttribute", "query", CONTEXT, [&] {
        const Function* f = function_of(function);
        require(value);
        const Configuration& c = Emulator::get().configuration;
        switch (which) {
            case 0: *value = int(f->kernel->max_threads); break;
            case 1: *value = int(f->kernel->static_shared_bytes); break;
            case 2: {
                uint64_t bytes = 0;
                for (auto& v : f->module->ptx.variables) bytes += v.space == "const" ? v.bytes : 0;
                *value = int(bytes);
                break;
            }
            case 3: *value = int(f->kernel->local_bytes); break;
            case 4: *value = int(f->kernel->register_estimate); break;
            case 5: *value = f->module->ptx.target; break;
            case 6: *value = c.major * 10 + c.minor; break;
            case 7: *value = 0; break;
            case 8: *value = int(f->max_dynamic_shared ? f->max_dynamic_shared : DEFAULT_SHARED_LIMIT - std::min(DEFAULT_SHARED_LIMIT, f->kernel->static_shared_bytes)); break;
            case 9: *value = f->carveout; break;
            case 10: case 11: case 12: case 13: case 14: case 15: *value = 0; break;
            default: fail(CUDA_ERROR_INVALID_VALUE);
        }
    });
}

WEFT_EXPORT CUresult cuFuncSetAttribute(void* function, int which, int value) {
    return call("cuFuncSetAttribute", "module", CONTEXT, [&] {
        Function* f = function_of(function);
        if (which == 8) {
            require(value >= 0 && f->kernel->static_shared_bytes + uint64_t(value) <= uint64_t(device_attribute(97)));
            f->max_dynamic_shared = uint64_t(value);
        } else if (which == 9) {
            require(value >= -1 && value <= 100);
            f->carveout = value;
        } else {
            fail(CUDA_ERROR_INVALID_VALUE);
        }
    });
}

WEFT_EXPORT CUresult cuFuncSetCacheConfig(void* function, int config) {
    return call("cuFuncSetCacheConfig", "module", CONTEXT, [&] { function_of(function)->cache_config = config; });
}

WEFT_EXPORT CUresult cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                    void* stream, void** parameters, void** extra) {
    return call("cuLaunchKernel", "launch", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        const uint32_t grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
        enqueue(s, kernel_work(function, grid, block, shared, parameters, extra));
    });
}

WEFT_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* function, int block, size_t dynamic) {
    return call("cuOccupancyMaxActiveBlocksPerMultiprocessor", "query", CONTEXT, [&] {
        require(blocks);
        *blocks = active_blocks(function_of(function), block, dynamic);
    });
}

WEFT_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, void* function, int block, size_t dynamic, unsigned) {
    return call("cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", "query", CONTEXT, [&] {
        require(blocks);
        *blocks = active_blocks(function_of(function), block, dynamic);
    });
}

static CUresult potential_block_size(const char* name, int* grid, int* block, void* function, size_t (*shared)(int), size_t dynamic, int limit) {
    return call(name, "query", CONTEXT, [&] {
        require(grid && block);
        const Function* f = function_of(function);
        int best = 0, most = int(f->kernel->max_threads);
        if (limit > 0) most = std::min(most, limit);
        *block = *grid = 0;
        for (int size = most / 32 * 32; size >= 32; size -= 32) {
            int blocks = active_blocks(f, size, shared ? shared(size) : dynamic);
            if (blocks * size > best) {
                best = blocks * size;
                *block = size;
                *grid = blocks * Emulator::get().configuration.sm_count;
            }
        }
    });
}
WEFT_EXPORT CUresult cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void* function, size_t (*shared)(int), size_t dynamic, int limit) {
    return potential_block_size("cuOccupancyMaxPotentialBlockSize", grid, block, function, shared, dynamic, limit);
}
WEFT_EXPORT CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* grid, int* block, void* function, size_t (*shared)(int), size_t dynamic, int limit, unsigned) {
    return potential_block_size("cuOccupancyMaxPotentialBlockSizeWithFlags", grid, block, function, shared, dynamic, limit);
}

WEFT_EXPORT CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, void* function, int blocks, int) {
    return call("cuOccupancyAvailableDynamicSMemPerBlock", "query", CONTEXT, [&] {
        require(bytes && blocks > 0);
        const Function* f = function_of(function);
        uint64_t each = (uint64_t(device_attribute(97)) + 1024) / uint64_t(blocks), fixed = f->kernel->static_shared_bytes;
        *bytes = std::min(each, shared_limit(f)) - std::min(std::min(each, shared_limit(f)), fixed);
    });
}
