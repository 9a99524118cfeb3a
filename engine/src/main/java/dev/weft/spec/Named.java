package dev.weft.spec;

import dev.weft.Quote;
import dev.weft.WeftException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** What can be made by name, with settings where it has some. */
public final class Named<T> {
    private final String what;
    private final Map<String, Function<Spec, T>> makers = new LinkedHashMap<>();

    /**
     * An empty table.
     *
     * @param what is made, for messages: {@code optimizer}
     */
    public Named(String what) {
        this.what = what;
    }

    /**
     * Adds what is made by a name.
     *
     * @param maker asks for every setting that there is
     */
    public Named<T> add(String name, Function<Spec, T> maker) {
        makers.put(name, maker);
        return this;
    }

    /** All names, in the order in which they were added. */
    public Set<String> names() {
        return Collections.unmodifiableSet(makers.keySet());
    }

    /**
     * Makes something by its name: {@code rmsprop:decay=0.9}.
     *
     * @throws WeftException if there is none of that name, it has no such setting, or a value is out of range; the message lists
     *     what there is
     */
    public T make(String text) {
        Spec spec = Spec.parse(what, text);
        Function<Spec, T> maker = makers.get(spec.name());
        if (maker == null) {
            throw new WeftException("there is no %s %s; there are %s"
                    .formatted(what, Quote.text(spec.name()), String.join(", ", makers.keySet())));
        }
        try {
            T made = maker.apply(spec);
            spec.requireAllRead();
            return made;
        } catch (IllegalArgumentException e) {
            throw new WeftException("%s %s: %s".formatted(what, spec.name(), e.getMessage()), e);
        }
    }
}
