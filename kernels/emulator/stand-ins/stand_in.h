// What both stand-ins share: live objects, refusals with a reason, and views of device memory that are checked before
// they are used.
#pragma once
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../src/library_work.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace weft {

// A call that the library refuses. The reason, which the real libraries keep to themselves, goes to the reports; it is empty
// where the refusal answers a question.
struct Refused {
    int status;
    std::string reason;
};

inline void require(bool condition, int status, const std::string& reason) {
    if (!condition) throw Refused{status, reason};
}

// The frame of every call that can fail.
template <class Body> int library_call(const char* name, bool unsafe_in_capture, int execution_failed, const Body& body) {
    return library_call(name, unsafe_in_capture, execution_failed, std::function<int()>([&]() -> int {
        try {
            body();
            return 0;
        } catch (const Refused& refused) {
            if (!refused.reason.empty()) report(std::string(name) + ": " + refused.reason);
            return refused.status;
        }
    }));
}

// The objects of one kind that a program has created and not destroyed.
template <class T> class Live {
public:
    T* create() {
        T* made = new T();
        objects_.insert(made);
        return made;
    }
    T& get(void* handle, int status, const char* what) const {
        require(objects_.count((T*)handle), status, std::string("no such ") + what);
        return *(T*)handle;
    }
    void destroy(void* handle, int status, const char* what) {
        T* made = &get(handle, status, what);
        objects_.erase(made);
        delete made;
    }

private:
    std::set<T*> objects_;
};

// Floats in device memory: a matrix of `rows` floats one after the other, the next column `stride` floats further on.
struct Floats {
    const void* address;
    uint64_t rows, columns = 1, stride = 0;

    uint64_t begin() const { return (uint64_t)address; }
    uint64_t bytes() const { return ((columns - 1) * stride + rows) * 4; }
    bool overlaps(const Floats& other) const { return begin() < other.begin() + other.bytes() && other.begin() < begin() + bytes(); }

    void check(int status, const char* name) const {
        require(address != nullptr, status, std::string(name) + " is null");
        require(begin() % 4 == 0, status, std::string(name) + " is misaligned");
        require(is_device_memory(begin(), bytes()), status, std::string(name) + " is not, or not wholly, in one allocation of device memory");
    }
    float* touch(const Touch& touch, bool writes) const {
        if (stride == rows) touch(begin(), bytes(), writes);
        else for (uint64_t c = 0; c < columns; c++) touch(begin() + c * stride * 4, rows * 4, writes);
        return (float*)address;
    }
    const float* read(const Touch& t) const { return touch(t, false); }
    float* write(const Touch& t) const { return touch(t, true); }
};

// A workspace holds nothing of use before a call and after it; what lay there is gone.
inline void use_workspace(const Touch& touch, void* workspace, uint64_t bytes) {
    if (!bytes) return;
    touch((uint64_t)workspace, bytes, true);
    memset(workspace, 0xfb, bytes);
}

// Rounds to the 10 explicit bits of mantissa that TF32 keeps.
inline float tf32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if (std::isfinite(x)) bits = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
    memcpy(&x, &bits, 4);
    return x;
}

}  // namespace weft
