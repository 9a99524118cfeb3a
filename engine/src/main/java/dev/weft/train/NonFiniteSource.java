package dev.weft.train;

import dev.weft.tensor.HostTensor;
import java.util.Map;
import java.util.function.IntFunction;

/** Where a result that is not finite comes from. */
final class NonFiniteSource {
    private NonFiniteSource() {}

    /** For a message: the first parameter that is not finite, else the first such sample. */
    static String of(Map<String, HostTensor> parameters, int samples, IntFunction<float[]> sample) {
        for (Map.Entry<String, HostTensor> parameter : parameters.entrySet()) {
            for (float value : parameter.getValue().floats()) {
                if (!Float.isFinite(value)) {
                    return "parameter %s has the value %s: train the model anew, with a lower learning rate"
                            .formatted(parameter.getKey(), value);
                }
            }
        }
        for (int i = 0; i < samples; i++) {
            for (float value : sample.apply(i)) {
                if (!Float.isFinite(value)) {
                    return "sample %d has the value %s: check the data".formatted(i, value);
                }
            }
        }
        return "all parameters and samples are finite, so products of them are too large for a float: check the data, and train with a lower learning rate";
    }
}
