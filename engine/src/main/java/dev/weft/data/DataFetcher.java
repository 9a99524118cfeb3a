package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.Warnings;
import dev.weft.io.OutputFile;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the files of a public data set: in the user's folder, in the cache, else from the first source that has them.
 * What comes from the network is verified by its SHA-256, and then kept in the cache.
 *
 * @param folder the user's folder, or null
 * @param cache where fetched files are kept, uncompressed
 * @param installed folders where packages of the system put the files; tried after the cache, and verified like it
 * @param sources tried in turn
 * @param offline whether the sources are left alone
 */
public record DataFetcher(
        Path folder,
        Path cache,
        List<Path> installed,
        List<DataSource> sources,
        boolean offline,
        DataSource.Progress progress) {
    private static final Logger LOG = LoggerFactory.getLogger(DataFetcher.class);

    /** {@code $XDG_CACHE_HOME/weft}, or {@code ~/.cache/weft} where that is not set. */
    public static Path defaultCache() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        // the XDG base directory specification: a relative path is to be ignored
        return xdg != null && Path.of(xdg).isAbsolute()
                ? Path.of(xdg, "weft")
                : Path.of(System.getProperty("user.home"), ".cache", "weft");
    }

    /**
     * The content of each file. Files of the user's folder come as they are: their reader checks their form, which gives the
     * clearer message, and then the digest.
     *
     * @throws DataException if a file cannot be had; the message lists what was tried and says what to do
     */
    Map<DataFile, Content> fetch(List<DataFile> files) {
        Map<DataFile, Content> found = new LinkedHashMap<>();
        List<String> tried = new ArrayList<>();
        if (folder != null) {
            findInFolder(files, found, tried);
        }
        findVerified("cache", cache, missing(files, found), found, tried);
        for (Path place : installed) {
            if (Files.isDirectory(place)) {
                findVerified("folder", place, missing(files, found), found, tried);
            }
        }
        if (missing(files, found).isEmpty()) {
            return found;
        }
        if (offline) {
            tried.add("network: not used, because of offline mode");
        } else {
            fetchFromSources(files, found, tried);
        }
        List<DataFile> missing = missing(files, found);
        if (!missing.isEmpty()) {
            throw new DataException(
                    "cannot find %s. Tried: %s. What to do: download the files on a machine with network access and name their folder with --data"
                            .formatted(names(missing), String.join("; ", tried)));
        }
        return found;
    }

    private static List<DataFile> missing(List<DataFile> files, Map<DataFile, Content> found) {
        return files.stream().filter(file -> !found.containsKey(file)).toList();
    }

    private static String names(List<DataFile> files) {
        return files.get(0).name() + (files.size() > 1 ? " and %d more".formatted(files.size() - 1) : "");
    }

    private void findInFolder(List<DataFile> files, Map<DataFile, Content> found, List<String> tried) {
        IdxFolder.requireFolder(folder);
        for (DataFile file : files) {
            IdxFolder.find(folder, file.name())
                    .ifPresent(path -> found.put(file, new Content(path.toString(), Idx.content(path))));
        }
        if (found.isEmpty()) {
            throw new DataException(
                    "%s holds none of the files %s, plain or gzip; name their folder with --data, or leave --data out to have them from the cache or the network"
                            .formatted(
                                    folder,
                                    Quote.names(
                                            files.stream().map(DataFile::name).toList())));
        }
        List<DataFile> missing = missing(files, found);
        if (!missing.isEmpty()) {
            Warnings.warn(LOG, "%s lacks %s; looking elsewhere".formatted(folder, names(missing)));
            tried.add("folder " + folder + ": no such files");
        }
    }

    /** Takes the files of a folder that are what they should be. */
    private static void findVerified(
            String what, Path place, List<DataFile> files, Map<DataFile, Content> found, List<String> tried) {
        boolean absent = false;
        for (DataFile file : files) {
            Optional<Path> path = IdxFolder.find(place, file.name());
            if (path.isEmpty()) {
                absent = true;
                continue;
            }
            try {
                Content content = new Content(path.get().toString(), Idx.content(path.get()));
                file.verify(content.origin(), content.bytes());
                found.put(file, content);
            } catch (DataException e) {
                Warnings.warn(LOG, "file of the %s not used: %s".formatted(what, e.getMessage()));
                tried.add(what + ": " + e.getMessage());
            }
        }
        if (absent) {
            tried.add("%s %s: no such files".formatted(what, place));
        }
    }

    private void fetchFromSources(List<DataFile> files, Map<DataFile, Content> found, List<String> tried) {
        try {
            // fails now, not after the download, where the cache is read-only
            OutputFile.check(cache.resolve(files.get(0).name()));
        } catch (DataException e) {
            throw new DataException(
                    "cannot write to the cache folder %s: %s. Set XDG_CACHE_HOME to a folder that can be written, or name a folder with the files with --data"
                            .formatted(cache, Reason.of(e.getCause())),
                    e);
        }
        for (DataSource source : sources) {
            List<DataFile> missing = missing(files, found);
            if (missing.isEmpty()) {
                return;
            }
            try {
                source.fetch(missing, progress, (file, content) -> {
                    file.verify("what came from there", content);
                    Path path = cache.resolve(file.name());
                    OutputFile.write(path, content);
                    found.put(file, new Content(path.toString(), content));
                });
                LOG.info("fetched {} file(s) from {} to {}", missing.size(), source.name(), cache);
            } catch (IOException | DataException e) {
                tried.add(source.name() + ": " + Reason.of(e));
                LOG.debug("{} failed", source.name(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DataException("interrupted while data were fetched from " + source.name(), e);
            }
        }
    }
}
