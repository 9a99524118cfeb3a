// Streams are lazy: an operation runs only when something waits for it. A program that forgets a wait therefore finds
// its data missing here, while on a GPU it would merely be unlucky sometimes. Each operation carries a vector clock of
// what happened before it; two that touch the same memory without an order are reported.
#include <algorithm>
#include <chrono>

#include "emulator.h"

namespace weft {

void join(Clock& into, const Clock& from) {
    for (auto& e : from) {
        uint64_t& v = into[e.first];
        if (e.second > v) v = e.second;
    }
}

namespace {

// What the race shadow's operation numbers stand for.
struct Executed {
    uint64_t stream_id, sequence;
    uint64_t graph_launch;  // 0, or the number of the graph launch that it was a node of
    size_t node;
    std::shared_ptr<const GraphPlan> plan;
    bool everything_before;  // all operations with lower numbers happened before it
    std::string what;
};

const uint64_t LAST_OPERATION = (1ull << 24) - 2;
std::deque<Executed> executed;  // operations first_number ...
uint64_t first_number = 1, next_number = 1, graph_launches = 0;
const size_t REMEMBERED = 4096;

// Destroyed streams that the host had waited for, with the ticket of that moment: whatever is queued later comes after all
// that they did. So clocks need not name them for ever.
std::map<uint64_t, uint64_t> retired;
const uint64_t TICKET = 0;  // key of a clock that is no stream: the number of the call that queued the operation
uint64_t tickets = 0;

bool happened_before(const Executed& a, const Clock& clock, uint64_t graph_launch, const GraphPlan* plan, size_t node) {
    if (graph_launch && a.graph_launch == graph_launch) return plan->before[node][a.node];
    auto at = clock.find(a.stream_id);
    if (at != clock.end() && at->second >= a.sequence) return true;
    auto gone = retired.find(a.stream_id);
    return gone != retired.end() && clock.at(TICKET) > gone->second;
}

double now_milliseconds() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

// Runs one piece of work that touches memory, with a number of its own in the race shadow.
void execute_numbered(const Work& work, const Clock& clock, Stream* stream, uint64_t sequence, uint64_t graph_launch,
                      const std::shared_ptr<const GraphPlan>& plan, size_t node) {
    Emulator& e = Emulator::get();
    if (next_number >= LAST_OPERATION) {
        e.memory.forget_races();
        executed.clear();
        first_number = next_number = 1;
    }
    const uint64_t number = next_number++;
    // all operations below the floor happened before this one
    uint64_t floor = number;
    bool everything = true;
    for (size_t i = executed.size(); i-- > 0;) {
        if (!happened_before(executed[i], clock, graph_launch, plan.get(), node)) {
            floor = first_number + i;
            everything = false;
        } else if (executed[i].everything_before && graph_launch != executed[i].graph_launch) {
            break;
        } else if (executed[i].everything_before && !graph_launch) {
            break;
        }
    }
    std::string what = work.describe() + " on stream " + std::to_string(stream->id);
    executed.push_back({stream->id, sequence, graph_launch, node, plan, everything, what});
    if (executed.size() > REMEMBERED) {
        executed.pop_front();
        first_number++;
    }
    auto finished_before = [&](uint64_t other) {
        if (other < first_number) return true;
        return happened_before(executed[other - first_number], clock, graph_launch, plan.get(), node);
    };
    auto describe = [&](uint64_t other) {
        return other < first_number ? std::string("an earlier operation") : executed[other - first_number].what;
    };
    if (work.kind == Work::KERNEL) {
        launch_kernel(work, number, floor, finished_before, describe);
        return;
    }
    // libraries, copies and sets: the same shadow, word by word
    auto touch = [&](uint64_t address, uint64_t bytes, bool writes) {
        Memory& m = e.memory;
        const char* verb = writes ? "writes" : "reads";
        uint64_t bad = m.first_bad(address, bytes, !writes);
        if (bad < bytes) {
            u8 state = m.inside(address + bad) ? *m.states(address + bad) : u8(UNADDRESSABLE);
            std::string kind = state == FREED ? "use after free" : state == UNINITIALISED ? "never-written memory" : "out of bounds";
            throw Fault{state == UNINITIALISED ? CUDA_ERROR_LAUNCH_FAILED : CUDA_ERROR_ILLEGAL_ADDRESS, kind,
                        kind + ": " + what + " " + verb + " " + m.describe(address + bad)};
        }
        // entries below the limit are of operations that are known to be past; the loop over the others is the slow one
        const u64 entry = number << OPERATION_SHIFT | 15u << MASK_SHIFT, limit = floor << OPERATION_SHIFT;
        const uint64_t first = (address - m.base()) >> 2, last = (address + bytes - 1 - m.base()) >> 2;
        for (const u64* shadow : {m.writers(), m.readers()}) {
            if (shadow == m.readers() && !writes) continue;
            for (uint64_t i = first; i <= last; i++) {
                if (shadow[i] < limit) continue;
                uint64_t other = shadow[i] >> OPERATION_SHIFT;
                if (other != number && !finished_before(other))
                    throw Fault{CUDA_ERROR_LAUNCH_FAILED, "missing wait between streams",
                                "missing wait between streams: " + what + " " + verb + " " + m.describe(m.base() + i * 4) + " which " +
                                    describe(other) + (shadow == m.writers() ? " wrote" : " read") + " without an order between the two"};
            }
        }
        u64* mine = writes ? m.writers() : m.readers();
        std::fill(mine + first, mine + last + 1, entry);
        if (writes) m.mark_initialised(address, bytes);
    };
    if (work.kind == Work::LIBRARY) work.library->run(touch);
    if (work.kind == Work::COPY) run_copy(work, touch);
    if (work.kind == Work::SET) run_set(work.set, touch);
}

}  // namespace

std::string Work::describe() const {
    switch (kind) {
        case KERNEL: return "kernel " + function->kernel->kernel;
        case LIBRARY: return library->name;
        case COPY: return std::string("copy ") + (copy.srcMemoryType == CU_MEMORYTYPE_HOST ? "host" : "device") + " to " +
                          (copy.dstMemoryType == CU_MEMORYTYPE_HOST ? "host" : "device");
        case SET: return "memset";
        case HOST: return "host function";
        case RECORD: return "event record";
        case GRAPH: return "graph";
        case EMPTY: return "empty node";
    }
    return "";
}

void execute(const Work& work, const Clock& clock, Stream* stream, uint64_t sequence) {
    switch (work.kind) {
        case Work::KERNEL:
        case Work::LIBRARY:
        case Work::COPY:
        case Work::SET: execute_numbered(work, clock, stream, sequence, 0, nullptr, 0); break;
        case Work::HOST: {
            in_host_callback = true;
            if (work.callback) work.callback(stream->context->null_stream == stream ? nullptr : stream, CUDA_SUCCESS, work.user_data);
            else work.host_function(work.user_data);
            in_host_callback = false;
            break;
        }
        case Work::RECORD:
            work.record->done = true;
            work.record->milliseconds = now_milliseconds();
            break;
        case Work::GRAPH: {
            const uint64_t launch = ++graph_launches;
            for (size_t i = 0; i < work.plan->works.size(); i++) {
                const Work& w = work.plan->works[i];
                if (w.kind == Work::KERNEL || w.kind == Work::LIBRARY || w.kind == Work::COPY || w.kind == Work::SET)
                    execute_numbered(w, clock, stream, sequence, launch, work.plan, i);
                else execute(w, clock, stream, sequence);
            }
            break;
        }
        case Work::EMPTY: break;
    }
}

Stream* new_stream(Context* c, unsigned flags, int priority) {
    Emulator& e = Emulator::get();
    auto s = std::make_unique<Stream>();
    s->context = c;
    s->flags = flags;
    s->priority = priority;
    s->id = e.next_id++;
    return e.streams.add(std::move(s));
}

void destroy(Stream* s) {
    Emulator& e = Emulator::get();
    auto known = e.host_clock.find(s->id);
    if (s->enqueued == 0 || (known != e.host_clock.end() && known->second >= s->enqueued)) {
        retired[s->id] = tickets;
        e.host_clock.erase(s->id);
        for (Stream* other : e.streams.all()) other->clock.erase(s->id);
    }
    e.streams.remove(s);
}

Stream* stream_of(void* handle) {
    Context* c = current_context();
    if (!handle || handle == (void*)1) return c->null_stream;
    if (handle == (void*)2) fail(CUDA_ERROR_NOT_SUPPORTED, "per-thread default streams");
    Stream* s = Emulator::get().streams.get(handle);
    if (s->context->sticky) fail(s->context->sticky, "sticky");
    return s;
}

void enqueue(Stream* s, Work work, std::vector<std::pair<Stream*, uint64_t>> waits, const Clock* extra) {
    Emulator& e = Emulator::get();
    if (s->capture) {
        if (s->capture->invalidated) fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        GraphNode* n = add_node(s->capture->graph, std::move(work), s->frontier);
        s->frontier = {n};
        return;
    }
    const bool legacy = s == s->context->null_stream;
    if (legacy) forbid_legacy_stream_during_capture(s->context);
    Operation o;
    o.sequence = ++s->enqueued;
    o.clock = s->clock;
    join(o.clock, e.host_clock);
    if (extra) join(o.clock, *extra);
    // The legacy stream waits for all blocking streams and they wait for it.
    for (Stream* other : e.streams.all()) {
        if (other == s || other->context != s->context || (other->flags & CU_STREAM_NON_BLOCKING) || (s->flags & CU_STREAM_NON_BLOCKING)) continue;
        if (!legacy && other != s->context->null_stream) continue;
        if (other->enqueued > other->completed) waits.push_back({other, other->enqueued});
        join(o.clock, other->clock);
    }
    o.waits = std::move(waits);
    o.clock[s->id] = o.sequence;
    o.clock[TICKET] = ++tickets;
    if (work.kind == Work::RECORD) {
        work.record->stream = s;
        work.record->stream_id = s->id;
        work.record->sequence = o.sequence;
        work.record->clock = o.clock;
    }
    o.work = std::move(work);
    s->clock = o.clock;
    s->queue.push_back(std::move(o));
}

void drain(Stream* s, uint64_t sequence) {
    Emulator& e = Emulator::get();
    while (s->completed < sequence && !s->queue.empty()) {
        Operation o = std::move(s->queue.front());
        s->queue.pop_front();
        for (auto& w : o.waits)
            if (e.streams.has(w.first)) drain(w.first, w.second);
        Context* c = s->context;
        if (!c->sticky) {
            try {
                execute(o.work, o.clock, s, o.sequence);
            } catch (Fault& f) {
                e.reports.add(f.report);
                c->sticky = f.code;
            }
        }
        s->completed = o.sequence;
    }
    if (s->context->sticky) fail(s->context->sticky);
}

void synchronize(Stream* s) {
    if (s->capture) {
        invalidate(*s->capture);
        fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "synchronisation of a stream that is capturing");
    }
    drain(s, s->enqueued);
    join(Emulator::get().host_clock, s->clock);
}

void synchronize_all(Context* c) {
    Emulator& e = Emulator::get();
    for (Stream* s : e.streams.all())
        if (s->context == c && s->capture) {
            invalidate(*s->capture);
            fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "synchronisation while a stream is capturing");
        }
    for (Stream* s : e.streams.all())
        if (s->context == c) synchronize(s);
}

void run_now(Work work) {
    Stream* s = current_context()->null_stream;
    enqueue(s, std::move(work));
    synchronize(s);
}

}  // namespace weft
