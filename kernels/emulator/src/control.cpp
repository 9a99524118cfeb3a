// The tests' channel to the emulator: a command in, a text out. From Java through three native methods that pass single
// bytes, so that no JNI header is needed to build this.
//
//   reset                  as in a new process
//   set KEY=VALUE[;...]    configuration (README)
//   log | clear-log        the calls so far, "name code [detail]" a line
//   fail WHAT N CODE       the N-th call from now of WHAT (a function, a kind, or *) fails with CODE
//   reports | clear-reports
//   leaks                  what is still allocated
//   whitelist              all opcodes, "opcode signature" a line
//   counters               "name value" a line
//   launched               the kernels that have run since the last such command, a name a line
//   translate              the PTX that follows on the next lines, as C++ (or the reason why not)
#include <sstream>

#include "emulator.h"
#include "instruction_table.h"

namespace weft {

std::string control(const std::string& command) {
    Emulator& e = Emulator::get();
    std::lock_guard<std::recursive_mutex> lock(e.mutex);
    std::stringstream in(command);
    std::string verb, out;
    in >> verb;
    try {
        if (verb == "reset") {
            e.reset();
        } else if (verb == "set") {
            e.configure(command.substr(4));
        } else if (verb == "log") {
            for (auto& c : e.log) out += std::string(c.name) + " " + std::to_string(c.result) + (c.detail.empty() ? "" : " " + c.detail) + "\n";
        } else if (verb == "clear-log") {
            e.log.clear();
        } else if (verb == "fail") {
            Injection i{};
            in >> i.what >> i.countdown >> i.code;
            if (!in) throw std::runtime_error("expected: fail WHAT N CODE");
            e.injections.push_back(i);
        } else if (verb == "reports") {
            out = e.reports.all();
        } else if (verb == "clear-reports") {
            e.reports.clear();
        } else if (verb == "leaks") {
            out = e.leaks();
        } else if (verb == "whitelist") {
            for (auto& entry : all_entries()) out += entry.opcode + " " + entry.signature + "\n";
        } else if (verb == "counters") {
            out = "launches " + std::to_string(e.launches) + "\ncompilations " + std::to_string(compilations()) + "\nlive-bytes " +
                  std::to_string(e.memory.live_bytes()) + "\n";
        } else if (verb == "launched") {
            for (auto& kernel : e.launched) out += kernel + "\n";
            e.launched.clear();
        } else if (verb == "translate") {
            PtxModule m = parse_ptx(command.substr(command.find('\n') + 1));
            for (auto& k : m.kernels) out += translate(m, k).source;
        } else {
            throw std::runtime_error("unknown command " + verb);
        }
    } catch (std::exception& error) {
        return std::string("error: ") + error.what();
    }
    return out;
}

static thread_local std::string request, reply;

}  // namespace weft

using namespace weft;

WEFT_EXPORT void Java_dev_weft_cuda_emulator_Emulator_put(void*, void*, signed char byte) { request += char(byte); }
WEFT_EXPORT int Java_dev_weft_cuda_emulator_Emulator_run(void*, void*) {
    reply = control(request);
    request.clear();
    return int(reply.size());
}
WEFT_EXPORT signed char Java_dev_weft_cuda_emulator_Emulator_get(void*, void*, int at) { return (signed char)reply[size_t(at)]; }
