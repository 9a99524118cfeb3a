package dev.weft.samples;

import dev.weft.layer.Activations;
import java.util.Iterator;

/** The names of all activations, for completion. */
final class ActivationNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Activations.names().iterator();
    }
}
