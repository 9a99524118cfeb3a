// The emulated driver's objects and its one global state. Everything is guarded by one recursive mutex, taken by each
// driver call (see call() below); kernels run on worker threads while it is held.
#pragma once
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cuda_abi.h"
#include "fault.h"
#include "library_work.h"
#include "memory.h"
#include "scheduler.h"

namespace weft {

struct Graph;
struct GraphExec;
struct GraphNode;
struct Stream;

struct Configuration {
    std::string name = "Weft emulated device";
    int major = 8, minor = 6;
    uint64_t memory_bytes = 4ull << 30;
    int sm_count = 16;
    int driver_version = 12060;
    int device_count = 1;
    bool report_leaks = true;
};

// Vector clock: for each stream (by id) how many of its operations are known to be past.
typedef std::map<uint64_t, uint64_t> Clock;
void join(Clock& into, const Clock& from);

struct Context {
    bool primary = false;
    unsigned flags = 0;
    int retained = 0;  // primary: cuDevicePrimaryCtxRetain
    CUresult sticky = CUDA_SUCCESS;
    Stream* null_stream = nullptr;
    uint64_t id = 0;
    std::map<int, size_t> limits;
};

struct Module;

struct Function {
    Module* module = nullptr;
    std::shared_ptr<Translation> kernel;
    uint64_t max_dynamic_shared = 0;  // 0: what fits into 48 KiB
    int carveout = -1, cache_config = 0;
};

struct Module {
    Context* context = nullptr;
    PtxModule ptx;
    std::map<std::string, std::pair<uint64_t, uint64_t>> variables;  // name -> address, bytes
    std::map<std::string, std::unique_ptr<Function>> functions;
};

// What a stream or a graph node does.
struct Work {
    enum Kind { KERNEL, LIBRARY, COPY, SET, HOST, RECORD, GRAPH, EMPTY } kind = EMPTY;
    // KERNEL
    Function* function = nullptr;
    uint32_t grid[3] = {}, block[3] = {};
    uint64_t dynamic_shared_bytes = 0;
    std::vector<uint8_t> parameters;
    // LIBRARY
    std::shared_ptr<const LibraryWork> library;
    // COPY; `staging` holds pageable source bytes that were read when the call was made
    CUDA_MEMCPY3D copy{};
    std::shared_ptr<std::vector<uint8_t>> staging;
    // SET
    CUDA_MEMSET_NODE_PARAMS set{};
    // HOST
    CUhostFn host_function = nullptr;
    void (*callback)(void* stream, CUresult, void*) = nullptr;
    void* user_data = nullptr;
    // RECORD
    std::shared_ptr<struct EventRecord> record;
    // GRAPH
    std::shared_ptr<const struct GraphPlan> plan;

    std::string describe() const;
};

// One recording of an event: what a wait or an elapsed time refers to.
struct EventRecord {
    Stream* stream = nullptr;
    uint64_t stream_id = 0, sequence = 0;
    Clock clock;
    bool done = false;
    double milliseconds = 0;
};

struct Operation {
    uint64_t sequence = 0;
    Work work;
    Clock clock;  // what happened before it, itself included
    std::vector<std::pair<Stream*, uint64_t>> waits;
};

struct Capture {
    Graph* graph = nullptr;
    int mode = 0;
    uint64_t id = 0;
    std::thread::id owner;
    Stream* origin = nullptr;
    std::set<Stream*> joined;
    bool invalidated = false;
};

struct Stream {
    Context* context = nullptr;
    unsigned flags = 0;
    int priority = 0;
    uint64_t id = 0;
    std::deque<Operation> queue;
    uint64_t enqueued = 0, completed = 0;
    Clock clock;  // of the last operation enqueued
    std::shared_ptr<Capture> capture;
    std::vector<GraphNode*> frontier;  // capturing: the nodes that the next one depends on
};

struct Event {
    Context* context = nullptr;
    unsigned flags = 0;
    std::shared_ptr<EventRecord> record;
    std::shared_ptr<Capture> capture;  // last recorded in a stream that was capturing
    std::vector<GraphNode*> frontier;
};

struct GraphNode {
    Graph* graph = nullptr;
    Work work;
    std::vector<GraphNode*> dependencies;
};

struct Graph {
    std::vector<std::unique_ptr<GraphNode>> nodes;
};

// An executable graph's works in an order that respects the dependencies. Immutable: an update makes a new plan, so that
// launches in flight keep theirs.
struct GraphPlan {
    std::vector<Work> works;
    std::vector<std::vector<bool>> before;  // before[i][j]: work j happens before work i
};

struct GraphExec {
    std::shared_ptr<const GraphPlan> plan;
    std::map<GraphNode*, size_t> index;
    Stream* last_stream = nullptr;
    uint64_t last_sequence = 0;
    Clock last_clock;
};

struct LoggedCall {
    const char* name;
    CUresult result;
    std::string detail;
};

struct Injection {
    std::string what;  // a function's name, a kind ("alloc", "copy", "launch", "synchronize"), or "*"
    long countdown;
    CUresult code;
};

// A set of live objects: a handle is valid when it is in its set.
template <class T> class Handles {
public:
    T* add(std::unique_ptr<T> object) {
        T* p = object.get();
        objects_[p] = std::move(object);
        return p;
    }
    T* get(void* handle) const {
        auto at = objects_.find((T*)handle);
        if (at == objects_.end()) fail(CUDA_ERROR_INVALID_HANDLE, "no such handle");
        return at->second.get();
    }
    bool has(void* handle) const { return objects_.count((T*)handle) != 0; }
    void remove(T* p) { objects_.erase(p); }
    std::vector<T*> all() const {
        std::vector<T*> v;
        for (auto& o : objects_) v.push_back(o.first);
        return v;
    }
    size_t size() const { return objects_.size(); }
    void clear() { objects_.clear(); }

private:
    std::map<T*, std::unique_ptr<T>> objects_;
};

struct Emulator {
    std::recursive_mutex mutex;
    Configuration configuration;
    SchedulerOptions scheduler;
    CompilerOptions compiler;
    bool initialised = false;
    Memory memory;
    Reports reports;

    Handles<Context> contexts;
    Handles<Module> modules;
    Handles<Stream> streams;
    Handles<Event> events;
    Handles<Graph> graphs;
    Handles<GraphExec> graph_execs;
    Context* primary = nullptr;
    std::map<uint64_t, unsigned> host_flags;

    std::vector<std::shared_ptr<Capture>> captures;
    Clock host_clock;
    uint64_t next_id = 1;

    std::vector<LoggedCall> log;
    bool logging = true;
    std::vector<Injection> injections;
    uint64_t launches = 0;
    std::set<std::string> launched;  // names of kernels

    static Emulator& get();
    void reset();                              // as in a new process, but for the configuration
    void configure(const std::string& text);   // "key=value" pairs, by ';' or new lines
    std::string leaks() const;
};

// ---- contexts (driver_device.cpp) ----
Context* current_context();  // the calling thread's, or null
void destroy_context(Context* c);
extern thread_local bool in_host_callback;

// ---- streams.cpp ----
Stream* stream_of(void* handle);          // validates; null is the context's legacy stream
Stream* new_stream(Context* c, unsigned flags, int priority);
void enqueue(Stream* s, Work work, std::vector<std::pair<Stream*, uint64_t>> waits = {}, const Clock* extra = nullptr);
void drain(Stream* s, uint64_t sequence);  // throws DriverError after a fault
void synchronize(Stream* s);
void synchronize_all(Context* c);
void run_now(Work work);                   // on the legacy stream, and waits for it
void destroy(Stream* s);
void execute(const Work& work, const Clock& clock, Stream* stream, uint64_t sequence);
bool is_sticky(CUresult code);

// ---- graphs.cpp ----
GraphNode* add_node(Graph* g, Work work, std::vector<GraphNode*> dependencies);
void invalidate(Capture& c);
std::shared_ptr<GraphPlan> make_plan(const Graph& g, std::map<GraphNode*, size_t>& index);
void forbid_unsafe_call_during_capture();
void forbid_legacy_stream_during_capture(Context* c);

// ---- driver_module.cpp ----
void launch_kernel(const Work& work, uint64_t operation, uint64_t floor, const std::function<bool(uint64_t)>& finished_before,
                   const std::function<std::string(uint64_t)>& describe);
Work kernel_work(void* function, const uint32_t grid[3], const uint32_t block[3], uint64_t shared, void** parameters, void** extra);

// ---- driver_memory.cpp ----
void check_copy(const CUDA_MEMCPY3D& c);  // arguments only
void run_copy(const Work& w, const std::function<void(uint64_t, uint64_t, bool)>& touch);
void run_set(const CUDA_MEMSET_NODE_PARAMS& s, const std::function<void(uint64_t, uint64_t, bool)>& touch);
bool is_device_pointer(uint64_t address);

// ---- the frame of every driver call (call.cpp) ----
enum CallNeeds : unsigned {
    NOTHING = 0,
    INITIALISED_DRIVER = 1,
    CONTEXT = 3,              // a current context, and the driver initialised
    UNSAFE_IN_CAPTURE = 4,    // cuMemAlloc and its like
    IGNORES_STICKY = 8,       // works after a sticky error
};

CUresult run_call(const char* name, const char* kind, unsigned needs, const std::function<CUresult()>& body);

template <class F> CUresult call(const char* name, const char* kind, unsigned needs, F body) {
    return run_call(name, kind, needs, [&]() -> CUresult {
        body();
        return CUDA_SUCCESS;
    });
}

inline void require(bool condition, CUresult code = CUDA_ERROR_INVALID_VALUE, const char* detail = "") {
    if (!condition) fail(code, detail);
}

}  // namespace weft
