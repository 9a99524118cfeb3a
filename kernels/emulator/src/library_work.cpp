#include "library_work.h"

#include "emulator.h"

namespace weft {

int library_call(const char* name, bool unsafe_in_capture, int execution_failed, const std::function<int()>& body) {
    int status = execution_failed;
    bool ran = false;
    CUresult result = run_call(name, "library", unsafe_in_capture ? CONTEXT | UNSAFE_IN_CAPTURE : CONTEXT, [&]() -> CUresult {
        status = body();
        ran = true;
        return status;
    });
    return ran ? result : execution_failed;
}

void enqueue_library_work(void* stream, LibraryWork work) {
    Work w;
    w.kind = Work::LIBRARY;
    w.library = std::make_shared<LibraryWork>(std::move(work));
    enqueue(stream_of(stream), std::move(w));
}

bool is_stream(void* stream) { return !stream || Emulator::get().streams.has(stream); }

bool is_device_memory(uint64_t address, uint64_t bytes) {
    const Allocation* a = Emulator::get().memory.containing(address);
    return a && !a->host && address + bytes <= a->address + a->bytes;
}

void report(const std::string& text) { Emulator::get().reports.add(text); }

}  // namespace weft
