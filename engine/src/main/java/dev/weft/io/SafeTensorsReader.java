package dev.weft.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Reads safetensors files from anywhere: all of the header is checked against the file before any value is read. */
final class SafeTensorsReader {
    /** The format's own limit on the header. */
    private static final int MAX_HEADER_BYTES = 100_000_000;

    private static final int CHUNK_BYTES = 1 << 16;

    /** A name comes once in a file: tables of names that are known already would only grow. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final Path file;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Entry> entries = new ArrayList<>();
    private long dataBytes;

    private SafeTensorsReader(Path file) {
        this.file = file;
    }

    /** @param names null for all that hold values */
    static Map<String, HostTensor> read(Path file, Collection<String> names) {
        SafeTensorsReader reader = new SafeTensorsReader(file);
        return reader.open(in -> reader.tensors(in, names));
    }

    static Map<String, String> metadata(Path file) {
        SafeTensorsReader reader = new SafeTensorsReader(file);
        return reader.open(in -> reader.metadata);
    }

    private interface Body<T> {
        T read(DataInputStream in) throws IOException;
    }

    /** Reads and checks the header, then {@code body} from the first value on. */
    private <T> T open(Body<T> body) {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(InputFile.open(file), CHUNK_BYTES))) {
            long bytes = Files.size(file);
            if (bytes < SafeTensors.HEADER_LENGTH_BYTES) {
                throw new DataException(file + " is no safetensors file: " + bytes + " bytes long");
            }
            long header = Long.reverseBytes(in.readLong());
            if (header < 2 || header > MAX_HEADER_BYTES) {
                throw new DataException(
                        file + " is no safetensors file: its header would be " + header + " bytes long");
            }
            dataBytes = bytes - SafeTensors.HEADER_LENGTH_BYTES - header;
            if (dataBytes < 0) {
                throw new DataException("%s is truncated: its header is %d bytes long, the whole file %d"
                        .formatted(file, header, bytes));
            }
            readHeader(in.readNBytes((int) header));
            checkFilled();
            return body.read(in);
        } catch (JsonProcessingException e) {
            throw new DataException(file + " has a malformed safetensors header: " + e.getOriginalMessage(), e);
        } catch (EOFException e) {
            throw new DataException(file + " is truncated: it became shorter while it was read", e);
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    private static Reader utf8(byte[] bytes) {
        return new InputStreamReader(
                new ByteArrayInputStream(bytes),
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    private void readHeader(byte[] header) throws IOException {
        expect(header[0] == '{', () -> "its header does not begin with {");
        Set<String> names = new HashSet<>();
        try (JsonParser json = JSON.createParser(utf8(header))) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                expect(names.add(name), () -> "two entries are named " + name);
                expect(json.nextToken() == JsonToken.START_OBJECT, () -> "entry " + name + " is no object");
                if (name.equals(SafeTensors.METADATA)) {
                    readMetadata(json);
                } else {
                    entries.add(entry(json, name));
                }
            }
            expect(json.nextToken() == null, () -> "text follows the header's end");
        }
    }

    private void readMetadata(JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            expect(json.nextToken() == JsonToken.VALUE_STRING, () -> "its metadata " + key + " is no text");
            expect(metadata.put(key, json.getText()) == null, () -> "its metadata have " + key + " twice");
        }
    }

    private Entry entry(JsonParser json, String name) throws IOException {
        String type = null;
        long[] shape = null;
        long[] offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            switch (field) {
                case "dtype" -> {
                    expect(value == JsonToken.VALUE_STRING, () -> "the dtype of tensor " + name + " is no text");
                    expect(type == null, () -> "tensor " + name + " has two dtypes");
                    type = json.getText();
                }
                case "shape" -> {
                    expect(shape == null, () -> "tensor " + name + " has two shapes");
                    shape = longs(json, name);
                }
                case "data_offsets" -> {
                    expect(offsets == null, () -> "tensor " + name + " has two data_offsets");
                    offsets = longs(json, name);
                }
                default -> json.skipChildren();
            }
        }
        expect(
                type != null && shape != null && offsets != null && offsets.length == 2,
                () -> "tensor " + name + " needs dtype, shape and two data_offsets");
        Type known = Type.BY_NAME.get(type);
        Entry entry = new Entry(name, known, known == null ? type : known.name(), shape, offsets[0], offsets[1]);
        check(entry);
        return entry;
    }

    private long[] longs(JsonParser json, String name) throws IOException {
        expect(json.currentToken() == JsonToken.START_ARRAY, () -> "tensor " + name + " has a malformed array");
        long[] values = new long[4];
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(
                    json.currentToken() == JsonToken.VALUE_NUMBER_INT,
                    () -> "tensor " + name + " has a malformed array");
            values = count == values.length ? Arrays.copyOf(values, 2 * count) : values;
            values[count++] = json.getLongValue();
        }
        return Arrays.copyOf(values, count);
    }

    private void check(Entry entry) {
        double elements = 1; // a double, since a malformed shape may have more than a long holds
        for (long size : entry.shape) {
            elements *= size;
            expect(
                    size >= 0 && size <= Integer.MAX_VALUE,
                    () -> "tensor " + entry.name + " has the shape " + Arrays.toString(entry.shape));
        }
        boolean fits = entry.from >= 0
                && entry.to >= entry.from
                && (entry.type == null || entry.type.bytes * elements == entry.to - entry.from);
        expect(
                fits,
                () -> "tensor %s of type %s and shape %s takes bytes %d to %d"
                        .formatted(entry.name, entry.typeName, Arrays.toString(entry.shape), entry.from, entry.to));
        if (entry.to > dataBytes) {
            throw new DataException("%s is truncated: tensor %s ends %d bytes after the header, the file %d"
                    .formatted(file, entry.name, entry.to, dataBytes));
        }
    }

    /** The format allows neither overlaps nor gaps. */
    private void checkFilled() {
        long end = 0;
        for (Entry entry : inFileOrder()) {
            expect(entry.from >= end, () -> "tensor " + entry.name + " overlaps another one");
            expectTaken(end, entry.from);
            end = entry.to;
        }
        expectTaken(end, dataBytes);
    }

    private void expectTaken(long end, long next) {
        expect(end == next, () -> "no tensor takes bytes %d to %d".formatted(end, next));
    }

    private List<Entry> inFileOrder() {
        return entries.stream()
                .sorted(Comparator.comparingLong(Entry::from).thenComparingLong(Entry::to))
                .toList();
    }

    /** The tensors that are wanted, in the order of the header. */
    private Map<String, HostTensor> tensors(DataInputStream in, Collection<String> names) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        Set<String> wanted = names == null ? null : new HashSet<>(names);
        for (Entry entry : entries) {
            if (wanted == null ? !entry.isEmpty() : wanted.contains(entry.name)) {
                requireReadable(entry);
                tensors.put(entry.name, null);
            }
        }
        if (wanted != null) {
            for (String name : names) {
                requirePresent(tensors.containsKey(name), name);
            }
        }
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long at = 0;
        for (Entry entry : inFileOrder()) {
            if (tensors.containsKey(entry.name)) {
                in.skipNBytes(entry.from - at);
                tensors.put(entry.name, entry.values(in, chunk));
                at = entry.to;
            }
        }
        return tensors;
    }

    private void requireReadable(Entry entry) {
        String problem = null;
        if (entry.type == null) {
            problem = "has type %s; F32, F16, BF16, F64, BOOL and integers can be read".formatted(entry.typeName);
        } else if (entry.isEmpty()) {
            problem = "has the shape %s, which holds no value".formatted(Arrays.toString(entry.shape));
        } else if ((entry.to - entry.from) / entry.type.bytes > Integer.MAX_VALUE - Long.BYTES) {
            problem = "has the shape %s; at most 2^31 values are read".formatted(Arrays.toString(entry.shape));
        }
        if (problem != null) {
            throw new DataException("%s: tensor %s %s".formatted(file, entry.name, problem));
        }
    }

    private void requirePresent(boolean condition, String name) {
        if (!condition) {
            throw new DataException("%s has no tensor %s, which is needed; it has %s"
                    .formatted(
                            file,
                            name,
                            Quote.names(entries.stream().map(Entry::name).toList())));
        }
    }

    private void expect(boolean condition, Supplier<String> problem) {
        if (!condition) {
            throw new DataException(file + " is malformed: " + problem.get());
        }
    }

    /** The types that Weft reads. */
    private enum Type {
        F32(4, true),
        F16(2, true),
        BF16(2, true),
        I8(1, true),
        U8(1, true),
        I16(2, true),
        U16(2, true),
        BOOL(1, true),
        F64(8, false),
        I32(4, false),
        U32(4, false),
        I64(8, false),
        U64(8, false);

        private static final Map<String, Type> BY_NAME =
                Arrays.stream(values()).collect(Collectors.toMap(Type::name, type -> type));

        private final int bytes;
        /** Whether a float holds all values. */
        private final boolean single;

        Type(int bytes, boolean single) {
            this.bytes = bytes;
            this.single = single;
        }

        private float single(ByteBuffer in) {
            return switch (this) {
                case F32 -> in.getFloat();
                case F16 -> half(in.getShort());
                case BF16 -> Float.intBitsToFloat(in.getShort() << Short.SIZE);
                case I8 -> in.get();
                case U8 -> Byte.toUnsignedInt(in.get());
                case I16 -> in.getShort();
                case U16 -> Short.toUnsignedInt(in.getShort());
                case BOOL -> in.get() == 0 ? 0 : 1;
                default -> throw new IllegalStateException(name());
            };
        }

        private double twofold(ByteBuffer in) {
            return switch (this) {
                case F64 -> in.getDouble();
                case I32 -> in.getInt();
                case U32 -> Integer.toUnsignedLong(in.getInt());
                case I64 -> in.getLong();
                case U64 -> unsigned(in.getLong());
                default -> throw new IllegalStateException(name());
            };
        }

        /** IEEE 754 binary16: a sign, five bits of exponent, ten of the fraction. */
        private static float half(short bits) {
            int exponent = bits >>> 10 & 0x1f;
            int fraction = bits & 0x3ff;
            float magnitude;
            if (exponent == 0) {
                magnitude = fraction * 0x1p-24f;
            } else if (exponent == 31) {
                magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
            } else {
                magnitude = Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
            }
            return bits < 0 ? -magnitude : magnitude;
        }

        private static double unsigned(long bits) {
            // half of it, with the lost bit kept for the rounding
            return bits >= 0 ? bits : 2 * (double) (bits >>> 1 | bits & 1);
        }
    }

    /**
     * A tensor's line in the header.
     *
     * @param type null where it is none that Weft reads
     * @param from counted from the end of the header
     */
    private record Entry(String name, Type type, String typeName, long[] shape, long from, long to) {
        boolean isEmpty() {
            return from == to;
        }

        HostTensor values(DataInputStream in, ByteBuffer chunk) throws IOException {
            Shape sizes =
                    Shape.of(Arrays.stream(shape).mapToInt(Math::toIntExact).toArray());
            int elements = (int) sizes.elements();
            float[] singles = type.single ? new float[elements] : null;
            double[] doubles = type.single ? null : new double[elements];
            for (int i = 0; i < elements; ) {
                int count = Math.min(CHUNK_BYTES / type.bytes, elements - i);
                in.readFully(chunk.clear().array(), 0, count * type.bytes);
                if (type == Type.F32) {
                    chunk.asFloatBuffer().get(singles, i, count);
                    i += count;
                    continue;
                }
                for (int end = i + count; i < end; i++) {
                    if (type.single) {
                        singles[i] = type.single(chunk);
                    } else {
                        doubles[i] = type.twofold(chunk);
                    }
                }
            }
            return type.single ? HostTensor.of(sizes, singles) : HostTensor.of(sizes, doubles);
        }
    }
}
