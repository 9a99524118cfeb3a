package dev.weft.backend;

import java.nio.file.Path;

/**
 * Which of its kernels a backend takes. Every choice gives the same results within rounding, and each for itself the same
 * bits in every run, unless it is allowed to be nondeterministic.
 *
 * @param name one of {@link BackendProvider#kernels}, or {@link #OWN_CHOICE}
 * @param plan the file that {@link Tunable#tune} has written; null unless the name is {@link #TUNED}
 * @param tf32 whether libraries may round the factors of products to TF32, with 10 bits of mantissa: faster on tensor
 *     cores, and less exact
 * @param nondeterministic whether libraries may take algorithms that give other bits in another run
 */
public record Kernels(String name, Path plan, boolean tf32, boolean nondeterministic) {

    /** Those that the backend takes when it is not told. */
    public static final String OWN_CHOICE = "auto";

    /** Those that a plan names, where it was made for ops of the same shapes, and the backend's own choice elsewhere. */
    public static final String TUNED = "tuned";

    /** Checks that there is a plan where one is needed. */
    public Kernels {
        if (name.equals(TUNED) != (plan != null)) {
            throw new IllegalArgumentException("kernels '%s' need a plan, and no others take one; got kernels '%s' %s"
                    .formatted(TUNED, name, plan == null ? "without a plan" : "and the plan " + plan));
        }
    }

    /** Those of a name, in fp32 and deterministic. */
    public static Kernels of(String name) {
        return new Kernels(name, null, false, false);
    }

    /** The backend's own choice. */
    public static Kernels ownChoice() {
        return of(OWN_CHOICE);
    }

    /** Those that a plan names; TF32 and nondeterministic algorithms that it takes have to be allowed here, too. */
    public static Kernels tuned(Path plan) {
        return new Kernels(TUNED, plan, false, false);
    }

    /** The same, with {@link #tf32}. */
    public Kernels allowTf32() {
        return new Kernels(name, plan, true, nondeterministic);
    }

    /** The same, with {@link #nondeterministic}. */
    public Kernels allowNondeterministic() {
        return new Kernels(name, plan, tf32, true);
    }

    /** For example {@code cudnn TF32}. */
    @Override
    public String toString() {
        return name + (tf32 ? " TF32" : "") + (nondeterministic ? " nondeterministic" : "");
    }
}
