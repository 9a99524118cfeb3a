// The whitelist: every opcode, with its type and modifiers, that may be translated, and what it means. An opcode that is
// not here is refused by name. Each entry has a unit test (InstructionTest walks this very list).
#pragma once
#include <string>
#include <vector>

namespace weft {

enum class Kind {
    ARITHMETIC, MOVE, LOAD, STORE, ATOMIC, BRANCH, RETURN, BLOCK_BARRIER, WARP_BARRIER, SHUFFLE, VOTE, FENCE, ADDRESS,
    ASYNC_COPY, ASYNC_COMMIT, ASYNC_WAIT
};

struct Entry {
    std::string opcode;
    Kind kind;
    // ARITHMETIC: result and operands, one letter each: p predicate, y u8, Y s8, h u16, H s16, u u32, s s32, U u64, S s64,
    // f f32, d f64; and the result as C++ of a, b, c, d. `loose` conversions accept wider registers.
    std::string signature, expression;
    bool loose = false;
    // LOAD, STORE, ATOMIC, ADDRESS: state space ("" is generic), PTX type, elements, flags of device_runtime.h
    std::string space, type;
    int elements = 1;
    unsigned flags = 0;
    std::string variant;  // of ATOMIC, SHUFFLE, VOTE: "add", "down", "ballot" ...
    int minimum_target = 0;
};

const Entry* find_entry(const std::string& opcode);
const std::vector<Entry>& all_entries();

// The C++ type of a signature letter, and the letter of a PTX type.
const char* c_type(char letter);
char letter_of(const std::string& ptx_type);

}  // namespace weft
