// The syntax tree of a PTX module. The parser knows PTX's grammar and nothing of what instructions mean; what may be
// translated is decided by instruction_table.cpp alone.
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace weft {

struct PtxError : std::runtime_error {
    int line;
    PtxError(int line, const std::string& message)
        : std::runtime_error("PTX line " + std::to_string(line) + ": " + message), line(line) {}
};

struct Operand {
    enum Kind { REGISTER, INTEGER, FLOAT, DOUBLE, SYMBOL, ADDRESS, VECTOR, NONE } kind = NONE;
    std::string name;               // register, symbol, or base of an address (empty: an absolute address)
    bool base_is_register = false;  // ADDRESS: the base is a register, not a variable
    bool negated = false;           // REGISTER: !%p
    int64_t offset = 0;             // ADDRESS, SYMBOL (variable + offset)
    uint64_t bits = 0;              // immediates: two's complement, or the IEEE bits of FLOAT and DOUBLE
    std::vector<Operand> elements;  // VECTOR
};

struct Instruction {
    int line = 0;
    std::string text;    // the source line, for reports
    std::string opcode;  // with all its modifiers, "ld.global.v4.f32"
    std::string guard;   // predicate register, or empty
    bool guard_negated = false;
    std::vector<Operand> operands;
    Operand second_result;  // the q of "p|q"
    int source_file = 0, source_line = 0;
};

struct Variable {
    std::string name, space, type;  // space: shared const global local param
    int line = 0;
    uint64_t alignment = 1, bytes = 0;
    bool is_extern = false;       // extern .shared: the dynamic part
    std::vector<uint8_t> initial;  // empty: zero
};

struct PtxKernel {
    std::string name;
    int line = 0;
    std::vector<Variable> parameters, variables;
    std::map<std::string, std::string> registers;  // name -> type
    std::vector<Instruction> instructions;
    std::map<std::string, size_t> labels;  // -> index of the next instruction
    unsigned max_threads = 1024;
};

struct PtxModule {
    int version_major = 0, version_minor = 0, target = 0;
    std::map<int, std::string> files;
    std::vector<Variable> variables;
    std::vector<PtxKernel> kernels;
};

PtxModule parse_ptx(const std::string& text);

// Bytes of a fundamental type ("u32", "b8", "f64", "pred"), 0 for anything else.
unsigned type_bytes(const std::string& type);

}  // namespace weft
