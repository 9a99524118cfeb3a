package dev.weft.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.weft.DataException;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Files of named tensors in the safetensors format: eight bytes with the length of a JSON header (little-endian), the
 * header with type, shape and place of each tensor, then the values, little-endian and row-major. Weft writes F32 and
 * reads F32 and F64.
 */
public final class SafeTensors {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int HEADER_LENGTH_BYTES = 8;
    /** The format's own limit on the header. */
    private static final int MAX_HEADER_BYTES = 100_000_000;

    private static final String METADATA = "__metadata__";

    private SafeTensors() {}

    /**
     * Writes tensors as F32. The file appears under its name only when it is complete.
     *
     * @param metadata free text under names of its own
     * @throws DataException if the file cannot be written
     */
    public static void write(Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        Path temporary = file.resolveSibling(file.getFileName() + ".part");
        try {
            if (file.toAbsolutePath().getParent() != null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
            }
            // no channel: an interrupt of the thread would close it
            try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
                byte[] header = header(tensors, metadata);
                ByteBuffer start =
                        ByteBuffer.allocate(HEADER_LENGTH_BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
                out.write(start.putLong(header.length).put(header).array());
                for (HostTensor tensor : tensors.values()) {
                    float[] values = tensor.floats();
                    ByteBuffer bytes =
                            ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(values);
                    out.write(bytes.array());
                }
                out.getFD().sync();
            }
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException ignored) {
                e.addSuppressed(ignored);
            }
            throw new DataException("cannot write " + file + ": " + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage();
    }

    private static byte[] header(Map<String, HostTensor> tensors, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeObjectFieldStart(METADATA);
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                json.writeStringField(entry.getKey(), entry.getValue());
            }
            json.writeEndObject();
            long offset = 0;
            for (Map.Entry<String, HostTensor> entry : tensors.entrySet()) {
                long bytes = entry.getValue().elements() * (long) Float.BYTES;
                json.writeObjectFieldStart(entry.getKey());
                json.writeStringField("dtype", "F32");
                json.writeFieldName("shape");
                int[] shape = entry.getValue().shape().toArray();
                json.writeArray(shape, 0, shape.length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {offset, offset + bytes}, 0, 2);
                json.writeEndObject();
                offset += bytes;
            }
            json.writeEndObject();
        }
        while (out.size() % HEADER_LENGTH_BYTES != 0) {
            out.write(' ');
        }
        return out.toByteArray();
    }

    /**
     * Reads all tensors of a file: F32 as {@code float[]}, F64 as {@code double[]}.
     *
     * @throws DataException if the file is missing, truncated or malformed, or holds another type
     */
    public static Map<String, HostTensor> read(Path file) {
        return content(file).tensors;
    }

    /**
     * Reads the metadata of a file: free text by name; empty where it has none.
     *
     * @throws DataException as {@link #read}
     */
    public static Map<String, String> metadata(Path file) {
        return content(file).metadata;
    }

    /** All that a file holds. */
    private record Content(Map<String, String> metadata, Map<String, HostTensor> tensors) {}

    private static Content content(Path file) {
        try {
            byte[] content = Files.readAllBytes(file);
            ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
            if (content.length < HEADER_LENGTH_BYTES) {
                throw new DataException(file + " is no safetensors file: " + content.length + " bytes long");
            }
            long length = buffer.getLong(0);
            if (length < 2 || length > MAX_HEADER_BYTES) {
                throw new DataException(
                        file + " is no safetensors file: its header would be " + length + " bytes long");
            }
            if (length > content.length - HEADER_LENGTH_BYTES) {
                throw new DataException("%s is truncated: its header is %d bytes long, the whole file %d"
                        .formatted(file, length, content.length));
            }
            String header = new String(content, HEADER_LENGTH_BYTES, (int) length, StandardCharsets.UTF_8);
            int start = HEADER_LENGTH_BYTES + (int) length;
            Map<String, String> metadata = new LinkedHashMap<>();
            List<Entry> entries = entries(file, header, metadata);
            Map<String, HostTensor> tensors = new LinkedHashMap<>();
            for (Entry entry : entries) {
                HostTensor old = tensors.put(entry.name, entry.values(file, buffer, start));
                expect(file, old == null, "two tensors are named " + entry.name);
            }
            checkFilled(file, entries, content.length - start);
            return new Content(metadata, tensors);
        } catch (NoSuchFileException e) {
            throw new DataException("there is no file " + file, e);
        } catch (JsonProcessingException e) {
            throw new DataException(file + " has a malformed safetensors header: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new DataException("cannot read " + file + ": " + reason(e), e);
        }
    }

    /** The format allows neither overlaps nor gaps. */
    private static void checkFilled(Path file, List<Entry> entries, long bytes) {
        long end = 0;
        for (Entry entry :
                entries.stream().sorted(Comparator.comparingLong(Entry::from)).toList()) {
            expect(file, entry.from >= end, "tensor " + entry.name + " overlaps another one");
            expect(file, entry.from == end, "no tensor takes bytes %d to %d".formatted(end, entry.from));
            end = entry.to;
        }
        expect(file, end == bytes, "no tensor takes bytes %d to %d".formatted(end, bytes));
    }

    /** The tensors' lines in the header; what it says beside them goes to {@code metadata}. */
    private static List<Entry> entries(Path file, String header, Map<String, String> metadata) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (JsonParser json = JSON.createParser(header)) {
            expect(file, json.nextToken() == JsonToken.START_OBJECT, "its header is no JSON object");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                expect(file, json.nextToken() == JsonToken.START_OBJECT, "entry " + name + " is no object");
                if (name.equals(METADATA)) {
                    while (json.nextToken() == JsonToken.FIELD_NAME) {
                        String key = json.currentName();
                        expect(file, json.nextToken() == JsonToken.VALUE_STRING, "its metadata " + key + " is no text");
                        metadata.put(key, json.getText());
                    }
                } else {
                    entries.add(entry(file, json, name));
                }
            }
        }
        return entries;
    }

    private static Entry entry(Path file, JsonParser json, String name) throws IOException {
        String type = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            switch (field) {
                case "dtype" -> type = json.getText();
                case "shape" -> shape = longs(file, json, name);
                case "data_offsets" -> offsets = longs(file, json, name);
                default -> json.skipChildren();
            }
        }
        expect(
                file,
                type != null && shape != null && offsets != null && offsets.size() == 2,
                "tensor " + name + " needs dtype, shape and two data_offsets");
        return new Entry(name, type, shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> longs(Path file, JsonParser json, String name) throws IOException {
        expect(file, json.currentToken() == JsonToken.START_ARRAY, "tensor " + name + " has a malformed array");
        List<Long> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(
                    file,
                    json.currentToken() == JsonToken.VALUE_NUMBER_INT,
                    "tensor " + name + " has a malformed array");
            values.add(json.getLongValue());
        }
        return values;
    }

    private static void expect(Path file, boolean condition, String problem) {
        if (!condition) {
            throw new DataException(file + " is malformed: " + problem);
        }
    }

    /** A tensor's line in the header; offsets count from the end of the header. */
    private record Entry(String name, String type, List<Long> dimensions, long from, long to) {
        HostTensor values(Path file, ByteBuffer buffer, int start) {
            int width = type.equals("F64") ? Double.BYTES : Float.BYTES;
            expect(
                    file,
                    type.equals("F32") || type.equals("F64"),
                    "tensor %s has type %s; F32 and F64 can be read".formatted(name, type));
            int[] sizes = new int[dimensions.size()];
            double elements = 1; // a double, since a malformed shape may have more than a long holds
            for (int i = 0; i < sizes.length; i++) {
                long size = dimensions.get(i);
                expect(file, size >= 1 && size <= Integer.MAX_VALUE, "tensor " + name + " has the shape " + dimensions);
                sizes[i] = (int) size;
                elements *= size;
            }
            expect(
                    file,
                    from >= 0 && to >= from && to - from == elements * width,
                    "tensor %s of shape %s takes bytes %d to %d".formatted(name, dimensions, from, to));
            Shape shape = Shape.of(sizes);
            if (to > buffer.capacity() - start) {
                throw new DataException("%s is truncated: tensor %s ends at byte %d, the file at %d"
                        .formatted(file, name, start + to, buffer.capacity()));
            }
            ByteBuffer bytes =
                    buffer.slice(start + (int) from, (int) (to - from)).order(ByteOrder.LITTLE_ENDIAN);
            if (type.equals("F64")) {
                double[] values = new double[(int) shape.elements()];
                bytes.asDoubleBuffer().get(values);
                return HostTensor.of(shape, values);
            }
            float[] values = new float[(int) shape.elements()];
            bytes.asFloatBuffer().get(values);
            return HostTensor.of(shape, values);
        }
    }
}
