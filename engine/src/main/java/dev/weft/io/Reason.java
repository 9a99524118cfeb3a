package dev.weft.io;

import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;

/** Why a file cannot be read or written, and what to do. Java's own messages are often a path alone, or null. */
public final class Reason {
    /** By a part of the system's message. */
    private static final Map<String, String> SYSTEM = Map.of(
            "No space left", "the disk is full; free some space, or name a place on another disk",
            "quota exceeded", "the disk quota is used up; free some space, or name a place on another disk",
            "Read-only file system", "the disk can only be read; name a place on another one",
            "Not a directory", "a part of its path is not a folder",
            "File name too long", "its name is too long; take a shorter one",
            "symbolic links", "its symbolic links lead in a circle");

    private Reason() {}

    /** The reason in one line, for the end of a message. */
    public static String of(Throwable e) {
        if (e instanceof NoSuchFileException missing) {
            return missing.getFile() + " does not exist";
        }
        if (e instanceof AccessDeniedException denied) {
            return "permission denied for " + denied.getFile() + "; change its permissions, or name another place";
        }
        if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
            return ((FileSystemException) e).getFile() + " is not a folder";
        }
        if (e instanceof CharacterCodingException) {
            return "it is not UTF-8 text";
        }
        String text = e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : e.getMessage();
        if (text == null || text.isBlank()) {
            return e.getClass().getSimpleName();
        }
        return SYSTEM.entrySet().stream()
                .filter(entry -> text.contains(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(text);
    }
}
