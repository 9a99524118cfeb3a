package dev.weft.data;

import dev.weft.DataException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file of a public data set, known by its digest.
 *
 * @param name its usual name, without {@code .gz}
 * @param bytes size of the uncompressed content; no more is ever fetched
 * @param sha256 SHA-256 of the uncompressed content, as 64 hexadecimal digits
 */
public record DataFile(String name, long bytes, String sha256) {

    /**
     * Compares content with the digest.
     *
     * @param origin where the content comes from, for the message
     * @throws DataException unless the content has this file's digest
     */
    public void verify(String origin, byte[] content) {
        String found = sha256(content);
        if (!found.equals(sha256)) {
            throw new DataException("%s is not the published %s: %,d bytes with SHA-256 %s..., needed is %s..."
                    .formatted(origin, name, content.length, start(found), start(sha256)));
        }
    }

    private static String start(String digest) {
        return digest.substring(0, 12);
    }

    /** The SHA-256 digest of the content, as 64 hexadecimal digits. */
    public static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
