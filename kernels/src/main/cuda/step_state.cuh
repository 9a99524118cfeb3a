// What changes between the steps of a run, in device memory; StepControl.java writes it before a run.
#pragma once

struct StepState {
    long long step;             // number of the step, counts random numbers
    long long non_finite_step;  // the first bad step of the run, or -1: the latch of check_finite
    int index;                  // of the step in its run, counts rates and metrics
    int offset;                 // where the step's batch begins in the order of the data set
    int valid_rows;             // rows of the batch that count, those after them are padding
    int batch;                  // rows of the batch
};

// The table of rates has eight floats a step: the learning rate, and up to seven corrections.
constexpr int RATES = 8;

__device__ __forceinline__ float learning_rate(const StepState* state, const float* rates) {
    return rates[RATES * state->index];
}
__device__ __forceinline__ float bias_correction1(const StepState* state, const float* rates) {
    return rates[RATES * state->index + 1];
}
__device__ __forceinline__ float bias_correction2(const StepState* state, const float* rates) {
    return rates[RATES * state->index + 2];
}
