package dev.weft.layer;

import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.spec.Named;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The field's activation functions, each a formula. At a kink the derivative is that of the side which the comparison in the
 * formula does not choose: 0 for {@link #relu} at 0, the slope for {@link #leakyRelu}.
 */
public final class Activations {
    private static final Named<Function> KINDS = new Named<>("activation");

    /** Those of a program. */
    private static final Map<String, Function> OWN = new LinkedHashMap<>();

    static {
        KINDS.add("relu", s -> relu());
        KINDS.add("leaky-relu", s -> leakyRelu(s.number("slope", 0.01)));
        KINDS.add("elu", s -> elu(s.number("alpha", 1)));
        KINDS.add("selu", s -> selu());
        KINDS.add("celu", s -> celu(s.number("alpha", 1)));
        KINDS.add("gelu", s -> gelu());
        KINDS.add("gelu-tanh", s -> geluTanh());
        KINDS.add("silu", s -> silu());
        KINDS.add("mish", s -> mish());
        KINDS.add("softplus", s -> softplus());
        KINDS.add("softsign", s -> softsign());
        KINDS.add("sigmoid", s -> sigmoid());
        KINDS.add("hard-sigmoid", s -> hardSigmoid());
        KINDS.add("tanh", s -> tanh());
        KINDS.add("hard-tanh", s -> hardTanh());
        KINDS.add("hard-swish", s -> hardSwish());
        KINDS.add("exponential", s -> exponential());
    }

    private Activations() {}

    /** {@code max(x, 0)} (Nair and Hinton 2010). */
    public static Function relu() {
        return Function.of("relu", x -> x.max(0));
    }

    /** {@code x} above 0, else {@code slope x} (Maas et al. 2013). */
    public static Function leakyRelu(double slope) {
        return Function.of(named("leaky-relu", "slope", slope, 0.01), x -> positive(x, x, x.times(slope)));
    }

    /** {@code x} above 0, else {@code alpha (e^x - 1)} (Clevert et al. 2016, arXiv 1511.07289). */
    public static Function elu(double alpha) {
        requirePositive("alpha", alpha);
        return Function.of(
                named("elu", "alpha", alpha, 1),
                x -> positive(x, x, x.exp().minus(1).times(alpha)));
    }

    /** {@code 1.0507 elu(x)} with alpha 1.67326: keeps mean 0 and variance 1 (Klambauer et al. 2017, arXiv 1706.02515). */
    public static Function selu() {
        double alpha = 1.6732632423543772;
        double scale = 1.0507009873554805;
        return Function.of(
                "selu", x -> positive(x, x.times(scale), x.exp().minus(1).times(scale * alpha)));
    }

    /** {@code x} above 0, else {@code alpha (e^(x / alpha) - 1)} (Barron 2017, arXiv 1704.07483). */
    public static Function celu(double alpha) {
        requirePositive("alpha", alpha);
        return Function.of(
                named("celu", "alpha", alpha, 1),
                x -> positive(x, x, x.over(alpha).exp().minus(1).times(alpha)));
    }

    /** {@code x/2 (1 + erf(x / sqrt(2)))} (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
    public static Function gelu() {
        return Function.of(
                "gelu", x -> x.times(0.5).times(x.times(Math.sqrt(0.5)).erf().plus(1)));
    }

    /**
     * {@code x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}, the quicker form of {@link #gelu} from the same paper. Beyond 10, where
     * tanh is 1 in any case, the cube is that of 10, so that it does not overflow.
     */
    public static Function geluTanh() {
        return Function.of("gelu-tanh", x -> {
            Expr c = x.max(-10).min(10);
            Expr tanh = c.square()
                    .times(0.044715)
                    .plus(1)
                    .times(c)
                    .times(Math.sqrt(2 / Math.PI))
                    .tanh();
            return x.times(0.5).times(tanh.plus(1));
        });
    }

    /** {@code x sigmoid(x)}, also called swish (Elfwing et al. 2018, arXiv 1702.03118; Ramachandran et al. 2017). */
    public static Function silu() {
        return Function.of("silu", x -> x.times(x.sigmoid()));
    }

    /** {@code x tanh(log(1 + e^x))} (Misra 2020, arXiv 1908.08681). */
    public static Function mish() {
        return Function.of("mish", x -> x.times(x.softplus().tanh()));
    }

    /** {@code log(1 + e^x)} (Dugas et al. 2001). */
    public static Function softplus() {
        return Function.of("softplus", Expr::softplus);
    }

    /** {@code x / (1 + |x|)} (Bergstra et al. 2009). */
    public static Function softsign() {
        return Function.of("softsign", x -> x.over(x.abs().plus(1)));
    }

    /** {@code 1 / (1 + e^-x)}. */
    public static Function sigmoid() {
        return Function.of("sigmoid", Expr::sigmoid);
    }

    /** {@code x/6 + 1/2} between 0 and 1 (Howard et al. 2019, arXiv 1905.02244). */
    public static Function hardSigmoid() {
        return Function.of("hard-sigmoid", x -> x.over(6).plus(0.5).max(0).min(1));
    }

    /** The hyperbolic tangent. */
    public static Function tanh() {
        return Function.of("tanh", Expr::tanh);
    }

    /** {@code x} between -1 and 1 (Collobert 2004). */
    public static Function hardTanh() {
        return Function.of("hard-tanh", x -> x.max(-1).min(1));
    }

    /** {@code x} times {@link #hardSigmoid} (Howard et al. 2019, arXiv 1905.02244). */
    public static Function hardSwish() {
        return Function.of("hard-swish", x -> x.times(x.plus(3).max(0).min(6)).over(6));
    }

    /** {@code e^x}. */
    public static Function exponential() {
        return Function.of("exponential", Expr::exp);
    }

    private static Expr positive(Expr x, Expr then, Expr otherwise) {
        return Expr.constant(0).lessThan(x, then, otherwise);
    }

    private static void requirePositive(String setting, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(setting + " must be above 0, got " + value);
        }
    }

    private static String named(String kind, String setting, double value, double usual) {
        return value == usual ? kind : "%s:%s=%s".formatted(kind, setting, value);
    }

    /** The names of the functions that {@link #of} knows, those of a program's own included. */
    public static synchronized Set<String> names() {
        Set<String> names = new LinkedHashSet<>(KINDS.names());
        names.addAll(OWN.keySet());
        return names;
    }

    /** Makes a function of one's own known by its name, once for the JVM, before a model file that has it is written or read. */
    public static synchronized void register(Function function) {
        if (names().contains(function.name()) && !of(function.name()).equals(function)) {
            throw new WeftException(
                    "the activation " + Quote.text(function.name()) + " is another function; take another name");
        }
        OWN.put(function.name(), function);
    }

    /**
     * A function by its name, with settings where it has some: {@code gelu}, {@code elu:alpha=0.5}.
     *
     * @throws WeftException if there is none of that name; the message lists the names
     */
    public static synchronized Function of(String text) {
        Function own = OWN.get(text);
        return own != null ? own : KINDS.make(text);
    }
}
