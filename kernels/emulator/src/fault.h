// Faults: what a check has found. The text goes to the reports (standard error and the control channel), the code to the
// caller.
#pragma once
#include <string>
#include <vector>

#include "cuda_abi.h"

namespace weft {

// Thrown by the checks; ends the kernel or the copy.
struct Fault {
    CUresult code;
    std::string kind;    // "out of bounds", "race" ...: one stable phrase per check
    std::string report;  // complete
};

// Thrown by driver calls for ordinary errors.
struct DriverError {
    CUresult code;
    std::string detail;
};

[[noreturn]] inline void fail(CUresult code, const std::string& detail = "") { throw DriverError{code, detail}; }

class Reports {
public:
    void add(const std::string& text);
    std::string all() const;
    void clear() { texts_.clear(); }
    bool quiet = false;

private:
    std::vector<std::string> texts_;
};

}  // namespace weft
