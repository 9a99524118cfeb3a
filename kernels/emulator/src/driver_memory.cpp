// Allocation, copies, sets.
#include <algorithm>

#include "emulator.h"

namespace weft {

bool is_device_pointer(uint64_t address) { return Emulator::get().memory.inside(address); }

namespace {

// The bytes of one row of a copy's side: its address and whether the device's checks apply.
struct Side {
    bool device;
    uint64_t base, pitch, slice;
};

Side source_of(const CUDA_MEMCPY3D& c) {
    bool device = c.srcMemoryType == CU_MEMORYTYPE_DEVICE || (c.srcMemoryType == CU_MEMORYTYPE_UNIFIED && is_device_pointer(c.srcDevice));
    uint64_t at = c.srcMemoryType == CU_MEMORYTYPE_HOST ? (uint64_t)c.srcHost : c.srcDevice;
    uint64_t pitch = c.srcPitch ? c.srcPitch : c.srcXInBytes + c.WidthInBytes, height = c.srcHeight ? c.srcHeight : c.srcY + c.Height;
    return {device, at + c.srcXInBytes + c.srcY * pitch + c.srcZ * pitch * height, pitch, pitch * height};
}
Side target_of(const CUDA_MEMCPY3D& c) {
    bool device = c.dstMemoryType == CU_MEMORYTYPE_DEVICE || (c.dstMemoryType == CU_MEMORYTYPE_UNIFIED && is_device_pointer(c.dstDevice));
    uint64_t at = c.dstMemoryType == CU_MEMORYTYPE_HOST ? (uint64_t)c.dstHost : c.dstDevice;
    uint64_t pitch = c.dstPitch ? c.dstPitch : c.dstXInBytes + c.WidthInBytes, height = c.dstHeight ? c.dstHeight : c.dstY + c.Height;
    return {device, at + c.dstXInBytes + c.dstY * pitch + c.dstZ * pitch * height, pitch, pitch * height};
}

bool is_pinned(uint64_t address, uint64_t bytes) {
    Memory& m = Emulator::get().memory;
    return m.is_registered(address, bytes) || m.containing(address);
}

Work copy_work(int to_type, uint64_t to, int from_type, uint64_t from, size_t bytes) {
    Work w;
    w.kind = Work::COPY;
    w.copy.srcMemoryType = from_type;
    w.copy.dstMemoryType = to_type;
    w.copy.srcHost = (const void*)from;
    w.copy.srcDevice = from;
    w.copy.dstHost = (void*)to;
    w.copy.dstDevice = to;
    w.copy.WidthInBytes = bytes;
    w.copy.Height = w.copy.Depth = 1;
    check_copy(w.copy);
    return w;
}

// A copy that goes to one allocation with room enough for it: what the driver refuses at once.
void require_allocated(uint64_t address, uint64_t bytes) {
    Memory& m = Emulator::get().memory;
    const Allocation* a = m.containing(address);
    require(a && address + bytes <= a->address + a->bytes, CUDA_ERROR_INVALID_VALUE, "not within one allocation");
}

CUresult copy(const char* name, int to_type, uint64_t to, int from_type, uint64_t from, size_t bytes) {
    return call(name, "copy", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        if (!bytes) return;
        if (to_type == CU_MEMORYTYPE_DEVICE) require_allocated(to, bytes);
        if (from_type == CU_MEMORYTYPE_DEVICE) require_allocated(from, bytes);
        run_now(copy_work(to_type, to, from_type, from, bytes));
    });
}

// Pageable host memory: the driver reads it before the call returns, and writes it only after waiting.
void enqueue_copy(Stream* s, Work w, uint64_t host_bytes) {
    Side from = source_of(w.copy), to = target_of(w.copy);
    if (!from.device && !is_pinned(from.base, host_bytes) && !s->capture && w.copy.Height == 1 && w.copy.Depth == 1)
        w.staging = std::make_shared<std::vector<uint8_t>>((uint8_t*)from.base, (uint8_t*)from.base + w.copy.WidthInBytes);
    bool wait = !to.device && !is_pinned(to.base, host_bytes) && !s->capture;
    enqueue(s, std::move(w));
    if (wait) synchronize(s);
}

CUresult copy_async(const char* name, int to_type, uint64_t to, int from_type, uint64_t from, size_t bytes, void* stream) {
    return call(name, "copy", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        if (!bytes) return;
        if (to_type == CU_MEMORYTYPE_DEVICE) require_allocated(to, bytes);
        if (from_type == CU_MEMORYTYPE_DEVICE) require_allocated(from, bytes);
        enqueue_copy(s, copy_work(to_type, to, from_type, from, bytes), bytes);
    });
}

CUDA_MEMCPY3D widen(const CUDA_MEMCPY2D& c) {
    CUDA_MEMCPY3D w{};
    w.srcXInBytes = c.srcXInBytes;
    w.srcY = c.srcY;
    w.srcMemoryType = c.srcMemoryType;
    w.srcHost = c.srcHost;
    w.srcDevice = c.srcDevice;
    w.srcPitch = c.srcPitch;
    w.dstXInBytes = c.dstXInBytes;
    w.dstY = c.dstY;
    w.dstMemoryType = c.dstMemoryType;
    w.dstHost = c.dstHost;
    w.dstDevice = c.dstDevice;
    w.dstPitch = c.dstPitch;
    w.WidthInBytes = c.WidthInBytes;
    w.Height = c.Height;
    w.Depth = 1;
    return w;
}

CUresult copy_rows(const char* name, const CUDA_MEMCPY3D& c, bool async, void* stream) {
    return call(name, "copy", async ? CONTEXT : CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        check_copy(c);
        Work w;
        w.kind = Work::COPY;
        w.copy = c;
        if (async) enqueue_copy(stream_of(stream), std::move(w), 1);
        else run_now(std::move(w));
    });
}

CUresult set(const char* name, CUdeviceptr to, size_t pitch, unsigned value, unsigned size, size_t width, size_t height, bool async, void* stream) {
    return call(name, "copy", async ? CONTEXT : CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        Stream* s = async ? stream_of(stream) : nullptr;
        if (!width || !height) return;
        require(to % size == 0);
        require_allocated(to, (height - 1) * pitch + width * size);
        Work w;
        w.kind = Work::SET;
        w.set = {to, pitch, value, size, width, height};
        if (async) enqueue(s, std::move(w));
        else run_now(std::move(w));
    });
}

}  // namespace

void check_copy(const CUDA_MEMCPY3D& c) {
    for (int type : {c.srcMemoryType, c.dstMemoryType}) {
        require(type >= 1 && type <= 4);
        require(type != CU_MEMORYTYPE_ARRAY, CUDA_ERROR_NOT_SUPPORTED, "arrays");
    }
    require(!c.srcPitch || c.srcXInBytes + c.WidthInBytes <= c.srcPitch);
    require(!c.dstPitch || c.dstXInBytes + c.WidthInBytes <= c.dstPitch);
    require(source_of(c).base && target_of(c).base);
}

void run_copy(const Work& w, const std::function<void(uint64_t, uint64_t, bool)>& touch) {
    const CUDA_MEMCPY3D& c = w.copy;
    Side from = source_of(c), to = target_of(c);
    if (!c.WidthInBytes) return;
    for (size_t z = 0; z < c.Depth; z++)
        for (size_t y = 0; y < c.Height; y++) {
            uint64_t a = from.base + y * from.pitch + z * from.slice, b = to.base + y * to.pitch + z * to.slice;
            if (from.device || is_device_pointer(a)) touch(a, c.WidthInBytes, false);
            if (to.device || is_device_pointer(b)) touch(b, c.WidthInBytes, true);
            memmove((void*)b, w.staging ? w.staging->data() : (const void*)a, c.WidthInBytes);
        }
}

void run_set(const CUDA_MEMSET_NODE_PARAMS& s, const std::function<void(uint64_t, uint64_t, bool)>& touch) {
    for (size_t y = 0; y < s.height; y++) {
        uint64_t row = s.dst + y * s.pitch;
        touch(row, s.width * s.elementSize, true);
        if (s.elementSize == 1) memset((void*)row, int(s.value), s.width);
        else if (s.elementSize == 2) std::fill_n((uint16_t*)row, s.width, uint16_t(s.value));
        else std::fill_n((uint32_t*)row, s.width, s.value);
    }
}

}  // namespace weft

using namespace weft;

WEFT_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
    return call("cuMemAlloc_v2", "alloc", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(address && bytes);
        uint64_t a = Emulator::get().memory.allocate(bytes, false, false, current_context());
        require(a, CUDA_ERROR_OUT_OF_MEMORY);
        *address = a;
    });
}

WEFT_EXPORT CUresult cuMemAllocPitch_v2(CUdeviceptr* address, size_t* pitch, size_t width, size_t height, unsigned element) {
    return call("cuMemAllocPitch_v2", "alloc", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(address && pitch && width && height && (element == 4 || element == 8 || element == 16));
        *pitch = (width + 511) / 512 * 512;
        uint64_t a = Emulator::get().memory.allocate(*pitch * height, false, false, current_context());
        require(a, CUDA_ERROR_OUT_OF_MEMORY);
        *address = a;
    });
}

WEFT_EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
    return call("cuMemFree_v2", "free", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        if (!address) return;
        Emulator& e = Emulator::get();
        const Allocation* a = e.memory.find_live(address);
        if (!a || a->host || a->internal) {
            bool twice = !a && e.memory.was_freed(address);
            e.reports.add(std::string(twice ? "double free" : "free of an address that was not allocated") + ": cuMemFree of " + e.memory.describe(address));
            fail(CUDA_ERROR_INVALID_VALUE, twice ? "double free" : "not an allocation");
        }
        // as the real driver: pending work first
        for (Stream* s : e.streams.all())
            if (s->context == current_context() && !s->capture) {
                drain(s, s->enqueued);
            }
        e.memory.release(address);
    });
}

WEFT_EXPORT CUresult cuMemGetInfo_v2(size_t* free_bytes, size_t* total) {
    return call("cuMemGetInfo_v2", "query", CONTEXT, [&] {
        if (free_bytes) *free_bytes = Emulator::get().memory.free_bytes();
        if (total) *total = Emulator::get().memory.total_bytes();
    });
}

WEFT_EXPORT CUresult cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr address) {
    return call("cuMemGetAddressRange_v2", "query", CONTEXT, [&] {
        const Allocation* a = Emulator::get().memory.containing(address);
        require(a, CUDA_ERROR_NOT_FOUND);
        if (base) *base = a->address;
        if (bytes) *bytes = a->bytes;
    });
}

WEFT_EXPORT CUresult cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
    return call("cuMemHostAlloc", "alloc", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(address && bytes && flags < 8);
        Emulator& e = Emulator::get();
        uint64_t a = e.memory.allocate(bytes, true, false, current_context());
        require(a, CUDA_ERROR_OUT_OF_MEMORY);
        e.host_flags[a] = flags;
        *address = (void*)a;
    });
}

WEFT_EXPORT CUresult cuMemAllocHost_v2(void** address, size_t bytes) {
    return call("cuMemAllocHost_v2", "alloc", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(address && bytes);
        uint64_t a = Emulator::get().memory.allocate(bytes, true, false, current_context());
        require(a, CUDA_ERROR_OUT_OF_MEMORY);
        Emulator::get().host_flags[a] = 0;
        *address = (void*)a;
    });
}

WEFT_EXPORT CUresult cuMemFreeHost(void* address) {
    return call("cuMemFreeHost", "free", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        if (!address) return;
        Emulator& e = Emulator::get();
        const Allocation* a = e.memory.find_live((uint64_t)address);
        if (!a || !a->host) {
            bool twice = !a && e.memory.was_freed((uint64_t)address);
            e.reports.add(std::string(twice ? "double free" : "free of an address that was not allocated") + ": cuMemFreeHost of " + e.memory.describe((uint64_t)address));
            fail(CUDA_ERROR_INVALID_VALUE);
        }
        for (Stream* s : e.streams.all())
            if (s->context == current_context() && !s->capture) drain(s, s->enqueued);
        e.memory.release((uint64_t)address);
        e.host_flags.erase((uint64_t)address);
    });
}

WEFT_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* device, void* host, unsigned) {
    return call("cuMemHostGetDevicePointer_v2", "query", CONTEXT, [&] {
        require(device && is_pinned((uint64_t)host, 1));
        *device = (uint64_t)host;
    });
}

WEFT_EXPORT CUresult cuMemHostGetFlags(unsigned* flags, void* host) {
    return call("cuMemHostGetFlags", "query", CONTEXT, [&] {
        auto at = Emulator::get().host_flags.find((uint64_t)host);
        require(flags && at != Emulator::get().host_flags.end());
        *flags = at->second;
    });
}

WEFT_EXPORT CUresult cuMemHostRegister_v2(void* host, size_t bytes, unsigned) {
    return call("cuMemHostRegister_v2", "alloc", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        require(host && bytes);
        require(Emulator::get().memory.register_host((uint64_t)host, bytes), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    });
}

WEFT_EXPORT CUresult cuMemHostUnregister(void* host) {
    return call("cuMemHostUnregister", "free", CONTEXT | UNSAFE_IN_CAPTURE, [&] {
        Emulator& e = Emulator::get();
        for (Stream* s : e.streams.all())
            if (s->context == current_context() && !s->capture) drain(s, s->enqueued);
        require(e.memory.unregister_host((uint64_t)host), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    });
}

const int HOST = CU_MEMORYTYPE_HOST, DEVICE = CU_MEMORYTYPE_DEVICE, EITHER = CU_MEMORYTYPE_UNIFIED;

WEFT_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t n) { return copy("cuMemcpyHtoD_v2", DEVICE, to, HOST, (uint64_t)from, n); }
WEFT_EXPORT CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t n) { return copy("cuMemcpyDtoH_v2", HOST, (uint64_t)to, DEVICE, from, n); }
WEFT_EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t n) { return copy("cuMemcpyDtoD_v2", DEVICE, to, DEVICE, from, n); }
WEFT_EXPORT CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t n) { return copy("cuMemcpy", EITHER, to, EITHER, from, n); }
WEFT_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t n, void* s) {
    return copy_async("cuMemcpyHtoDAsync_v2", DEVICE, to, HOST, (uint64_t)from, n, s);
}
WEFT_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t n, void* s) {
    return copy_async("cuMemcpyDtoHAsync_v2", HOST, (uint64_t)to, DEVICE, from, n, s);
}
WEFT_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t n, void* s) {
    return copy_async("cuMemcpyDtoDAsync_v2", DEVICE, to, DEVICE, from, n, s);
}
WEFT_EXPORT CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t n, void* s) { return copy_async("cuMemcpyAsync", EITHER, to, EITHER, from, n, s); }

WEFT_EXPORT CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D* c) { return copy_rows("cuMemcpy2D_v2", widen(*c), false, nullptr); }
WEFT_EXPORT CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* c) { return copy_rows("cuMemcpy2DUnaligned_v2", widen(*c), false, nullptr); }
WEFT_EXPORT CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* c, void* s) { return copy_rows("cuMemcpy2DAsync_v2", widen(*c), true, s); }
WEFT_EXPORT CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* c) { return copy_rows("cuMemcpy3D_v2", *c, false, nullptr); }
WEFT_EXPORT CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* c, void* s) { return copy_rows("cuMemcpy3DAsync_v2", *c, true, s); }

WEFT_EXPORT CUresult cuMemsetD8_v2(CUdeviceptr a, unsigned char v, size_t n) { return set("cuMemsetD8_v2", a, 0, v, 1, n, 1, false, nullptr); }
WEFT_EXPORT CUresult cuMemsetD16_v2(CUdeviceptr a, unsigned short v, size_t n) { return set("cuMemsetD16_v2", a, 0, v, 2, n, 1, false, nullptr); }
WEFT_EXPORT CUresult cuMemsetD32_v2(CUdeviceptr a, unsigned v, size_t n) { return set("cuMemsetD32_v2", a, 0, v, 4, n, 1, false, nullptr); }
WEFT_EXPORT CUresult cuMemsetD8Async(CUdeviceptr a, unsigned char v, size_t n, void* s) { return set("cuMemsetD8Async", a, 0, v, 1, n, 1, true, s); }
WEFT_EXPORT CUresult cuMemsetD16Async(CUdeviceptr a, unsigned short v, size_t n, void* s) { return set("cuMemsetD16Async", a, 0, v, 2, n, 1, true, s); }
WEFT_EXPORT CUresult cuMemsetD32Async(CUdeviceptr a, unsigned v, size_t n, void* s) { return set("cuMemsetD32Async", a, 0, v, 4, n, 1, true, s); }
WEFT_EXPORT CUresult cuMemsetD2D8_v2(CUdeviceptr a, size_t p, unsigned char v, size_t w, size_t h) { return set("cuMemsetD2D8_v2", a, p, v, 1, w, h, false, nullptr); }
WEFT_EXPORT CUresult cuMemsetD2D32_v2(CUdeviceptr a, size_t p, unsigned v, size_t w, size_t h) { return set("cuMemsetD2D32_v2", a, p, v, 4, w, h, false, nullptr); }

WEFT_EXPORT CUresult cuPointerGetAttribute(void* data, int which, CUdeviceptr address) {
    return call("cuPointerGetAttribute", "query", CONTEXT, [&] {
        const Allocation* a = Emulator::get().memory.containing(address);
        require(data && a);
        switch (which) {
            case 1: *(void**)data = a->context; break;
            case 2: *(unsigned*)data = a->host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE; break;
            case 3: *(CUdeviceptr*)data = address; break;
            case 4: require(a->host); *(void**)data = (void*)address; break;
            case 7: *(unsigned long long*)data = (unsigned long long)a->number; break;
            case 8: *(int*)data = 0; break;
            case 9: *(int*)data = 0; break;
            case 11: *(CUdeviceptr*)data = a->address; break;
            case 12: *(size_t*)data = a->bytes; break;
            case 13: *(int*)data = 1; break;
            default: fail(CUDA_ERROR_NOT_SUPPORTED);
        }
    });
}
