package dev.weft.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.weft.DataException;
import dev.weft.Quote;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value in a JSON text that anybody may have written. It knows its place, so that every error tells file, line, column and
 * path. A text is bounded in length, depth and number of values, and with that the memory that it takes.
 */
final class JsonValue {
    /** A description of the largest graph that is read has a few million. */
    static final int MAX_CHARACTERS = 16 << 20;

    static final int MAX_VALUES = 500_000;
    static final int MAX_DEPTH = 64;

    /** A name comes from a file: tables of names that are known already would only grow. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private final Document document;
    private final JsonValue parent;
    private final int line;
    private final int column;
    /** A map of members, a list of items, a text, a boolean, a {@link Digits}, or null. */
    private Object value;

    private JsonValue(Document document, JsonValue parent, JsonLocation place) {
        this.document = document;
        this.parent = parent;
        this.line = place.getLineNr();
        this.column = place.getColumnNr();
    }

    /** A number as it is written, so that none is rounded twice. */
    private record Digits(String text) {}

    private static final class Document {
        private final String source;
        private int values;

        private Document(String source) {
            this.source = source;
        }
    }

    /**
     * Reads a text that is one JSON value.
     *
     * @param source what errors call the text, a file's name for example
     * @throws DataException if it is no JSON, or beyond the bounds
     */
    static JsonValue parse(String source, String text) {
        if (text.length() > MAX_CHARACTERS) {
            throw new DataException("%s is too long for a description: %,d characters, at most %,d are read"
                    .formatted(source, text.length(), MAX_CHARACTERS));
        }
        try (JsonParser json = JSON.createParser(text)) {
            try {
                return root(json, source);
            } catch (JsonProcessingException e) {
                // one that is about the bounds does not know its place
                JsonLocation place = e.getLocation() == null ? json.currentLocation() : e.getLocation();
                throw new DataException(
                        "%s, line %d, column %d: no valid JSON: %s"
                                .formatted(source, place.getLineNr(), place.getColumnNr(), e.getOriginalMessage()),
                        e);
            }
        } catch (IOException e) {
            throw new IllegalStateException("a text in memory cannot fail", e);
        }
    }

    private static JsonValue root(JsonParser json, String source) throws IOException {
        if (json.nextToken() == null) {
            throw new DataException(source + " is empty; it needs a description in JSON");
        }
        Document document = new Document(source);
        JsonValue root = read(json, document, null);
        if (json.nextToken() != null) {
            throw new JsonValue(document, null, json.currentTokenLocation()).error("ends here, and more text follows");
        }
        return root;
    }

    /** Reads the value that begins at the current token. */
    private static JsonValue read(JsonParser json, Document document, JsonValue parent) throws IOException {
        JsonValue read = new JsonValue(document, parent, json.currentTokenLocation());
        if (++document.values > MAX_VALUES) {
            throw read.error("is one of more than %,d values, more than any description needs".formatted(MAX_VALUES));
        }
        switch (json.currentToken()) {
            case START_OBJECT -> {
                Map<String, JsonValue> members = new LinkedHashMap<>();
                read.value = members;
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    json.nextToken();
                    if (members.containsKey(name)) {
                        throw read.error("has %s twice".formatted(Quote.text(name)));
                    }
                    members.put(name, null);
                    members.put(name, read(json, document, read));
                }
            }
            case START_ARRAY -> {
                List<JsonValue> items = new ArrayList<>();
                read.value = items;
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    items.add(read(json, document, read));
                }
            }
            case VALUE_STRING -> read.value = json.getText();
            case VALUE_TRUE, VALUE_FALSE -> read.value = json.getBooleanValue();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> read.value = new Digits(json.getText());
            default -> read.value = null;
        }
        return read;
    }

    /** What is wrong with this value, for example {@code needs a text}, behind its place. */
    DataException error(String problem) {
        return error(problem, null);
    }

    /** The same with what led to it. */
    DataException error(String problem, Throwable cause) {
        String path = path();
        return new DataException(
                "%s, line %d, column %d: %s%s%s"
                        .formatted(document.source, line, column, path, path.isEmpty() ? "" : " ", problem),
                cause);
    }

    /** For example {@code nodes[3].window.height}; empty for the whole. */
    private String path() {
        if (parent == null) {
            return "";
        }
        if (parent.value instanceof List<?> items) {
            return parent.path() + "[" + indexIn(items) + "]";
        }
        String above = parent.path();
        for (Map.Entry<?, ?> member : ((Map<?, ?>) parent.value).entrySet()) {
            // a value that is still being read is not there yet
            if (member.getValue() == this || member.getValue() == null) {
                String name = Quote.names(List.of((String) member.getKey()));
                return above.isEmpty() ? name : above + "." + name;
            }
        }
        throw new IllegalStateException("a value that its parent does not have");
    }

    /** The number of items before this one, also while it is still being read. */
    private int indexIn(List<?> items) {
        int index = 0;
        while (index < items.size() && items.get(index) != this) {
            index++;
        }
        return index;
    }

    private String described() {
        if (value instanceof Map<?, ?>) {
            return "an object {...}";
        }
        if (value instanceof List<?>) {
            return "a list [...]";
        }
        if (value instanceof String text) {
            return "the text " + Quote.text(text);
        }
        if (value == null) {
            return "null, which is no value";
        }
        return Quote.text(value instanceof Digits digits ? digits.text : String.valueOf(value))
                .replace("'", "");
    }

    private DataException needs(String what) {
        return error("needs %s, got %s".formatted(what, described()));
    }

    boolean isNull() {
        return value == null;
    }

    boolean isText() {
        return value instanceof String;
    }

    /** The members of an object by name. */
    @SuppressWarnings("unchecked")
    Map<String, JsonValue> members() {
        if (value instanceof Map<?, ?>) {
            return (Map<String, JsonValue>) value;
        }
        throw needs("an object {...}");
    }

    /** The member of this name. */
    JsonValue member(String name) {
        JsonValue member = members().get(name);
        if (member == null) {
            throw error("has no \"%s\"".formatted(name));
        }
        return member;
    }

    /** Refuses members of other names: a misspelt one would be passed over in silence. */
    void requireMembersAmong(List<String> names) {
        for (Map.Entry<String, JsonValue> member : members().entrySet()) {
            if (!names.contains(member.getKey())) {
                throw member.getValue()
                        .error("is not known here; there %s %s"
                                .formatted(names.size() == 1 ? "is" : "are", String.join(", ", names)));
            }
        }
    }

    /** The items of a list. */
    @SuppressWarnings("unchecked")
    List<JsonValue> items() {
        if (value instanceof List<?>) {
            return (List<JsonValue>) value;
        }
        throw needs("a list [...]");
    }

    String text() {
        if (value instanceof String text) {
            return text;
        }
        throw needs("a text");
    }

    boolean bool() {
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw needs("true or false");
    }

    /** A whole number within bounds. */
    long whole(long least, long most) {
        if (value instanceof Digits digits) {
            try {
                long number = Long.parseLong(digits.text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // neither are fractions and numbers beyond a long
            }
        }
        throw needs("a whole number from %d to %d".formatted(least, most));
    }

    /** A number, rounded to the next double. */
    double number() {
        if (value instanceof Digits digits) {
            double number = Double.parseDouble(digits.text);
            if (Double.isFinite(number)) {
                return number;
            }
        }
        throw needs("a finite number");
    }

    /** A number, rounded to the next float. */
    float single() {
        if (value instanceof Digits digits) {
            float number = Float.parseFloat(digits.text);
            if (Float.isFinite(number)) {
                return number;
            }
        }
        throw needs("a finite number of single precision");
    }
}
