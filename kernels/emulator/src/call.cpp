// What surrounds each driver call: the lock, the log, injected failures, sticky errors, the rules of capture. And the
// global state itself.
#include <dlfcn.h>

#include <cstdlib>

#include "emulator.h"

namespace weft {

thread_local bool in_host_callback = false;

Emulator& Emulator::get() {
    static Emulator* e = [] {
        auto* made = new Emulator();  // never destroyed: driver calls may come from threads that outlive static objects
        const char* home = getenv("HOME");
        const char* cache = getenv("WEFT_EMULATOR_CACHE");
        made->compiler.cache = cache ? cache : std::string(home ? home : "/tmp") + "/.cache/weft/emulator";
        if (const char* text = getenv("WEFT_EMULATOR")) made->configure(text);
        made->memory.configure(made->configuration.memory_bytes);
        atexit([] {
            Emulator& emulator = Emulator::get();
            if (!emulator.configuration.report_leaks) return;
            std::string leaks = emulator.leaks();
            if (!leaks.empty()) emulator.reports.add("leaks at exit\n" + leaks);
        });
        return made;
    }();
    return *e;
}

void Emulator::reset() {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    graph_execs.clear();
    graphs.clear();
    captures.clear();
    events.clear();
    streams.clear();
    modules.clear();
    contexts.clear();
    primary = nullptr;
    host_flags.clear();
    host_clock.clear();
    log.clear();
    injections.clear();
    reports.clear();
    initialised = false;
    launches = 0;
    launched.clear();
    configuration = Configuration();
    scheduler = SchedulerOptions();
    compiler.optimisation = CompilerOptions().optimisation;
    memory.configure(configuration.memory_bytes);
}

static uint64_t byte_count(const std::string& s) {
    char* end;
    uint64_t v = strtoull(s.c_str(), &end, 10);
    switch (*end) {
        case 'K': case 'k': return v << 10;
        case 'M': case 'm': return v << 20;
        case 'G': case 'g': return v << 30;
        case 0: return v;
    }
    throw std::runtime_error("not a number of bytes: " + s);
}

void Emulator::configure(const std::string& text) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    auto order = [](const std::string& v) {
        if (v == "forward") return Order::FORWARD;
        if (v == "reverse") return Order::REVERSE;
        if (v == "shuffled") return Order::SHUFFLED;
        throw std::runtime_error("unknown order " + v);
    };
    for (size_t begin = 0; begin < text.size();) {
        size_t end = text.find_first_of(";\n", begin);
        if (end == std::string::npos) end = text.size();
        std::string pair = text.substr(begin, end - begin);
        begin = end + 1;
        if (pair.empty()) continue;
        size_t equals = pair.find('=');
        if (equals == std::string::npos) throw std::runtime_error("expected key=value: " + pair);
        std::string key = pair.substr(0, equals), v = pair.substr(equals + 1);
        if (key == "name") configuration.name = v;
        else if (key == "memory") {
            configuration.memory_bytes = byte_count(v);
            if (memory.base()) {
                if (memory.live_bytes()) throw std::runtime_error("memory in use: reset first");
                memory.configure(configuration.memory_bytes);
            }
        } else if (key == "cc") {
            configuration.major = atoi(v.c_str());
            configuration.minor = v.find('.') == std::string::npos ? 0 : atoi(v.c_str() + v.find('.') + 1);
        } else if (key == "sms") configuration.sm_count = atoi(v.c_str());
        else if (key == "driver") configuration.driver_version = atoi(v.c_str());
        else if (key == "devices") configuration.device_count = atoi(v.c_str());
        else if (key == "leaks") configuration.report_leaks = v == "on";
        else if (key == "checks") scheduler.checked = v == "on";
        else if (key == "workers") scheduler.workers = unsigned(atoi(v.c_str()));
        else if (key == "blocks") scheduler.blocks = order(v);
        else if (key == "warps") scheduler.warps = order(v);
        else if (key == "seed") scheduler.seed = strtoull(v.c_str(), nullptr, 10);
        else if (key == "steps") scheduler.step_limit = strtoull(v.c_str(), nullptr, 10);
        else if (key == "cache") compiler.cache = v;
        else if (key == "optimisation") compiler.optimisation = v;
        else if (key == "quiet") reports.quiet = v == "on";
        else if (key == "log") logging = v == "on";
        else throw std::runtime_error("unknown setting " + key);
    }
}

std::string Emulator::leaks() const {
    std::string s;
    for (auto& a : memory.live())
        if (!a.internal)
            s += std::string("    ") + (a.host ? "host" : "device") + " allocation #" + std::to_string(a.number) + " of " + std::to_string(a.bytes) + " bytes\n";
    auto count = [&](size_t n, const char* what) {
        if (n) s += "    " + std::to_string(n) + " " + what + "\n";
    };
    count(graphs.size(), "graphs");
    count(graph_execs.size(), "executable graphs");
    count(events.size(), "events");
    count(modules.size(), "modules");
    size_t created = 0, made = 0;
    for (auto* c : contexts.all()) made += !c->primary;
    for (auto* st : streams.all()) created += st->context->null_stream != st;
    count(created, "streams");
    count(made, "contexts");
    if (primary && primary->retained) count(1, "retained primary context");
    return s;
}

bool is_sticky(CUresult code) {
    switch (code) {
        case 214: case 700: case 702: case 710: case 714: case 715: case 716: case 717: case 718: case 719: return true;
    }
    return false;
}

CUresult run_call(const char* name, const char* kind, unsigned needs, const std::function<CUresult()>& body) {
    Emulator& e = Emulator::get();
    std::lock_guard<std::recursive_mutex> lock(e.mutex);
    std::string detail;
    auto run = [&]() -> CUresult {
        try {
            if (in_host_callback) fail(CUDA_ERROR_NOT_PERMITTED, "a driver call from a host function");
            for (size_t i = 0; i < e.injections.size(); i++) {
                Injection& in = e.injections[i];
                if ((in.what == "*" || in.what == name || in.what == kind) && --in.countdown == 0) {
                    CUresult code = in.code;
                    e.injections.erase(e.injections.begin() + long(i));
                    if (is_sticky(code) && current_context()) current_context()->sticky = code;
                    fail(code, "injected");
                }
            }
            if ((needs & INITIALISED_DRIVER) && !e.initialised) fail(CUDA_ERROR_NOT_INITIALIZED);
            if ((needs & CONTEXT) == CONTEXT) {
                Context* c = current_context();
                if (!c) fail(CUDA_ERROR_INVALID_CONTEXT, "no current context");
                if (c->sticky && !(needs & IGNORES_STICKY)) fail(c->sticky, "sticky");
            }
            if (needs & UNSAFE_IN_CAPTURE) forbid_unsafe_call_during_capture();
            return body();
        } catch (DriverError& error) {
            detail = error.detail;
            return error.code;
        } catch (std::bad_alloc&) {
            return CUDA_ERROR_OUT_OF_MEMORY;
        } catch (std::exception& error) {
            e.reports.add(std::string(name) + ": " + error.what());
            return CUDA_ERROR_UNKNOWN;
        }
    };
    CUresult result = run();
    if (e.logging && e.log.size() < 2'000'000) e.log.push_back({name, result, detail});
    return result;
}

// Called by the generated stubs.
CUresult unsupported(const char* name) {
    return run_call(name, "unsupported", NOTHING, [&]() -> CUresult {
        Emulator::get().reports.add(std::string(name) + " is not implemented by the emulated driver: CUDA_ERROR_NOT_SUPPORTED");
        return CUDA_ERROR_NOT_SUPPORTED;
    });
}

}  // namespace weft
