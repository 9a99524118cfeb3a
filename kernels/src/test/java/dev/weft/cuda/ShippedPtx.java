package dev.weft.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The kernels' sources and the PTX that is made of them, as files of the project. */
final class ShippedPtx {
    private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"(.*)\"$");
    private static final Pattern ENTRY = Pattern.compile("(?m)^\\.visible \\.entry (\\w+)\\(");

    private ShippedPtx() {}

    private static Path module() {
        return Files.exists(Path.of("src/main/cuda")) ? Path.of("") : Path.of("kernels");
    }

    /** The stems of all sources. */
    static List<String> sources() {
        return stems(module().resolve("src/main/cuda"), ".cu");
    }

    /** The stems of all PTX files. */
    static List<String> modules() {
        return stems(module().resolve("src/main/resources/dev/weft/cuda"), ".ptx");
    }

    private static List<String> stems(Path folder, String ending) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path file(String stem) {
        return module().resolve("src/main/resources/dev/weft/cuda/" + stem + ".ptx");
    }

    static String ptx(String stem) {
        return read(file(stem));
    }

    /** The names of the kernels in a PTX file. */
    static List<String> entries(String stem) {
        List<String> entries = new ArrayList<>();
        Matcher matcher = ENTRY.matcher(ptx(stem));
        while (matcher.find()) {
            entries.add(matcher.group(1));
        }
        return entries;
    }

    /** The stamp that {@code scripts/build-kernels} gives to a source as it is now. */
    static String stamp(String stem) {
        String script = read(module().toAbsolutePath().resolveSibling("scripts/build-kernels"));
        String options = String.join(
                " ", value(script, "options=\\((.*)\\)"), value(script, "version=(.*)"), value(script, "hints='(.*)'"));
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((text(stem + ".cu") + options + "\n").getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String value(String script, String pattern) {
        Matcher matcher = Pattern.compile("(?m)^" + pattern + "$").matcher(script);
        if (!matcher.find()) {
            throw new AssertionError("scripts/build-kernels has no line " + pattern);
        }
        return matcher.group(1);
    }

    /** A source and all that it includes, as {@code scripts/build-kernels} puts them together. */
    private static String text(String file) {
        String source = read(module().resolve("src/main/cuda/" + file));
        StringBuilder text = new StringBuilder(source);
        Matcher include = INCLUDE.matcher(source);
        while (include.find()) {
            text.append(text(include.group(1)));
        }
        return text.toString();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
