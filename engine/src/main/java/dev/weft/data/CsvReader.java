package dev.weft.data;

import dev.weft.DataException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads records of comma-separated values as RFC 4180 has them: fields may stand in quotes, and may then hold commas, line
 * ends, and quotes, each written twice. Lines end with LF or CRLF; empty lines are passed over. The file is UTF-8.
 */
final class CsvReader implements AutoCloseable {
    private static final int END = -1;

    private final String name;
    private final PushbackReader in;
    private int line = 1;
    private int recordLine;

    private CsvReader(String name, Reader in) {
        this.name = name;
        this.in = new PushbackReader(in);
    }

    /** @param name the file, for messages */
    static CsvReader of(String name, Reader text) {
        return new CsvReader(name, text);
    }

    static CsvReader open(Path file) {
        try {
            BufferedReader reader = Files.newBufferedReader(file);
            CsvReader csv = new CsvReader(file.toString(), reader);
            int first = csv.in.read();
            boolean byteOrderMark = first == 0xFEFF;
            if (first != END && !byteOrderMark) {
                csv.in.unread(first);
            }
            return csv;
        } catch (NoSuchFileException e) {
            throw new DataException(file + " does not exist", e);
        } catch (CharacterCodingException e) {
            throw new DataException(file + " is not UTF-8 text", e);
        } catch (IOException e) {
            throw new DataException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * The fields of the next record, or null at the end.
     *
     * @throws DataException if the quotes are wrong, or the file cannot be read
     */
    List<String> next() {
        try {
            int c = in.read();
            while (c == '\n' || c == '\r') {
                line += c == '\n' ? 1 : 0;
                c = in.read();
            }
            if (c == END) {
                return null;
            }
            in.unread(c);
            recordLine = line;
            return fields();
        } catch (CharacterCodingException e) {
            throw new DataException("%s is not UTF-8 text, from line %d or a little after it".formatted(name, line), e);
        } catch (IOException e) {
            throw new DataException("cannot read %s: %s".formatted(name, e.getMessage()), e);
        }
    }

    private List<String> fields() throws IOException {
        List<String> fields = new ArrayList<>();
        while (true) {
            fields.add(field());
            int c = in.read();
            if (c == ',') {
                continue;
            }
            if (c == '\r') {
                c = in.read();
            }
            if (c == '\n') {
                line++;
            } else if (c != END) {
                throw error(
                        line, "after the closing quote comes '" + (char) c + "', a comma or the line's end is needed");
            }
            return fields;
        }
    }

    /** Reads up to the comma or line end, which is left. */
    private String field() throws IOException {
        int c = in.read();
        if (c == '"') {
            return quoted();
        }
        StringBuilder text = new StringBuilder();
        while (c != ',' && c != '\n' && c != END) {
            if (c == '"') {
                throw error(line, "a quote within an unquoted field");
            }
            text.append((char) c);
            c = in.read();
        }
        if (c != END) {
            in.unread(c);
        }
        int length = text.length();
        if (c != ',' && length > 0 && text.charAt(length - 1) == '\r') {
            text.setLength(length - 1);
        }
        return text.toString();
    }

    private String quoted() throws IOException {
        int start = line;
        StringBuilder text = new StringBuilder();
        while (true) {
            int c = in.read();
            if (c == END) {
                throw error(start, "a quote is never closed");
            }
            if (c == '"') {
                int after = in.read();
                if (after != '"') {
                    if (after != END) {
                        in.unread(after);
                    }
                    return text.toString();
                }
            }
            line += c == '\n' ? 1 : 0;
            text.append((char) c);
        }
    }

    /** Where the last record began, from 1. */
    int line() {
        return recordLine;
    }

    /** An error in a line of this file. */
    DataException error(int where, String message) {
        return new DataException("%s, line %d: %s".formatted(name, where, message));
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new DataException("cannot close %s: %s".formatted(name, e.getMessage()), e);
        }
    }
}
