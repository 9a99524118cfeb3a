// Capture and graphs: a capturing stream's operations become nodes; a launch replays them in an order that respects the
// edges.
#include <algorithm>

#include "emulator.h"

namespace weft {

static thread_local int thread_mode = CU_CAPTURE_GLOBAL;  // cuThreadExchangeStreamCaptureMode

GraphNode* add_node(Graph* g, Work work, std::vector<GraphNode*> dependencies) {
    auto n = std::make_unique<GraphNode>();
    n->graph = g;
    n->work = std::move(work);
    std::sort(dependencies.begin(), dependencies.end());
    dependencies.erase(std::unique(dependencies.begin(), dependencies.end()), dependencies.end());
    n->dependencies = std::move(dependencies);
    g->nodes.push_back(std::move(n));
    return g->nodes.back().get();
}

void invalidate(Capture& c) { c.invalidated = true; }

// The rule of the driver's documentation: a potentially unsafe call is forbidden to a thread that captures itself, unless
// relaxed, and while any thread captures in global mode, unless this thread has chosen otherwise.
void forbid_unsafe_call_during_capture() {
    for (auto& c : Emulator::get().captures) {
        if (c->invalidated || c->mode == CU_CAPTURE_RELAXED || thread_mode == CU_CAPTURE_RELAXED) continue;
        bool own = c->owner == std::this_thread::get_id();
        if (own || (c->mode == CU_CAPTURE_GLOBAL && thread_mode == CU_CAPTURE_GLOBAL)) {
            invalidate(*c);
            fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "not allowed during capture");
        }
    }
}

void forbid_legacy_stream_during_capture(Context* context) {
    for (auto& c : Emulator::get().captures)
        for (Stream* s : c->joined)
            if (s->context == context && !(s->flags & CU_STREAM_NON_BLOCKING)) {
                invalidate(*c);
                fail(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream depends on a stream that is capturing");
            }
}

std::shared_ptr<GraphPlan> make_plan(const Graph& g, std::map<GraphNode*, size_t>& index) {
    auto plan = std::make_shared<GraphPlan>();
    // repeatedly take the first node all of whose dependencies have been taken
    while (index.size() < g.nodes.size()) {
        bool any = false;
        for (auto& n : g.nodes) {
            if (index.count(n.get())) continue;
            if (!std::all_of(n->dependencies.begin(), n->dependencies.end(), [&](GraphNode* d) { return index.count(d) != 0; })) continue;
            size_t i = plan->works.size();
            index[n.get()] = i;
            plan->works.push_back(n->work);
            std::vector<bool> before(g.nodes.size(), false);
            for (GraphNode* d : n->dependencies) {
                size_t j = index[d];
                before[j] = true;
                for (size_t k = 0; k < before.size(); k++) before[k] = before[k] || plan->before[j][k];
            }
            plan->before.push_back(std::move(before));
            any = true;
        }
        if (!any) fail(CUDA_ERROR_INVALID_VALUE, "the graph has a cycle");
    }
    return plan;
}

namespace {

void end_capture(const std::shared_ptr<Capture>& c) {
    Emulator& e = Emulator::get();
    for (Stream* s : c->joined) {
        s->capture.reset();
        s->frontier.clear();
    }
    for (Event* event : e.events.all())
        if (event->capture == c) {
            event->capture.reset();
            event->frontier.clear();
        }
    auto& all = e.captures;
    all.erase(std::find(all.begin(), all.end(), c));
}

// Everything that the nodes depend on, themselves included.
void reach(GraphNode* n, std::set<GraphNode*>& seen) {
    if (!seen.insert(n).second) return;
    for (GraphNode* d : n->dependencies) reach(d, seen);
}

GraphNode* node_of(void* handle, const Graph* in = nullptr) {
    for (Graph* g : Emulator::get().graphs.all())
        if (!in || g == in)
            for (auto& n : g->nodes)
                if (n.get() == handle) return n.get();
    fail(CUDA_ERROR_INVALID_VALUE, "no such graph node");
}

void add_api_node(void** out, void* graph, void* const* dependencies, size_t count, Work work) {
    Graph* g = Emulator::get().graphs.get(graph);
    std::vector<GraphNode*> d;
    for (size_t i = 0; i < count; i++) d.push_back(node_of(dependencies[i], g));
    *out = add_node(g, std::move(work), d);
}

Work work_of(const CUDA_KERNEL_NODE_PARAMS& p) {
    const uint32_t grid[3] = {p.gridDimX, p.gridDimY, p.gridDimZ}, block[3] = {p.blockDimX, p.blockDimY, p.blockDimZ};
    return kernel_work(p.func, grid, block, p.sharedMemBytes, p.kernelParams, p.extra);
}
Work work_of(const CUDA_MEMCPY3D& p) {
    check_copy(p);
    Work w;
    w.kind = Work::COPY;
    w.copy = p;
    return w;
}
Work work_of(const CUDA_MEMSET_NODE_PARAMS& p) {
    require(p.elementSize == 1 || p.elementSize == 2 || p.elementSize == 4);
    Work w;
    w.kind = Work::SET;
    w.set = p;
    return w;
}
Work work_of(const CUDA_HOST_NODE_PARAMS& p) {
    require(p.fn != nullptr);
    Work w;
    w.kind = Work::HOST;
    w.host_function = p.fn;
    w.user_data = p.userData;
    return w;
}

template <class P> CUresult set_params(const char* name, void* node, const P* p) {
    return call(name, "graph", INITIALISED_DRIVER, [&] {
        GraphNode* n = node_of(node);
        require(p);
        Work w = work_of(*p);
        require(n->work.kind == w.kind);
        n->work = std::move(w);
    });
}

template <class P> CUresult set_exec_params(const char* name, void* exec, void* node, const P* p) {
    return call(name, "graph", CONTEXT, [&] {
        GraphExec* x = Emulator::get().graph_execs.get(exec);
        require(p);
        auto at = x->index.find((GraphNode*)node);
        require(at != x->index.end(), CUDA_ERROR_INVALID_VALUE, "the node is not of the graph that was instantiated");
        Work w = work_of(*p);
        require(x->plan->works[at->second].kind == w.kind);
        require(w.kind != Work::KERNEL || x->plan->works[at->second].function->module->context == w.function->module->context,
                CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
        auto changed = std::make_shared<GraphPlan>(*x->plan);
        changed->works[at->second] = std::move(w);
        x->plan = changed;
    });
}

}  // namespace
}  // namespace weft

using namespace weft;

WEFT_EXPORT CUresult cuStreamBeginCapture_v2(void* stream, int mode) {
    return call("cuStreamBeginCapture_v2", "capture", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        require(s != s->context->null_stream, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the legacy stream cannot capture");
        require(mode >= 0 && mode <= 2);
        require(!s->capture, 401 /* CUDA_ERROR_ILLEGAL_STATE */, "already capturing");
        Emulator& e = Emulator::get();
        auto c = std::make_shared<Capture>();
        c->graph = e.graphs.add(std::make_unique<Graph>());
        c->mode = mode;
        c->id = e.next_id++;
        c->owner = std::this_thread::get_id();
        c->origin = s;
        c->joined = {s};
        s->capture = c;
        s->frontier.clear();
        e.captures.push_back(c);
    });
}

WEFT_EXPORT CUresult cuStreamEndCapture(void* stream, void** graph) {
    return call("cuStreamEndCapture", "capture", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        require(graph);
        *graph = nullptr;
        std::shared_ptr<Capture> c = s->capture;
        require(c != nullptr, 401 /* CUDA_ERROR_ILLEGAL_STATE */, "the stream is not capturing");
        require(c->origin == s, CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
        require(c->mode == CU_CAPTURE_RELAXED || c->owner == std::this_thread::get_id(), CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
        std::set<GraphNode*> reached;
        for (GraphNode* n : s->frontier) reach(n, reached);
        bool joined = true;
        for (Stream* other : c->joined)
            for (GraphNode* n : other->frontier) joined = joined && reached.count(n);
        const bool invalidated = c->invalidated;
        Graph* g = c->graph;
        end_capture(c);
        if (invalidated || !joined) {
            Emulator::get().graphs.remove(g);
            fail(invalidated ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
        }
        *graph = g;
    });
}

WEFT_EXPORT CUresult cuStreamIsCapturing(void* stream, int* status) {
    return call("cuStreamIsCapturing", "capture", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        require(status);
        if (s == s->context->null_stream) forbid_legacy_stream_during_capture(s->context);
        *status = !s->capture ? CU_CAPTURE_STATUS_NONE : s->capture->invalidated ? CU_CAPTURE_STATUS_INVALIDATED : CU_CAPTURE_STATUS_ACTIVE;
    });
}

WEFT_EXPORT CUresult cuThreadExchangeStreamCaptureMode(int* mode) {
    return call("cuThreadExchangeStreamCaptureMode", "capture", INITIALISED_DRIVER, [&] {
        require(mode && *mode >= 0 && *mode <= 2);
        std::swap(*mode, thread_mode);
    });
}

WEFT_EXPORT CUresult cuGraphCreate(void** graph, unsigned flags) {
    return call("cuGraphCreate", "graph", INITIALISED_DRIVER, [&] {
        require(graph && !flags);
        *graph = Emulator::get().graphs.add(std::make_unique<Graph>());
    });
}

WEFT_EXPORT CUresult cuGraphDestroy(void* graph) {
    return call("cuGraphDestroy", "graph", INITIALISED_DRIVER | IGNORES_STICKY, [&] {
        Emulator& e = Emulator::get();
        e.graphs.remove(e.graphs.get(graph));
    });
}

WEFT_EXPORT CUresult cuGraphAddKernelNode_v2(void** node, void* graph, void* const* dependencies, size_t n, const CUDA_KERNEL_NODE_PARAMS* p) {
    return call("cuGraphAddKernelNode_v2", "graph", CONTEXT, [&] {
        require(node && p);
        add_api_node(node, graph, dependencies, n, work_of(*p));
    });
}
WEFT_EXPORT CUresult cuGraphAddMemcpyNode(void** node, void* graph, void* const* dependencies, size_t n, const CUDA_MEMCPY3D* p, void*) {
    return call("cuGraphAddMemcpyNode", "graph", CONTEXT, [&] {
        require(node && p);
        add_api_node(node, graph, dependencies, n, work_of(*p));
    });
}
WEFT_EXPORT CUresult cuGraphAddMemsetNode(void** node, void* graph, void* const* dependencies, size_t n, const CUDA_MEMSET_NODE_PARAMS* p, void*) {
    return call("cuGraphAddMemsetNode", "graph", CONTEXT, [&] {
        require(node && p);
        add_api_node(node, graph, dependencies, n, work_of(*p));
    });
}
WEFT_EXPORT CUresult cuGraphAddHostNode(void** node, void* graph, void* const* dependencies, size_t n, const CUDA_HOST_NODE_PARAMS* p) {
    return call("cuGraphAddHostNode", "graph", CONTEXT, [&] {
        require(node && p);
        add_api_node(node, graph, dependencies, n, work_of(*p));
    });
}
WEFT_EXPORT CUresult cuGraphAddEmptyNode(void** node, void* graph, void* const* dependencies, size_t n) {
    return call("cuGraphAddEmptyNode", "graph", CONTEXT, [&] {
        require(node);
        add_api_node(node, graph, dependencies, n, Work());
    });
}

WEFT_EXPORT CUresult cuGraphAddDependencies(void* graph, void* const* from, void* const* to, size_t n) {
    return call("cuGraphAddDependencies", "graph", INITIALISED_DRIVER, [&] {
        Graph* g = Emulator::get().graphs.get(graph);
        for (size_t i = 0; i < n; i++) node_of(to[i], g)->dependencies.push_back(node_of(from[i], g));
    });
}

WEFT_EXPORT CUresult cuGraphGetNodes(void* graph, void** nodes, size_t* count) {
    return call("cuGraphGetNodes", "graph", INITIALISED_DRIVER, [&] {
        Graph* g = Emulator::get().graphs.get(graph);
        require(count);
        // JCuda 12.6.0 passes a count that it has not set: nothing is written past the nodes there are
        if (nodes)
            for (size_t i = 0; i < std::min(*count, g->nodes.size()); i++) nodes[i] = g->nodes[i].get();
        *count = nodes ? std::min(*count, g->nodes.size()) : g->nodes.size();
    });
}

WEFT_EXPORT CUresult cuGraphGetRootNodes(void* graph, void** nodes, size_t* count) {
    return call("cuGraphGetRootNodes", "graph", INITIALISED_DRIVER, [&] {
        Graph* g = Emulator::get().graphs.get(graph);
        require(count);
        size_t found = 0;
        for (auto& n : g->nodes)
            if (n->dependencies.empty()) {
                if (nodes && found < *count) nodes[found] = n.get();
                found++;
            }
        *count = nodes ? std::min(*count, found) : found;
    });
}

WEFT_EXPORT CUresult cuGraphNodeGetType(void* node, int* type) {
    return call("cuGraphNodeGetType", "graph", INITIALISED_DRIVER, [&] {
        require(type);
        switch (node_of(node)->work.kind) {
            case Work::KERNEL:
            case Work::LIBRARY: *type = CU_NODE_KERNEL; break;
            case Work::COPY: *type = CU_NODE_MEMCPY; break;
            case Work::SET: *type = CU_NODE_MEMSET; break;
            case Work::HOST: *type = CU_NODE_HOST; break;
            default: *type = CU_NODE_EMPTY;
        }
    });
}

WEFT_EXPORT CUresult cuGraphNodeGetDependencies(void* node, void** dependencies, size_t* count) {
    return call("cuGraphNodeGetDependencies", "graph", INITIALISED_DRIVER, [&] {
        auto& d = node_of(node)->dependencies;
        require(count);
        if (dependencies)
            for (size_t i = 0; i < std::min(*count, d.size()); i++) dependencies[i] = d[i];
        *count = dependencies ? std::min(*count, d.size()) : d.size();
    });
}

WEFT_EXPORT CUresult cuGraphKernelNodeSetParams_v2(void* node, const CUDA_KERNEL_NODE_PARAMS* p) { return set_params("cuGraphKernelNodeSetParams_v2", node, p); }
WEFT_EXPORT CUresult cuGraphMemcpyNodeSetParams(void* node, const CUDA_MEMCPY3D* p) { return set_params("cuGraphMemcpyNodeSetParams", node, p); }
WEFT_EXPORT CUresult cuGraphMemsetNodeSetParams(void* node, const CUDA_MEMSET_NODE_PARAMS* p) { return set_params("cuGraphMemsetNodeSetParams", node, p); }
WEFT_EXPORT CUresult cuGraphHostNodeSetParams(void* node, const CUDA_HOST_NODE_PARAMS* p) { return set_params("cuGraphHostNodeSetParams", node, p); }

WEFT_EXPORT CUresult cuGraphExecKernelNodeSetParams_v2(void* exec, void* node, const CUDA_KERNEL_NODE_PARAMS* p) {
    return set_exec_params("cuGraphExecKernelNodeSetParams_v2", exec, node, p);
}
WEFT_EXPORT CUresult cuGraphExecMemcpyNodeSetParams(void* exec, void* node, const CUDA_MEMCPY3D* p, void*) {
    return set_exec_params("cuGraphExecMemcpyNodeSetParams", exec, node, p);
}
WEFT_EXPORT CUresult cuGraphExecMemsetNodeSetParams(void* exec, void* node, const CUDA_MEMSET_NODE_PARAMS* p, void*) {
    return set_exec_params("cuGraphExecMemsetNodeSetParams", exec, node, p);
}
WEFT_EXPORT CUresult cuGraphExecHostNodeSetParams(void* exec, void* node, const CUDA_HOST_NODE_PARAMS* p) {
    return set_exec_params("cuGraphExecHostNodeSetParams", exec, node, p);
}

WEFT_EXPORT CUresult cuGraphInstantiateWithFlags(void** exec, void* graph, unsigned long long) {
    return call("cuGraphInstantiateWithFlags", "graph", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        require(exec);
        auto x = std::make_unique<GraphExec>();
        x->plan = make_plan(*e.graphs.get(graph), x->index);
        *exec = e.graph_execs.add(std::move(x));
    });
}

// result_info: the node that could not be updated and why (CUgraphExecUpdateResult)
static CUresult update_exec(const char* name, void* exec, void* graph, void** error_node, int* result) {
    return call(name, "graph", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        GraphExec* x = e.graph_execs.get(exec);
        std::map<GraphNode*, size_t> index;
        auto plan = make_plan(*e.graphs.get(graph), index);
        if (result) *result = 0;
        if (error_node) *error_node = nullptr;
        int failure = 0;
        if (plan->works.size() != x->plan->works.size() || plan->before != x->plan->before) failure = 2;  // topology changed
        for (size_t i = 0; !failure && i < plan->works.size(); i++)
            if (plan->works[i].kind != x->plan->works[i].kind) failure = 3;  // node type changed
        if (failure) {
            if (result) *result = failure;
            fail(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
        }
        x->plan = plan;  // the nodes of the first graph stay the keys of later updates
    });
}
WEFT_EXPORT CUresult cuGraphExecUpdate(void* exec, void* graph, void** error_node, int* result) {
    return update_exec("cuGraphExecUpdate", exec, graph, error_node, result);
}
WEFT_EXPORT CUresult cuGraphExecUpdate_v2(void* exec, void* graph, void* info) {
    struct Info {
        int result;
        void *node, *from;
    }* i = (Info*)info;
    return update_exec("cuGraphExecUpdate_v2", exec, graph, i ? &i->node : nullptr, i ? &i->result : nullptr);
}

WEFT_EXPORT CUresult cuGraphUpload(void* exec, void* stream) {
    return call("cuGraphUpload", "graph", CONTEXT, [&] {
        Emulator::get().graph_execs.get(exec);
        stream_of(stream);
    });
}

WEFT_EXPORT CUresult cuGraphLaunch(void* exec, void* stream) {
    return call("cuGraphLaunch", "launch", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        GraphExec* x = e.graph_execs.get(exec);
        Stream* s = stream_of(stream);
        if (s->capture) {
            invalidate(*s->capture);
            fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the emulator does not capture graph launches");
        }
        Work w;
        w.kind = Work::GRAPH;
        w.plan = x->plan;
        // launches of one executable graph follow each other
        std::vector<std::pair<Stream*, uint64_t>> waits;
        if (x->last_stream && e.streams.has(x->last_stream)) waits.push_back({x->last_stream, x->last_sequence});
        enqueue(s, std::move(w), waits, &x->last_clock);
        x->last_stream = s;
        x->last_sequence = s->enqueued;
        x->last_clock = s->clock;
    });
}

WEFT_EXPORT CUresult cuGraphExecDestroy(void* exec) {
    return call("cuGraphExecDestroy", "graph", INITIALISED_DRIVER | IGNORES_STICKY, [&] {
        Emulator& e = Emulator::get();
        e.graph_execs.remove(e.graph_execs.get(exec));
    });
}
