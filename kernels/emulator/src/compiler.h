// Turns a translated kernel into machine code: the machine's compiler, a cache keyed by content, dlopen.
#pragma once
#include <string>

#include "device_runtime.h"
#include "translator.h"

namespace weft {

struct CompiledKernel {
    void (*run)(Warp&) = nullptr;
    uint64_t register_bytes = 0;
};

struct CompilerOptions {
    std::string cache;         // folder
    std::string optimisation = "-O2";
};

// Throws std::runtime_error when there is no compiler or it refuses.
CompiledKernel compile(const Translation& t, const CompilerOptions& options);

// Compilations since the start of the process, cached ones not counted.
int compilations();

}  // namespace weft
