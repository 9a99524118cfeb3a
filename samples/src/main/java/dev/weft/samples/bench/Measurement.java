package dev.weft.samples.bench;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.util.Arrays;

/**
 * What was measured of one side: every value and what follows from them.
 *
 * @param side its id
 * @param kind what was timed
 * @param stage the ops that were timed; null unless it is a kernel
 * @param flops of one execution, of products and convolutions
 * @param bytes that one execution moves at least
 * @param images of one execution; 0 where no network is trained
 * @param notMeasured why there are no values; null where there are
 * @param executions behind each value, which is their mean
 * @param seconds of one execution, in the order of measurement
 * @param summary null where there are no values
 */
public record Measurement(
        String side,
        Kind kind,
        @JsonSetter(nulls = Nulls.SET) String stage,
        long flops,
        long bytes,
        long images,
        @JsonSetter(nulls = Nulls.SET) String notMeasured,
        @JsonSetter(nulls = Nulls.SET) Sampler.WarmUp warmUp,
        int executions,
        double[] seconds,
        @JsonSetter(nulls = Nulls.SET) Summary summary) {

    /** Checks that there are values where there is a summary of them. */
    public Measurement {
        if (summary != null && (seconds.length == 0 || !Arrays.stream(seconds).allMatch(s -> s >= 0 && s < 1e9))) {
            throw new IllegalArgumentException("a summary needs seconds, which are numbers of at least 0");
        }
    }

    /** What is timed. */
    public enum Kind {
        /** A kernel on operands that it has just used, by the device's clock. */
        KERNEL_WARM,
        /** A kernel once, after {@link CacheFlush}. */
        KERNEL_COLD,
        /** A step of the program, without anything around it. */
        STEP,
        /** A new JVM that opens the backend, copies the data, trains and ends: everything that a user waits for. */
        END_TO_END,
        /** A new JVM until the test accuracy is reached, with start-up, data and evaluations. */
        TIME_TO_ACCURACY
    }

    static Measurement of(Side side, Kind kind, String stage, Work work, Sampler.Measured measured) {
        return of(side, kind, stage, work, measured.warmUp(), measured.executions(), measured.seconds());
    }

    static Measurement of(
            Side side, Kind kind, String stage, Work work, Sampler.WarmUp warmUp, int executions, double[] seconds) {
        return new Measurement(
                side.id(),
                kind,
                stage,
                work.flops,
                work.bytes,
                work.images,
                null,
                warmUp,
                executions,
                seconds,
                Summary.of(seconds));
    }

    static Measurement none(Side side, Kind kind, String stage, Work work, String why) {
        return new Measurement(
                side.id(), kind, stage, work.flops, work.bytes, work.images, why, null, 0, new double[0], null);
    }

    /** What one execution does. */
    record Work(long flops, long bytes, long images) {}

    @JsonIgnore
    boolean measured() {
        return summary != null;
    }

    /** Floating-point operations a second, at the median. */
    @JsonIgnore
    double flopsPerSecond() {
        return flops / summary.median();
    }

    /** Bytes a second, at the median. */
    @JsonIgnore
    double bytesPerSecond() {
        return bytes / summary.median();
    }

    /** Images a second, at the median. */
    @JsonIgnore
    double imagesPerSecond() {
        return images / summary.median();
    }
}
