// Whether a row has its first maximum at its label.
#pragma once

// Whether x, the value of class j, keeps it from that: it is not less than the label's value, or after the label it is
// larger. So does a NaN, as x and as the label's value.
__device__ __forceinline__ bool beats(float x, int j, float label_value, int label) {
    return j < label ? !(x < label_value) : !(x <= label_value);
}
