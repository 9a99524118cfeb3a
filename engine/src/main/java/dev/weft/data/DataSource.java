package dev.weft.data;

import java.io.IOException;
import java.util.List;

/** A place on the network that a data set's files can be had from. */
public interface DataSource {

    /** For messages: {@code https://example.org/mnist/}. */
    String name();

    /**
     * Fetches files and hands the uncompressed content of each to {@code store}, which verifies it.
     *
     * @throws IOException if one of them cannot be had; those before it are stored
     * @throws dev.weft.DataException if one of them is not what it should be
     */
    void fetch(List<DataFile> files, Progress progress, Store store) throws IOException, InterruptedException;

    /** Takes a file that was fetched. */
    @FunctionalInterface
    interface Store {
        void put(DataFile file, byte[] content) throws IOException;
    }

    /** Looks on while something is fetched; may be called on another thread. */
    @FunctionalInterface
    interface Progress {
        /**
         * @param what the address that is fetched
         * @param done bytes so far
         * @param total bytes in all, -1 where that is not known
         */
        void bytes(String what, long done, long total);
    }
}
