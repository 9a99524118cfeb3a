package dev.weft.samples;

import java.util.Iterator;

/** The names of all networks, for completion. */
final class NetworkNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Network.all().stream().map(Network::name).iterator();
    }
}
