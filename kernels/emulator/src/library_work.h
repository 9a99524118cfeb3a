// What the stand-ins for NVIDIA's libraries (../stand-ins) see of the emulated driver: their calls go through the same
// frame as driver calls, and what they queue runs when kernels run, with the same checks of memory.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace weft {

// Checks and notes an access to device memory before it is made; throws where it is at fault.
typedef std::function<void(uint64_t address, uint64_t bytes, bool writes)> Touch;

struct LibraryWork {
    std::string name;
    std::function<void(const Touch&)> run;
};

#define WEFT_LIBRARY __attribute__((visibility("default")))

// Runs the body of a library's call: lock, log, injected failures, context. Returns the body's status, or
// `execution_failed` where the driver refuses.
WEFT_LIBRARY int library_call(const char* name, bool unsafe_in_capture, int execution_failed, const std::function<int()>& body);

// Within a call: queues work on a stream, or records it where the stream is capturing.
WEFT_LIBRARY void enqueue_library_work(void* stream, LibraryWork work);

// Within a call: whether the handle is a stream of the current context.
WEFT_LIBRARY bool is_stream(void* stream);

// Within a call: whether all these bytes are device memory.
WEFT_LIBRARY bool is_device_memory(uint64_t address, uint64_t bytes);

// Writes to the emulator's reports.
WEFT_LIBRARY void report(const std::string& text);

}  // namespace weft
