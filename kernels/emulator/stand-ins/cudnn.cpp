// A stand-in for libcudnn.so.9, written from the library's documentation: NCHW tensors of floats without gaps, filters KCRS,
// cross-correlation. It checks what the real library checks, and some more. Algorithms differ here in their workspaces
// alone, but those that are documented as non-deterministic, and the gradient of max-pooling, add in another order in every
// call. As on an Ampere GPU, every math type but CUDNN_FMA_MATH rounds the factors of a convolution to TF32.
#include <algorithm>
#include <limits>

#include "stand_in.h"

using namespace weft;

namespace {

// cuDNN 9 numbers its statuses anew; JCudnn's constants are those of cuDNN 8.
enum Status { NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NULL_POINTER = 2002, WORKSPACE_TOO_SMALL = 2006, SHAPE_MISMATCH = 2008, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };
enum { FLOAT = 0, NCHW = 0, CROSS_CORRELATION = 1, FMA_MATH = 3, MAX = 0, AVERAGE = 1 };

struct Handle {
    void* stream = nullptr;
};
struct Tensor {  // also a filter: K C R S
    int n = 0, c = 0, h = 0, w = 0;
    uint64_t elements() const { return uint64_t(n) * c * h * w; }
    bool operator==(const Tensor& o) const { return n == o.n && c == o.c && h == o.h && w == o.w; }
    long at(int in, int ic, int ih, int iw) const { return ((long(in) * c + ic) * h + ih) * w + iw; }
    void check() const { require(n > 0, BAD_PARAM, "a tensor or filter descriptor was not set"); }
};
struct Filter : Tensor {};
struct Convolution {
    int pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0, math = 0;
    float input(float x) const { return math == FMA_MATH ? x : tf32(x); }
};
struct Pooling {
    int mode = 0, propagate_nan = 0, height = 0, width = 0, pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0;

    void check(const Tensor& x, const Tensor& y) const {
        require(height > 0, BAD_PARAM, "the pooling descriptor was not set");
        Tensor expected{x.n, x.c, 1 + (x.h + 2 * pad_h - height) / stride_h, 1 + (x.w + 2 * pad_w - width) / stride_w};
        require(y == expected, SHAPE_MISMATCH, "the output's shape is not that of the pooling");
    }
    // Calls body(index in y, indices in x of the window without padding, in row order) for each window.
    template <class Body> void for_each_window(const Tensor& x, const Tensor& y, const Body& body) const {
        for (int n = 0; n < y.n; n++)
            for (int c = 0; c < y.c; c++)
                for (int i = 0; i < y.h; i++)
                    for (int j = 0; j < y.w; j++) {
                        std::vector<long> window;
                        for (int h = std::max(0, i * stride_h - pad_h); h < std::min(x.h, i * stride_h - pad_h + height); h++)
                            for (int w = std::max(0, j * stride_w - pad_w); w < std::min(x.w, j * stride_w - pad_w + width); w++)
                                window.push_back(x.at(n, c, h, w));
                        body(y.at(n, c, i, j), window);
                    }
    }
    // The first element that is as large as any, or the first NaN.
    long winner(const float* x, const std::vector<long>& window) const {
        long best = window[0];
        for (long at : window)
            if (x[at] > x[best] || (propagate_nan && std::isnan(x[at]) && !std::isnan(x[best]))) best = at;
        return best;
    }
};
struct Activation {
    int mode = -1, propagate_nan = 0;
};

Live<Handle> handles;
Live<Tensor> tensors;
Live<Filter> filters;
Live<Convolution> convolutions;
Live<Pooling> poolings;
Live<Activation> activations;

Handle& handle_of(void* h) { return handles.get(h, NOT_INITIALIZED, "cuDNN handle"); }
Tensor tensor_of(void* d) {
    Tensor t = tensors.get(d, BAD_PARAM, "tensor descriptor");
    t.check();
    return t;
}
Filter filter_of(void* d) {
    Filter f = filters.get(d, BAD_PARAM, "filter descriptor");
    f.check();
    return f;
}

template <class Body> int call(const char* name, const Body& body) { return library_call(name, false, EXECUTION_FAILED, body); }

template <class T> int create(const char* name, Live<T>& live, void** out) {
    return call(name, [&] {
        require(out, NULL_POINTER, "the address of the result is null");
        *out = live.create();
    });
}
template <class T> int destroy(const char* name, Live<T>& live, void* object) {
    return call(name, [&] { live.destroy(object, BAD_PARAM, "descriptor"); });
}

void set(Tensor& t, int type, int format, int n, int c, int h, int w) {
    require(type == FLOAT && format == NCHW, NOT_SUPPORTED, "the stand-in has floats in NCHW alone");
    require(n > 0 && c > 0 && h > 0 && w > 0, BAD_PARAM, "a dimension is below 1");
    t.n = n, t.c = c, t.h = h, t.w = w;
}

// alpha and beta: 1 and 0 in all that this project does, but executed as documented
struct Blend {
    float scale, keep;
    Blend(const float* alpha, const float* beta) {
        require(alpha && beta, NULL_POINTER, "alpha or beta is null");
        require(!is_device_memory((uint64_t)alpha, 4) && !is_device_memory((uint64_t)beta, 4), BAD_PARAM, "alpha or beta is in device memory");
        scale = *alpha, keep = *beta;
    }
    float* write(const Floats& y, const Touch& touch) const {
        if (keep != 0) y.read(touch);
        return y.write(touch);
    }
    void store(float& y, double value) const { y = float(scale * value + (keep != 0 ? double(keep) * y : 0.0)); }
};

Floats floats(const void* data, const Tensor& t, const char* name) {
    Floats f{data, t.elements()};
    f.check(BAD_PARAM, name);
    return f;
}

struct Workspace {
    void* at;
    size_t bytes;
    void check(size_t needed, std::initializer_list<Floats> operands) const {
        require(bytes >= needed, WORKSPACE_TOO_SMALL, "the workspace has " + std::to_string(bytes) + " bytes, " + std::to_string(needed) + " are needed");
        require(at || !needed, NULL_POINTER, "the workspace is null");
        if (!needed) return;
        require(is_device_memory((uint64_t)at, bytes), BAD_PARAM, "the workspace is not in device memory");
        for (auto& x : operands) require(!Floats{at, bytes / 4}.overlaps(x), BAD_PARAM, "the workspace overlaps an operand");
    }
};

void check_shapes(const Tensor& x, const Filter& w, const Convolution& v, const Tensor& y) {
    require(v.stride_h > 0, BAD_PARAM, "the convolution descriptor was not set");
    require(x.c == w.c, SHAPE_MISMATCH, "channels of image and filter differ");
    Tensor expected{x.n, w.n, (x.h + 2 * v.pad_h - w.h) / v.stride_h + 1, (x.w + 2 * v.pad_w - w.w) / v.stride_w + 1};
    require(x.h + 2 * v.pad_h >= w.h && x.w + 2 * v.pad_w >= w.w, SHAPE_MISMATCH, "the filter is larger than the padded image");
    require(y == expected, SHAPE_MISMATCH, "the output's shape is not that of the convolution");
}

// The workspace of an algorithm; which of them the library has is documented with the enumerations. A matrix of the unfolded
// image for those that say that they need one, a transformed filter for Winograd's, which take 3x3 with stride 1 alone.
enum Direction { FORWARD, DATA, FILTER };
size_t workspace_bytes(Direction direction, int algorithm, const Filter& w, const Convolution& v, const Tensor& y) {
    static const std::set<int> without[] = {{0}, {0}, {0}}, gemm[] = {{1, 2}, {1}, {1, 3}}, winograd[] = {{6}, {4}, {}};
    if (without[direction].count(algorithm)) return 0;
    if (gemm[direction].count(algorithm)) return size_t(w.c) * w.h * w.w * y.h * y.w * 4;
    bool fits = winograd[direction].count(algorithm) && w.h == 3 && w.w == 3 && v.stride_h == 1 && v.stride_w == 1 && v.pad_h <= 2 && v.pad_w <= 2;
    require(fits, NOT_SUPPORTED, "");
    return size_t(w.n) * w.c * 16 * 4;
}

// Calls body(index in x, index in w, index in y) for each product of the convolution.
template <class Body> void for_each_product(const Tensor& x, const Filter& w, const Convolution& v, const Tensor& y, const Body& body) {
    for (int n = 0; n < y.n; n++)
        for (int k = 0; k < y.c; k++)
            for (int i = 0; i < y.h; i++)
                for (int j = 0; j < y.w; j++)
                    for (int c = 0; c < x.c; c++)
                        for (int r = 0; r < w.h; r++)
                            for (int s = 0; s < w.w; s++) {
                                int h = i * v.stride_h + r - v.pad_h, q = j * v.stride_w + s - v.pad_w;
                                if (h >= 0 && h < x.h && q >= 0 && q < x.w) body(x.at(n, c, h, q), w.at(k, c, r, s), y.at(n, k, i, j));
                            }
}

// What a sum comes to where additions come in any order: one of its neighbours among the floats, another in every call.
double in_any_order(double sum) {
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return sum * (1 + (int(state >> 16) % 3 - 1) * 0x1p-23);
}

bool non_deterministic(Direction direction, int algorithm) {
    return (direction == DATA && algorithm == 0) || (direction == FILTER && (algorithm == 0 || algorithm == 3));
}

// target += a b over all products, where each index is that of x, w or y
void convolve(const char* name, Handle& handle, Direction direction, const Tensor& x, const Filter& w, const Convolution& v, const Tensor& y, int algorithm,
              Workspace space, Blend blend, const Floats& a, const Floats& b, const Floats& target) {
    check_shapes(x, w, v, y);
    space.check(workspace_bytes(direction, algorithm, w, v, y), {a, b, target});
    require(!target.overlaps(a) && !target.overlaps(b), BAD_PARAM, "the output overlaps an input");
    enqueue_library_work(handle.stream, {name, [=](const Touch& touch) {
        use_workspace(touch, space.at, space.bytes);
        const float *pa = a.read(touch), *pb = b.read(touch);
        float* out = blend.write(target, touch);
        std::vector<double> sums(target.rows);
        for_each_product(x, w, v, y, [&](long ix, long iw, long iy) {
            long ia = direction == DATA ? iy : ix, ib = direction == FILTER ? iy : iw, it = direction == FORWARD ? iy : direction == DATA ? ix : iw;
            sums[size_t(it)] += double(v.input(pa[ia])) * v.input(pb[ib]);
        });
        for (size_t i = 0; i < sums.size(); i++) blend.store(out[i], non_deterministic(direction, algorithm) ? in_any_order(sums[i]) : sums[i]);
    }});
}

int workspace_size(const char* name, Direction direction, void* handle, void* x, void* w, void* v, void* y, int algorithm, size_t* bytes) {
    return call(name, [&] {
        handle_of(handle);
        require(bytes, NULL_POINTER, "the address of the size is null");
        Filter f = filter_of(w);
        Convolution c = convolutions.get(v, BAD_PARAM, "convolution descriptor");
        check_shapes(tensor_of(x), f, c, tensor_of(y));
        *bytes = workspace_bytes(direction, algorithm, f, c, tensor_of(y));
    });
}

}  // namespace

EXPORT size_t cudnnGetVersion() { return 90000; }

EXPORT const char* cudnnGetErrorString(int status) {
    switch (status) {
        case 0: return "CUDNN_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case WORKSPACE_TOO_SMALL: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
        case SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    }
    return "CUDNN_STATUS_UNKNOWN";
}

EXPORT int cudnnCreate(void** handle) {
    return library_call("cudnnCreate", true, EXECUTION_FAILED, [&] {
        require(handle, NULL_POINTER, "the handle's address is null");
        *handle = handles.create();
    });
}
EXPORT int cudnnDestroy(void* handle) {
    return library_call("cudnnDestroy", true, EXECUTION_FAILED, [&] { handles.destroy(handle, NOT_INITIALIZED, "cuDNN handle"); });
}
EXPORT int cudnnSetStream(void* handle, void* stream) {
    return call("cudnnSetStream", [&] {
        require(is_stream(stream), BAD_PARAM, "no such stream");
        handle_of(handle).stream = stream;
    });
}

// ---- descriptors
EXPORT int cudnnCreateTensorDescriptor(void** d) { return create("cudnnCreateTensorDescriptor", tensors, d); }
EXPORT int cudnnDestroyTensorDescriptor(void* d) { return destroy("cudnnDestroyTensorDescriptor", tensors, d); }
EXPORT int cudnnSetTensor4dDescriptor(void* d, int format, int type, int n, int c, int h, int w) {
    return call("cudnnSetTensor4dDescriptor", [&] { set(tensors.get(d, BAD_PARAM, "tensor descriptor"), type, format, n, c, h, w); });
}
EXPORT int cudnnCreateFilterDescriptor(void** d) { return create("cudnnCreateFilterDescriptor", filters, d); }
EXPORT int cudnnDestroyFilterDescriptor(void* d) { return destroy("cudnnDestroyFilterDescriptor", filters, d); }
EXPORT int cudnnSetFilter4dDescriptor(void* d, int type, int format, int k, int c, int r, int s) {
    return call("cudnnSetFilter4dDescriptor", [&] { set(filters.get(d, BAD_PARAM, "filter descriptor"), type, format, k, c, r, s); });
}
EXPORT int cudnnCreateConvolutionDescriptor(void** d) { return create("cudnnCreateConvolutionDescriptor", convolutions, d); }
EXPORT int cudnnDestroyConvolutionDescriptor(void* d) { return destroy("cudnnDestroyConvolutionDescriptor", convolutions, d); }
EXPORT int cudnnSetConvolution2dDescriptor(void* d, int pad_h, int pad_w, int u, int v, int dilation_h, int dilation_w, int mode, int type) {
    return call("cudnnSetConvolution2dDescriptor", [&] {
        Convolution& c = convolutions.get(d, BAD_PARAM, "convolution descriptor");
        require(pad_h >= 0 && pad_w >= 0, BAD_PARAM, "padding is negative");
        require(u > 0 && v > 0 && dilation_h > 0 && dilation_w > 0, BAD_PARAM, "stride or dilation is below 1");
        require(mode == 0 || mode == CROSS_CORRELATION, BAD_PARAM, "no such mode");
        require(mode == CROSS_CORRELATION && dilation_h == 1 && dilation_w == 1 && type == FLOAT, NOT_SUPPORTED,
                "the stand-in has cross-correlation of floats without dilation alone");
        c = {pad_h, pad_w, u, v, c.math};
    });
}
EXPORT int cudnnSetConvolutionMathType(void* d, int math) {
    return call("cudnnSetConvolutionMathType", [&] {
        require(math >= 0 && math <= FMA_MATH, BAD_PARAM, "no such math type");
        convolutions.get(d, BAD_PARAM, "convolution descriptor").math = math;
    });
}
EXPORT int cudnnCreatePoolingDescriptor(void** d) { return create("cudnnCreatePoolingDescriptor", poolings, d); }
EXPORT int cudnnDestroyPoolingDescriptor(void* d) { return destroy("cudnnDestroyPoolingDescriptor", poolings, d); }
EXPORT int cudnnSetPooling2dDescriptor(void* d, int mode, int nan, int height, int width, int pad_h, int pad_w, int stride_h, int stride_w) {
    return call("cudnnSetPooling2dDescriptor", [&] {
        Pooling& p = poolings.get(d, BAD_PARAM, "pooling descriptor");
        require(mode == MAX || mode == AVERAGE, NOT_SUPPORTED, "the stand-in has maxima, and averages that include padding, alone");
        require(nan == 0 || nan == 1, BAD_PARAM, "no such NaN propagation");
        require(height > 0 && width > 0 && stride_h > 0 && stride_w > 0, BAD_PARAM, "window or stride is below 1");
        require(pad_h >= 0 && pad_w >= 0 && pad_h < height && pad_w < width, BAD_PARAM, "padding is negative or as large as the window");
        p = {mode, nan, height, width, pad_h, pad_w, stride_h, stride_w};
    });
}
EXPORT int cudnnCreateActivationDescriptor(void** d) { return create("cudnnCreateActivationDescriptor", activations, d); }
EXPORT int cudnnDestroyActivationDescriptor(void* d) { return destroy("cudnnDestroyActivationDescriptor", activations, d); }
EXPORT int cudnnSetActivationDescriptor(void* d, int mode, int nan, double) {
    return call("cudnnSetActivationDescriptor", [&] {
        require(nan == 0 || nan == 1, BAD_PARAM, "no such NaN propagation");
        require(mode >= 0 && mode <= 2, NOT_SUPPORTED, "the stand-in has sigmoid, ReLU and tanh alone");
        activations.get(d, BAD_PARAM, "activation descriptor") = {mode, nan};
    });
}

// ---- convolution
EXPORT int cudnnGetConvolutionForwardWorkspaceSize(void* handle, void* x, void* w, void* v, void* y, int algorithm, size_t* bytes) {
    return workspace_size("cudnnGetConvolutionForwardWorkspaceSize", FORWARD, handle, x, w, v, y, algorithm, bytes);
}
EXPORT int cudnnGetConvolutionBackwardDataWorkspaceSize(void* handle, void* w, void* dy, void* v, void* dx, int algorithm, size_t* bytes) {
    return workspace_size("cudnnGetConvolutionBackwardDataWorkspaceSize", DATA, handle, dx, w, v, dy, algorithm, bytes);
}
EXPORT int cudnnGetConvolutionBackwardFilterWorkspaceSize(void* handle, void* x, void* dy, void* v, void* dw, int algorithm, size_t* bytes) {
    return workspace_size("cudnnGetConvolutionBackwardFilterWorkspaceSize", FILTER, handle, x, dw, v, dy, algorithm, bytes);
}

EXPORT int cudnnConvolutionForward(void* handle, const float* alpha, void* xd, const void* x, void* wd, const void* w, void* v, int algorithm,
                                   void* workspace, size_t bytes, const float* beta, void* yd, void* y) {
    return call("cudnnConvolutionForward", [&] {
        Tensor tx = tensor_of(xd), ty = tensor_of(yd);
        Filter f = filter_of(wd);
        convolve("cudnnConvolutionForward", handle_of(handle), FORWARD, tx, f, convolutions.get(v, BAD_PARAM, "convolution descriptor"), ty, algorithm,
                 {workspace, bytes}, Blend(alpha, beta), floats(x, tx, "x"), floats(w, f, "w"), floats(y, ty, "y"));
    });
}
EXPORT int cudnnConvolutionBackwardData(void* handle, const float* alpha, void* wd, const void* w, void* dyd, const void* dy, void* v, int algorithm,
                                        void* workspace, size_t bytes, const float* beta, void* dxd, void* dx) {
    return call("cudnnConvolutionBackwardData", [&] {
        Tensor tx = tensor_of(dxd), ty = tensor_of(dyd);
        Filter f = filter_of(wd);
        convolve("cudnnConvolutionBackwardData", handle_of(handle), DATA, tx, f, convolutions.get(v, BAD_PARAM, "convolution descriptor"), ty, algorithm,
                 {workspace, bytes}, Blend(alpha, beta), floats(dy, ty, "dy"), floats(w, f, "w"), floats(dx, tx, "dx"));
    });
}
EXPORT int cudnnConvolutionBackwardFilter(void* handle, const float* alpha, void* xd, const void* x, void* dyd, const void* dy, void* v, int algorithm,
                                          void* workspace, size_t bytes, const float* beta, void* dwd, void* dw) {
    return call("cudnnConvolutionBackwardFilter", [&] {
        Tensor tx = tensor_of(xd), ty = tensor_of(dyd);
        Filter f = filter_of(dwd);
        convolve("cudnnConvolutionBackwardFilter", handle_of(handle), FILTER, tx, f, convolutions.get(v, BAD_PARAM, "convolution descriptor"), ty, algorithm,
                 {workspace, bytes}, Blend(alpha, beta), floats(x, tx, "x"), floats(dy, ty, "dy"), floats(dw, f, "dw"));
    });
}

// ---- pooling, activation, softmax
EXPORT int cudnnPoolingForward(void* handle, void* pd, const float* alpha, void* xd, const void* x, const float* beta, void* yd, void* y) {
    return call("cudnnPoolingForward", [&] {
        Pooling p = poolings.get(pd, BAD_PARAM, "pooling descriptor");
        Tensor tx = tensor_of(xd), ty = tensor_of(yd);
        p.check(tx, ty);
        Floats fx = floats(x, tx, "x"), fy = floats(y, ty, "y");
        require(!fx.overlaps(fy), BAD_PARAM, "y overlaps x");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnPoolingForward", [=](const Touch& touch) {
            const float* px = fx.read(touch);
            float* py = blend.write(fy, touch);
            p.for_each_window(tx, ty, [&](long to, const std::vector<long>& window) {
                double sum = 0;
                for (long at : window) sum += px[at];
                blend.store(py[to], p.mode == AVERAGE ? sum / (double(p.height) * p.width) : px[p.winner(px, window)]);
            });
        }});
    });
}

EXPORT int cudnnPoolingBackward(void* handle, void* pd, const float* alpha, void* yd, const void* y, void* dyd, const void* dy, void* xd, const void* x,
                                const float* beta, void* dxd, void* dx) {
    return call("cudnnPoolingBackward", [&] {
        Pooling p = poolings.get(pd, BAD_PARAM, "pooling descriptor");
        require(p.mode == MAX, NOT_SUPPORTED, "the stand-in has the gradient of maxima alone");
        Tensor tx = tensor_of(xd), ty = tensor_of(yd);
        require(tx == tensor_of(dxd) && ty == tensor_of(dyd), SHAPE_MISMATCH, "a gradient has not the shape of what it is of");
        p.check(tx, ty);
        Floats fy = floats(y, ty, "y"), fdy = floats(dy, ty, "dy"), fx = floats(x, tx, "x"), fdx = floats(dx, tx, "dx");
        for (auto& operand : {fy, fdy, fx}) require(!fdx.overlaps(operand), BAD_PARAM, "dx overlaps an input");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnPoolingBackward", [=](const Touch& touch) {
            const float *py = fy.read(touch), *pdy = fdy.read(touch), *px = fx.read(touch);
            float* pdx = blend.write(fdx, touch);
            std::vector<double> sums(fdx.rows);
            std::vector<int> additions(fdx.rows);
            p.for_each_window(tx, ty, [&](long from, const std::vector<long>& window) {
                // the first that equals the maximum; nothing where y is not what the forward pass makes of x
                for (long to : window)
                    if (px[to] == py[from] || (std::isnan(px[to]) && std::isnan(py[from]))) {
                        sums[size_t(to)] += pdy[from], additions[size_t(to)]++;
                        break;
                    }
            });
            for (size_t i = 0; i < sums.size(); i++) blend.store(pdx[i], additions[i] > 1 ? in_any_order(sums[i]) : sums[i]);
        }});
    });
}

EXPORT int cudnnActivationForward(void* handle, void* ad, const float* alpha, void* xd, const void* x, const float* beta, void* yd, void* y) {
    return call("cudnnActivationForward", [&] {
        Activation a = activations.get(ad, BAD_PARAM, "activation descriptor");
        require(a.mode >= 0, BAD_PARAM, "the activation descriptor was not set");
        Tensor tx = tensor_of(xd), ty = tensor_of(yd);
        require(tx == ty, SHAPE_MISMATCH, "the shapes differ");
        Floats fx = floats(x, tx, "x"), fy = floats(y, ty, "y");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnActivationForward", [=](const Touch& touch) {
            const float* px = fx.read(touch);
            float* py = blend.write(fy, touch);
            for (uint64_t i = 0; i < fx.rows; i++) {
                double v = px[i];
                bool passed = v > 0 || (a.propagate_nan && std::isnan(v));
                blend.store(py[i], a.mode == 0 ? 1 / (1 + std::exp(-v)) : a.mode == 1 ? (passed ? v : 0) : std::tanh(v));
            }
        }});
    });
}

EXPORT int cudnnActivationBackward(void* handle, void* ad, const float* alpha, void* yd, const void* y, void* dyd, const void* dy, void* xd, const void* x,
                                   const float* beta, void* dxd, void* dx) {
    return call("cudnnActivationBackward", [&] {
        Activation a = activations.get(ad, BAD_PARAM, "activation descriptor");
        require(a.mode == 1, NOT_SUPPORTED, "the stand-in has the gradient of ReLU alone");
        Tensor t = tensor_of(yd);
        require(t == tensor_of(dyd) && t == tensor_of(xd) && t == tensor_of(dxd), SHAPE_MISMATCH, "the shapes differ");
        Floats fy = floats(y, t, "y"), fdy = floats(dy, t, "dy"), fx = floats(x, t, "x"), fdx = floats(dx, t, "dx");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnActivationBackward", [=](const Touch& touch) {
            fy.read(touch);
            const float *px = fx.read(touch), *pdy = fdy.read(touch);
            float* pdx = blend.write(fdx, touch);
            for (uint64_t i = 0; i < fx.rows; i++) blend.store(pdx[i], px[i] > 0 ? pdy[i] : 0);
        }});
    });
}

// A row of the softmax: all of a sample in instance mode, the channels of one position in channel mode.
template <class Body> static void for_each_row(const Tensor& t, int mode, const Body& body) {
    const long plane = mode == 0 ? 1 : long(t.h) * t.w, length = long(t.elements() / uint64_t(t.n)) / plane;
    for (long n = 0; n < t.n; n++)
        for (long p = 0; p < plane; p++) body(n * length * plane + p, length, plane);
}

EXPORT int cudnnSoftmaxForward(void* handle, int algorithm, int mode, const float* alpha, void* xd, const void* x, const float* beta, void* yd, void* y) {
    return call("cudnnSoftmaxForward", [&] {
        require(algorithm == 0 || algorithm == 1, NOT_SUPPORTED, "the stand-in has no log-softmax");
        require(mode == 0 || mode == 1, BAD_PARAM, "no such mode");
        Tensor t = tensor_of(xd);
        require(t == tensor_of(yd), SHAPE_MISMATCH, "the shapes differ");
        Floats fx = floats(x, t, "x"), fy = floats(y, t, "y");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnSoftmaxForward", [=](const Touch& touch) {
            const float* px = fx.read(touch);
            float* py = blend.write(fy, touch);
            for_each_row(t, mode, [&](long from, long length, long stride) {
                double most = 0, sum = 0;  // the fast algorithm does not subtract the maximum
                for (long i = 0; algorithm == 1 && i < length; i++) most = i == 0 || px[from + i * stride] > most ? px[from + i * stride] : most;
                std::vector<double> e(static_cast<size_t>(length));
                for (long i = 0; i < length; i++) sum += e[size_t(i)] = std::exp(px[from + i * stride] - most);
                for (long i = 0; i < length; i++) blend.store(py[from + i * stride], e[size_t(i)] / sum);
            });
        }});
    });
}

EXPORT int cudnnSoftmaxBackward(void* handle, int algorithm, int mode, const float* alpha, void* yd, const void* y, void* dyd, const void* dy,
                                const float* beta, void* dxd, void* dx) {
    return call("cudnnSoftmaxBackward", [&] {
        require(algorithm == 0 || algorithm == 1, NOT_SUPPORTED, "the stand-in has no log-softmax");
        require(mode == 0 || mode == 1, BAD_PARAM, "no such mode");
        Tensor t = tensor_of(yd);
        require(t == tensor_of(dyd) && t == tensor_of(dxd), SHAPE_MISMATCH, "the shapes differ");
        Floats fy = floats(y, t, "y"), fdy = floats(dy, t, "dy"), fdx = floats(dx, t, "dx");
        Blend blend(alpha, beta);
        enqueue_library_work(handle_of(handle).stream, {"cudnnSoftmaxBackward", [=](const Touch& touch) {
            const float *py = fy.read(touch), *pdy = fdy.read(touch);
            float* pdx = blend.write(fdx, touch);
            for_each_row(t, mode, [&](long from, long length, long stride) {
                double dot = 0;
                for (long i = 0; i < length; i++) dot += double(py[from + i * stride]) * pdy[from + i * stride];
                for (long i = 0; i < length; i++) blend.store(pdx[from + i * stride], py[from + i * stride] * (pdy[from + i * stride] - dot));
            });
        }});
    });
}
