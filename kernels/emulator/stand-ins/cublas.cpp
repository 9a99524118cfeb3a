// A stand-in for libcublas.so.12, written from the library's documentation: matrices are column-major, element (i, j) of a
// matrix with leading dimension ld lies at j ld + i. It checks what the real library checks, and some more.
#include <algorithm>

#include "stand_in.h"

using namespace weft;

namespace {

enum Status { NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Operation { N = 0, T = 1, C = 2 };
enum Math { DEFAULT_MATH = 0, PEDANTIC_MATH = 2, TF32_TENSOR_OP_MATH = 3 };

struct Handle {
    void* stream = nullptr;
    int math = DEFAULT_MATH;
    void* workspace = nullptr;
    size_t workspace_bytes = 0;
};

Live<Handle> handles;

Handle& handle_of(void* handle) { return handles.get(handle, NOT_INITIALIZED, "cuBLAS handle"); }

template <class Body> int call(const char* name, bool unsafe_in_capture, const Body& body) {
    return library_call(name, unsafe_in_capture, EXECUTION_FAILED, body);
}

}  // namespace

EXPORT int cublasCreate_v2(void** handle) {
    return call("cublasCreate_v2", true, [&] {
        require(handle, INVALID_VALUE, "the handle's address is null");
        *handle = handles.create();
    });
}

EXPORT int cublasDestroy_v2(void* handle) {
    return call("cublasDestroy_v2", true, [&] { handles.destroy(handle, NOT_INITIALIZED, "cuBLAS handle"); });
}

EXPORT int cublasGetVersion_v2(void* handle, int* version) {
    return call("cublasGetVersion_v2", false, [&] {
        handle_of(handle);
        require(version, INVALID_VALUE, "the version's address is null");
        *version = 120000;
    });
}

// As the real one: the workspace is the default one again.
EXPORT int cublasSetStream_v2(void* handle, void* stream) {
    return call("cublasSetStream_v2", false, [&] {
        Handle& h = handle_of(handle);
        require(is_stream(stream), INVALID_VALUE, "no such stream");
        h.stream = stream;
        h.workspace = nullptr;
        h.workspace_bytes = 0;
    });
}

EXPORT int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
    return call("cublasSetWorkspace_v2", false, [&] {
        Handle& h = handle_of(handle);
        require(workspace || !bytes, INVALID_VALUE, "a workspace of more than no bytes is null");
        require((uint64_t)workspace % 256 == 0, INVALID_VALUE, "the workspace does not begin at a multiple of 256 bytes");
        require(!bytes || is_device_memory((uint64_t)workspace, bytes), INVALID_VALUE, "the workspace is not in device memory");
        h.workspace = workspace;
        h.workspace_bytes = bytes;
    });
}

EXPORT int cublasSetMathMode(void* handle, int mode) {
    return call("cublasSetMathMode", false, [&] {
        Handle& h = handle_of(handle);
        require(mode == DEFAULT_MATH || mode == PEDANTIC_MATH || mode == TF32_TENSOR_OP_MATH, NOT_SUPPORTED, "this math mode");
        h.math = mode;
    });
}

// c[m,n] = alpha op(a)[m,k] op(b)[k,n] + beta c
EXPORT int cublasSgemm_v2(void* handle, int transa, int transb, int m, int n, int k, const float* alpha, const float* a, int lda, const float* b,
                          int ldb, const float* beta, float* c, int ldc) {
    return call("cublasSgemm_v2", false, [&] {
        Handle& h = handle_of(handle);
        for (int t : {transa, transb}) require(t == N || t == T || t == C, INVALID_VALUE, "an operation is none of N, T, C");
        require(m >= 0 && n >= 0 && k >= 0, INVALID_VALUE, "a dimension is negative");
        const int a_rows = transa == N ? m : k, a_columns = transa == N ? k : m;
        const int b_rows = transb == N ? k : n, b_columns = transb == N ? n : k;
        require(lda >= std::max(1, a_rows), INVALID_VALUE, "lda is below the rows of a");
        require(ldb >= std::max(1, b_rows), INVALID_VALUE, "ldb is below the rows of b");
        require(ldc >= std::max(1, m), INVALID_VALUE, "ldc is below the rows of c");
        require(alpha && beta, INVALID_VALUE, "alpha or beta is null");
        require(!is_device_memory((uint64_t)alpha, 4) && !is_device_memory((uint64_t)beta, 4), INVALID_VALUE, "alpha or beta is in device memory");
        require(h.workspace, NOT_SUPPORTED, "no workspace was set: the stand-in wants one, since a captured call must not allocate");
        if (!m || !n) return;
        Floats A{a, uint64_t(a_rows), uint64_t(a_columns), uint64_t(lda)}, B{b, uint64_t(b_rows), uint64_t(b_columns), uint64_t(ldb)};
        Floats Y{c, uint64_t(m), uint64_t(n), uint64_t(ldc)}, work{h.workspace, h.workspace_bytes / 4};
        A.check(INVALID_VALUE, "a");
        B.check(INVALID_VALUE, "b");
        Y.check(INVALID_VALUE, "c");
        require(!Y.overlaps(A) && !Y.overlaps(B), INVALID_VALUE, "c overlaps a or b");
        require(!work.overlaps(A) && !work.overlaps(B) && !work.overlaps(Y), INVALID_VALUE, "the workspace overlaps an operand");
        const float scale = *alpha, keep = *beta;
        const Handle with = h;
        enqueue_library_work(h.stream, {"cublasSgemm", [=](const Touch& touch) {
            use_workspace(touch, with.workspace, with.workspace_bytes);
            const float *pa = A.read(touch), *pb = B.read(touch);
            if (keep != 0) Y.read(touch);
            float* pc = Y.write(touch);
            auto input = [&](float x) { return with.math == TF32_TENSOR_OP_MATH ? tf32(x) : x; };
            for (long j = 0; j < n; j++)
                for (long i = 0; i < m; i++) {
                    double sum = 0;
                    for (long l = 0; l < k; l++)
                        sum += double(input(transa == N ? pa[l * lda + i] : pa[i * lda + l])) * input(transb == N ? pb[j * ldb + l] : pb[l * ldb + j]);
                    float& y = pc[j * ldc + i];
                    y = float(scale * sum + (keep != 0 ? double(keep) * y : 0.0));
                }
        }});
    });
}

EXPORT const char* cublasGetStatusName(int status) {
    switch (status) {
        case 0: return "CUBLAS_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    }
    return "CUBLAS_STATUS_UNKNOWN";
}
