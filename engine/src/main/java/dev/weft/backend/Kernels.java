package dev.weft.backend;

import java.nio.file.Path;
import java.util.Locale;

/**
 * Which kernels a GPU backend takes. Every choice gives the same results within rounding, and each for itself the same bits
 * in every run.
 *
 * @param source whose kernels
 * @param plan the file that {@link Tunable#tune} has written; null unless the source is {@link Source#TUNED}
 * @param tf32 whether libraries may round the factors of products to TF32, with 10 bits of mantissa: faster on tensor
 *     cores, and less exact
 */
public record Kernels(Source source, Path plan, boolean tf32) {

    /** Whose kernels. */
    public enum Source {
        /** Weft's own, by a fixed table. They need the driver alone. */
        HAND,
        /** cuBLAS for what it does, Weft's own for the rest. */
        CUBLAS,
        /** cuDNN for what it does, Weft's own for the rest. */
        CUDNN,
        /** What a plan has found fastest. */
        TUNED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Kernels {
        if ((source == Source.TUNED) != (plan != null)) {
            throw new IllegalArgumentException("tuned kernels need a plan, and only they do");
        }
        if (tf32 && (source == Source.HAND || source == Source.TUNED)) {
            throw new IllegalArgumentException(
                    "TF32 is for cublas and cudnn; a plan knows by itself whether it takes TF32, got " + source);
        }
    }

    /** Weft's own kernels, the default. */
    public static Kernels hand() {
        return new Kernels(Source.HAND, null, false);
    }

    /** What a plan names, where it was made for ops of the same shapes, and Weft's own elsewhere. */
    public static Kernels tuned(Path plan) {
        return new Kernels(Source.TUNED, plan, false);
    }

    /** For example {@code cudnn TF32}. */
    @Override
    public String toString() {
        return source + (tf32 ? " TF32" : "");
    }
}
