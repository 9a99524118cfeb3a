// Ends a step: keeps up to four of its metrics in row `index` of the table, from column `first` on, and, in the step's
// last launch, moves the state on to the next step. One thread.
#include "step_state.cuh"

extern "C" __global__ void finish_step(StepState* state, float* metrics, int width, int first, int count,
                                       const float* m0, const float* m1, const float* m2, const float* m3, int advance) {
    float* row = metrics + state->index * width + first;
    if (count > 0) row[0] = *m0;
    if (count > 1) row[1] = *m1;
    if (count > 2) row[2] = *m2;
    if (count > 3) row[3] = *m3;
    if (advance) {
        state->step++;
        state->index++;
        state->offset += state->batch;
    }
}
