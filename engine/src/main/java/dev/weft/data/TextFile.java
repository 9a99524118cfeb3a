package dev.weft.data;

import dev.weft.DataException;
import dev.weft.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Text in UTF-8. A byte order mark is no part of it. */
final class TextFile {
    private static final char BYTE_ORDER_MARK = '\ufeff';

    private TextFile() {}

    /**
     * A line.
     *
     * @param number from 1
     * @param text without the line's end
     */
    record Line(int number, String text) {}

    /**
     * The whole text.
     *
     * @throws DataException if the file cannot be read, is empty, or no text in UTF-8; the message names the line
     */
    static String read(Path file) {
        ByteBuffer bytes = ByteBuffer.wrap(InputFile.read(file));
        // no byte makes more than one char
        CharBuffer chars = CharBuffer.allocate(bytes.remaining());
        CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
        CoderResult end = utf8.decode(bytes, chars, true);
        String text = chars.flip().toString();
        if (end.isError()) {
            throw new DataException("%s, line %d: this is not UTF-8; save the text in UTF-8"
                    .formatted(file, lines(text).size()));
        }
        int zero = text.indexOf(0);
        if (zero >= 0) {
            throw new DataException(
                    "%s, line %d: there is a character 0, so this is no text in UTF-8; save the text in UTF-8"
                            .formatted(file, lines(text.substring(0, zero)).size()));
        }
        boolean marked = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK;
        if (text.length() == (marked ? 1 : 0)) {
            throw new DataException(file + " is empty, a text is needed");
        }
        return marked ? text.substring(1) : text;
    }

    /** The lines of a text, which end with LF, CRLF or CR; at least one. */
    static List<Line> lines(String text) {
        List<Line> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r') {
                lines.add(new Line(lines.size() + 1, text.substring(from, i)));
                i += c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? 1 : 0;
                from = i + 1;
            }
        }
        lines.add(new Line(lines.size() + 1, text.substring(from)));
        return lines;
    }
}
