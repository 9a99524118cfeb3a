// Initialisation, devices, contexts.
#include <algorithm>

#include "emulator.h"

namespace weft {

static thread_local std::vector<Context*> context_stack;

// A context that was destroyed stays on other threads' stacks until they look.
Context* current_context() {
    if (context_stack.empty()) return nullptr;
    Context* c = context_stack.back();
    return c && Emulator::get().contexts.has(c) ? c : nullptr;
}

static Context* new_context(bool primary, unsigned flags) {
    Emulator& e = Emulator::get();
    auto made = std::make_unique<Context>();
    made->primary = primary;
    made->flags = flags;
    made->id = e.next_id++;
    Context* c = e.contexts.add(std::move(made));
    c->null_stream = new_stream(c, 0, 0);
    return c;
}

void destroy_context(Context* c) {
    Emulator& e = Emulator::get();
    if (!c->sticky) {
        try {
            for (Stream* s : e.streams.all())
                if (s->context == c && !s->capture) drain(s, s->enqueued);
        } catch (DriverError&) {  // reported already
        }
    }
    std::string leaked;
    for (auto& a : e.memory.live())
        if (a.context == c) {
            if (!a.internal) leaked += "    allocation #" + std::to_string(a.number) + " of " + std::to_string(a.bytes) + " bytes\n";
            e.memory.release(a.address);
        }
    if (!leaked.empty() && e.configuration.report_leaks && !c->sticky) e.reports.add("leaks at the destruction of a context\n" + leaked);
    auto& captures = e.captures;
    captures.erase(std::remove_if(captures.begin(), captures.end(), [&](auto& k) { return k->origin->context == c; }), captures.end());
    for (Event* x : e.events.all())
        if (x->context == c) e.events.remove(x);
    for (Module* m : e.modules.all())
        if (m->context == c) e.modules.remove(m);
    for (Stream* s : e.streams.all())
        if (s->context == c) e.streams.remove(s);
    if (e.primary == c) e.primary = nullptr;
    e.contexts.remove(c);
}

static void require_device(CUdevice d) { require(d >= 0 && d < Emulator::get().configuration.device_count, CUDA_ERROR_INVALID_DEVICE); }

static int attribute(int a) {
    const Configuration& c = Emulator::get().configuration;
    const int cc = c.major * 10 + c.minor;
    const int optin = cc >= 90 ? 227 : cc == 80 || cc == 87 ? 163 : cc >= 80 ? 99 : 64;  // KiB a block may ask for
    const int shared_sm = cc >= 90 ? 228 : cc == 80 || cc == 87 ? 164 : cc >= 80 ? 100 : 64;
    switch (a) {
        case 1: return 1024;        // threads per block
        case 2: case 3: return 1024;
        case 4: return 64;
        case 5: return 0x7fffffff;  // grid
        case 6: case 7: return 65535;
        case 8: return 48 << 10;
        case 9: return 64 << 10;    // constant memory
        case 10: return 32;
        case 11: return 0x7fffffff;  // pitch
        case 12: case 82: return 65536;  // registers
        case 13: return 1'500'000;       // clock, kHz
        case 14: return 512;
        case 15: case 19: case 31: case 41: return 1;  // overlap, mapped host memory, concurrent kernels, unified addresses
        case 16: return c.sm_count;
        case 33: return 1;               // PCI bus
        case 36: return 5'000'000;       // memory clock, kHz
        case 37: return 256;             // bus width
        case 38: return 4 << 20;         // L2
        case 39: return cc == 75 ? 1024 : cc == 80 || cc >= 90 ? 2048 : 1536;
        case 40: return 2;               // copy engines
        case 51: return 32;
        case 75: return c.major;
        case 76: return c.minor;
        case 78: case 79: case 80: return 1;
        case 81: return shared_sm << 10;
        case 87: return 32;
        case 90: case 91: case 99: return 1;
        case 97: return optin << 10;
        case 106: return cc == 75 ? 16 : cc == 80 || cc >= 90 ? 32 : 24;
        case 111: return cc >= 80 ? 1024 : 0;
    }
    if (a < 1 || a > 150) fail(CUDA_ERROR_INVALID_VALUE);
    return 0;  // textures, managed memory, cooperative launch, memory pools: not there
}

}  // namespace weft

using namespace weft;

WEFT_EXPORT CUresult cuInit(unsigned flags) {
    return call("cuInit", "init", NOTHING, [&] {
        require(flags == 0);
        require(Emulator::get().configuration.device_count > 0, CUDA_ERROR_NO_DEVICE);
        Emulator::get().initialised = true;
    });
}

WEFT_EXPORT CUresult cuDriverGetVersion(int* version) {
    return call("cuDriverGetVersion", "query", NOTHING, [&] {
        require(version);
        *version = Emulator::get().configuration.driver_version;
    });
}

WEFT_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return call("cuDeviceGet", "query", INITIALISED_DRIVER, [&] {
        require(device);
        require_device(ordinal);
        *device = ordinal;
    });
}

WEFT_EXPORT CUresult cuDeviceGetCount(int* count) {
    return call("cuDeviceGetCount", "query", INITIALISED_DRIVER, [&] {
        require(count);
        *count = Emulator::get().configuration.device_count;
    });
}

WEFT_EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    return call("cuDeviceGetName", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(name && length > 0);
        snprintf(name, size_t(length), "%s", Emulator::get().configuration.name.c_str());
    });
}

WEFT_EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    return call("cuDeviceTotalMem_v2", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(bytes);
        *bytes = Emulator::get().memory.total_bytes();
    });
}

WEFT_EXPORT CUresult cuDeviceGetAttribute(int* value, int which, CUdevice device) {
    return call("cuDeviceGetAttribute", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(value);
        *value = attribute(which);
    });
}

WEFT_EXPORT CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
    return call("cuDeviceComputeCapability", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(major && minor);
        *major = Emulator::get().configuration.major;
        *minor = Emulator::get().configuration.minor;
    });
}

WEFT_EXPORT CUresult cuDeviceGetUuid(char* uuid, CUdevice device) {
    return call("cuDeviceGetUuid", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(uuid);
        memcpy(uuid, "weft-emulated-00", 16);
        uuid[15] = char('0' + device);
    });
}

WEFT_EXPORT CUresult cuDeviceGetPCIBusId(char* id, int length, CUdevice device) {
    return call("cuDeviceGetPCIBusId", "query", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(id && length >= 13);
        snprintf(id, size_t(length), "0000:%02x:00.0", device + 1);
    });
}

WEFT_EXPORT CUresult cuDevicePrimaryCtxRetain(void** context, CUdevice device) {
    return call("cuDevicePrimaryCtxRetain", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(context);
        Emulator& e = Emulator::get();
        if (!e.primary) e.primary = new_context(true, 0);
        e.primary->retained++;
        *context = e.primary;
    });
}

WEFT_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    return call("cuDevicePrimaryCtxRelease_v2", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        Emulator& e = Emulator::get();
        require(e.primary && e.primary->retained > 0, CUDA_ERROR_INVALID_CONTEXT);
        if (--e.primary->retained == 0) destroy_context(e.primary);
    });
}

WEFT_EXPORT CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    return call("cuDevicePrimaryCtxReset_v2", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        Emulator& e = Emulator::get();
        if (e.primary) destroy_context(e.primary);
    });
}

WEFT_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    return call("cuDevicePrimaryCtxGetState", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(flags && active);
        Emulator& e = Emulator::get();
        *flags = e.primary ? e.primary->flags : 0;
        *active = e.primary != nullptr;
    });
}

WEFT_EXPORT CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
    return call("cuDevicePrimaryCtxSetFlags_v2", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        if (Emulator::get().primary) Emulator::get().primary->flags = flags;
    });
}

WEFT_EXPORT CUresult cuCtxCreate_v2(void** context, unsigned flags, CUdevice device) {
    return call("cuCtxCreate_v2", "context", INITIALISED_DRIVER, [&] {
        require_device(device);
        require(context);
        *context = new_context(false, flags);
        context_stack.push_back((Context*)*context);
    });
}

WEFT_EXPORT CUresult cuCtxDestroy_v2(void* context) {
    return call("cuCtxDestroy_v2", "context", INITIALISED_DRIVER, [&] {
        Emulator& e = Emulator::get();
        require(e.contexts.has(context), CUDA_ERROR_INVALID_CONTEXT);
        require(!((Context*)context)->primary, CUDA_ERROR_INVALID_CONTEXT, "the primary context is released, not destroyed");
        if (!context_stack.empty() && context_stack.back() == context) context_stack.pop_back();
        destroy_context((Context*)context);
    });
}

WEFT_EXPORT CUresult cuCtxGetCurrent(void** context) {
    return call("cuCtxGetCurrent", "context", INITIALISED_DRIVER, [&] {
        require(context);
        *context = current_context();
    });
}

WEFT_EXPORT CUresult cuCtxSetCurrent(void* context) {
    return call("cuCtxSetCurrent", "context", INITIALISED_DRIVER, [&] {
        require(!context || Emulator::get().contexts.has(context), CUDA_ERROR_INVALID_CONTEXT);
        if (!context_stack.empty()) context_stack.pop_back();
        if (context) context_stack.push_back((Context*)context);
    });
}

WEFT_EXPORT CUresult cuCtxPushCurrent_v2(void* context) {
    return call("cuCtxPushCurrent_v2", "context", INITIALISED_DRIVER, [&] {
        require(context && Emulator::get().contexts.has(context), CUDA_ERROR_INVALID_CONTEXT);
        context_stack.push_back((Context*)context);
    });
}

WEFT_EXPORT CUresult cuCtxPopCurrent_v2(void** context) {
    return call("cuCtxPopCurrent_v2", "context", INITIALISED_DRIVER, [&] {
        require(!context_stack.empty(), CUDA_ERROR_INVALID_CONTEXT);
        if (context) *context = context_stack.back();
        context_stack.pop_back();
    });
}

WEFT_EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
    return call("cuCtxGetDevice", "context", CONTEXT | IGNORES_STICKY, [&] {
        require(device);
        *device = 0;
    });
}

WEFT_EXPORT CUresult cuCtxGetFlags(unsigned* flags) {
    return call("cuCtxGetFlags", "context", CONTEXT | IGNORES_STICKY, [&] {
        require(flags);
        *flags = current_context()->flags;
    });
}

WEFT_EXPORT CUresult cuCtxGetId(void* context, unsigned long long* id) {
    return call("cuCtxGetId", "context", CONTEXT | IGNORES_STICKY, [&] {
        require(id);
        require(!context || Emulator::get().contexts.has(context), CUDA_ERROR_CONTEXT_IS_DESTROYED);
        *id = (context ? (Context*)context : current_context())->id;
    });
}

WEFT_EXPORT CUresult cuCtxGetApiVersion(void* context, unsigned* version) {
    return call("cuCtxGetApiVersion", "context", INITIALISED_DRIVER, [&] {
        require(version);
        require(!context || Emulator::get().contexts.has(context), CUDA_ERROR_INVALID_CONTEXT);
        *version = 3020;
    });
}

WEFT_EXPORT CUresult cuCtxSynchronize() {
    return call("cuCtxSynchronize", "synchronize", CONTEXT, [&] { synchronize_all(current_context()); });
}

WEFT_EXPORT CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    return call("cuCtxGetStreamPriorityRange", "context", CONTEXT, [&] {
        if (least) *least = 0;
        if (greatest) *greatest = -5;
    });
}

WEFT_EXPORT CUresult cuCtxGetLimit(size_t* value, int limit) {
    return call("cuCtxGetLimit", "context", CONTEXT, [&] {
        require(value);
        auto& limits = current_context()->limits;
        require(limit >= 0 && limit <= 6, 215 /* CUDA_ERROR_UNSUPPORTED_LIMIT */);
        *value = limits.count(limit) ? limits[limit] : limit == 0 ? 1024 : limit == 1 ? 1 << 20 : 8 << 20;
    });
}

WEFT_EXPORT CUresult cuCtxSetLimit(int limit, size_t value) {
    return call("cuCtxSetLimit", "context", CONTEXT, [&] {
        require(limit >= 0 && limit <= 6, 215 /* CUDA_ERROR_UNSUPPORTED_LIMIT */);
        current_context()->limits[limit] = value;
    });
}

WEFT_EXPORT CUresult cuCtxGetCacheConfig(int* config) {
    return call("cuCtxGetCacheConfig", "context", CONTEXT, [&] {
        require(config);
        *config = 0;
    });
}
WEFT_EXPORT CUresult cuCtxSetCacheConfig(int) { return call("cuCtxSetCacheConfig", "context", CONTEXT, [] {}); }
WEFT_EXPORT CUresult cuProfilerStart() { return call("cuProfilerStart", "context", CONTEXT, [] {}); }
WEFT_EXPORT CUresult cuProfilerStop() { return call("cuProfilerStop", "context", CONTEXT, [] {}); }
