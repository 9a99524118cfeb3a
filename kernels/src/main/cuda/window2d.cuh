// A pooling window that slides over an image, as dev.weft.op.Window2d. The kernels take its numbers one by one.
#pragma once

// Windows i whose rows i stride - pad .. i stride - pad + size - 1 hold row h: first .. last, none if first > last.
struct Windows {
    int first, last;
};

__device__ __forceinline__ Windows windows_at(int h, int size, int stride, int pad, int count) {
    int reach = h + pad - size;  // the last row before the first window that holds h
    int first = reach < 0 ? 0 : reach / stride + 1;
    return {first, min((h + pad) / stride, count - 1)};
}
