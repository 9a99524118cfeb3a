// Translates one kernel to C++ (see translator.cpp), and says what its launch needs to know.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "ptx.h"

namespace weft {

// Where an instruction stands, for reports. Generated code refers to it by index.
struct Site {
    int line = 0;
    std::string text;
    std::string source_file;
    int source_line = 0;
};

struct ParameterLayout {
    uint64_t offset, bytes;
};

struct Translation {
    std::string kernel, source;
    std::vector<Site> sites;
    std::vector<ParameterLayout> parameters;
    uint64_t parameter_bytes = 0;
    std::vector<std::string> symbols;  // module variables that the code addresses, in the order of LaunchState::symbols
    uint64_t register_bytes = 0;       // saved state of a warp; filled in once the code is loaded
    uint64_t local_bytes = 0;          // a thread
    uint64_t static_shared_bytes = 0;  // as the real driver reports it
    uint64_t shared_layout_bytes = 0;  // with the guard gaps between variables
    uint64_t dynamic_alignment = 16;
    bool uses_dynamic_shared = false, uses_fences = false;
    unsigned max_threads = 1024;
    unsigned register_estimate = 0;
    // Addressable ranges of shared memory (the static variables); what lies between them are guards.
    std::vector<std::pair<uint64_t, uint64_t>> shared_ranges;
};

// Throws PtxError for anything that is not on the whitelist.
Translation translate(const PtxModule& module, const PtxKernel& kernel);

}  // namespace weft
