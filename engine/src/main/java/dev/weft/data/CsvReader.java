package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.io.InputFile;
import dev.weft.io.Reason;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the records of a table in text. The form is RFC 4180's: fields may stand in quotes, and may then hold separators,
 * line ends, and quotes, each written twice. Fields are separated by commas, semicolons or tabs, whichever the first record
 * has; lines end with LF, CRLF or CR. Records without any text, and lines that begin with {@code #}, are passed over. The
 * file is UTF-8. Where the caller allows it, a file whose first record has none of these separators may have blanks in their place.
 */
final class CsvReader implements AutoCloseable {
    static final int MAX_FIELD = 100_000;

    private static final int END = -1;
    private static final int BYTE_ORDER_MARK = 0xFEFF;
    /** Where as many are found, the first one counts. */
    private static final String SEPARATORS = "\t;,";

    private static final char BLANK = ' ';

    private final String name;
    private final Reader in;
    private final boolean blanks;
    private final char[] buffer = new char[1 << 16];
    private final StringBuilder text = new StringBuilder();
    private int filled;
    private int position;
    private char separator;
    private int line = 1;
    private int comments;

    /**
     * A record.
     *
     * @param line where it began, from 1
     */
    record Row(int line, List<String> fields) {}

    /**
     * @param name the file, for messages
     * @param blanks whether fields may be separated by blanks
     */
    CsvReader(String name, Reader in, boolean blanks) {
        this.name = name;
        this.in = in;
        this.blanks = blanks;
    }

    static CsvReader open(Path file, boolean blanks) {
        if (Files.isDirectory(file)) {
            throw new DataException(file + " is a folder, a CSV file is needed");
        }
        // whose decoder refuses what is not UTF-8
        return new CsvReader(
                file.toString(),
                new InputStreamReader(InputFile.open(file), StandardCharsets.UTF_8.newDecoder()),
                blanks);
    }

    /**
     * The next record, or null at the end.
     *
     * @throws DataException if the quotes are wrong, the file is no text, or it cannot be read
     */
    Row next() {
        try {
            if (separator == 0) {
                if (peek() == BYTE_ORDER_MARK) {
                    position++;
                }
                skipComments();
                separator = findSeparator();
            }
            while (true) {
                skipComments();
                if (peek() == END) {
                    return null;
                }
                Row row = new Row(line, new ArrayList<>());
                readFields(row.fields);
                if (separator == BLANK) {
                    // a run of blanks is one separator, and the line may begin with one
                    row.fields.removeIf(String::isBlank);
                }
                if (!row.fields.stream().allMatch(String::isBlank)) {
                    return row;
                }
            }
        } catch (CharacterCodingException e) {
            throw new DataException(
                    "%s is not UTF-8 text, from line %d or a little after it; save the table as CSV in UTF-8"
                            .formatted(name, line),
                    e);
        } catch (IOException e) {
            throw new DataException("cannot read %s: %s".formatted(name, Reason.of(e)), e);
        }
    }

    private void skipComments() throws IOException {
        while (peek() == '#') {
            comments++;
            while (peek() != END && !atLineEnd()) {
                position++;
            }
            endLine();
        }
    }

    /**
     * The separator that the line at hand has most of. A comma between two digits may be a decimal one, and does not count
     * where there are others.
     */
    private char findSeparator() {
        int[] counts = new int[SEPARATORS.length()];
        int decimalCommas = 0;
        boolean quoted = false;
        boolean text = false;
        boolean blankBetween = false;
        for (int i = position; i < filled && (quoted || "\r\n".indexOf(buffer[i]) < 0); i++) {
            quoted ^= buffer[i] == '"';
            blankBetween |= text && !quoted && buffer[i] != BLANK && buffer[i - 1] == BLANK;
            text |= buffer[i] != BLANK;
            int found = quoted ? -1 : SEPARATORS.indexOf(buffer[i]);
            if (found >= 0) {
                counts[found]++;
                if (buffer[i] == ',' && digit(i - 1) && digit(i + 1)) {
                    decimalCommas++;
                }
            }
        }
        counts[SEPARATORS.indexOf(',')] -= decimalCommas;
        int best = SEPARATORS.indexOf(',');
        for (int i = counts.length - 1; i >= 0; i--) {
            best = counts[i] > 0 && counts[i] >= counts[best] ? i : best;
        }
        return blanks && blankBetween && counts[best] == 0 ? BLANK : SEPARATORS.charAt(best);
    }

    private boolean digit(int i) {
        return i >= position && i < filled && Character.isDigit(buffer[i]);
    }

    private void readFields(List<String> fields) throws IOException {
        while (true) {
            fields.add(field());
            if (peek() != separator) {
                endLine();
                return;
            }
            position++;
        }
    }

    /** Reads up to the separator or line end, which is left. */
    private String field() throws IOException {
        text.setLength(0);
        while (!atFieldEnd()) {
            int start = position;
            while (position < filled && isPlain(buffer[position])) {
                position++;
            }
            text.append(buffer, start, position - start);
            if (peek() == '"') {
                if (!text.toString().isBlank()) {
                    throw error(line, "a quote within an unquoted field");
                }
                return quoted();
            }
            checkText(peek());
        }
        return text.toString();
    }

    private boolean isPlain(char c) {
        return c != separator && c != '\n' && c != '\r' && c != '"' && c != 0;
    }

    /** Refuses what is no text, before the character {@code next}. */
    private void checkText(int next) {
        if (next == 0) {
            throw error(line, "there is a character 0, so this is no text in UTF-8; save the table as CSV in UTF-8");
        }
        if (text.length() > MAX_FIELD) {
            throw error(line, "a field of more than %,d characters".formatted(MAX_FIELD));
        }
    }

    private String quoted() throws IOException {
        int start = line;
        text.setLength(0);
        position++;
        while (true) {
            int c = peek();
            if (c == END || text.length() == MAX_FIELD) {
                throw error(
                        start,
                        "a quote is never closed" + (c == END ? "" : " within %,d characters".formatted(MAX_FIELD)));
            }
            if (c == '"') {
                position++;
                if (peek() != '"') {
                    break;
                }
            }
            checkText(c);
            line += c == '\n' ? 1 : 0;
            text.append((char) c);
            position++;
        }
        String field = text.toString();
        while (peek() == ' ' && separator != BLANK) {
            position++;
        }
        if (!atFieldEnd()) {
            throw error(
                    line,
                    "after the closing quote comes %s, %s or the line's end is needed"
                            .formatted(Quote.text(Character.toString((char) peek())), separatorName()));
        }
        return field;
    }

    private boolean atFieldEnd() throws IOException {
        int c = peek();
        return c == separator || c == END || atLineEnd();
    }

    private boolean atLineEnd() throws IOException {
        int c = peek();
        return c == '\n' || c == '\r';
    }

    /** Passes over LF, CRLF or CR. */
    private void endLine() throws IOException {
        if (peek() == END) {
            return;
        }
        line++;
        if (buffer[position++] == '\r' && peek() == '\n') {
            position++;
        }
    }

    /** The character at hand, or {@link #END}. */
    private int peek() throws IOException {
        if (position == filled) {
            position = 0;
            filled = 0;
            int count = in.read(buffer, 0, buffer.length);
            while (count > 0) {
                filled += count;
                count = in.read(buffer, filled, buffer.length - filled);
            }
        }
        return position == filled ? END : buffer[position];
    }

    /** Known from the first record on. */
    char separator() {
        return separator;
    }

    /** For messages. */
    String separatorName() {
        return switch (separator) {
            case '\t' -> "a tab";
            case ';' -> "a semicolon";
            case BLANK -> "a blank";
            default -> "a comma";
        };
    }

    /** How many lines were passed over because they begin with {@code #}. */
    int comments() {
        return comments;
    }

    /** The file, for messages. */
    String name() {
        return name;
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
            throw new DataException("cannot close %s: %s".formatted(name, Reason.of(e)), e);
        }
    }
}
