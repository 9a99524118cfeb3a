package dev.weft.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.weft.DataException;
import dev.weft.tensor.HostTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * Files of named tensors in the safetensors format: eight bytes with the length of a JSON header (little-endian), the
 * header with type, shape and place of each tensor, then the values, little-endian and row-major. Weft writes F32. It reads
 * F32, F16, BF16, I8, U8, I16, U16 and BOOL as {@code float[]}, which holds all their values, and F64, I32, U32, I64 and U64 as
 * {@code double[]}, which rounds integers beyond 2^53.
 */
public final class SafeTensors {
    static final int HEADER_LENGTH_BYTES = Long.BYTES;
    static final String METADATA = "__metadata__";

    private static final int CHUNK_BYTES = 1 << 16;

    private SafeTensors() {}

    /**
     * Writes tensors as F32, by {@link OutputFile}.
     *
     * @param metadata free text under names of its own, which the file has in alphabetical order: so equal models are equal
     *     files
     * @throws DataException if the file cannot be written
     */
    public static void write(Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        OutputFile.write(file, out -> {
            byte[] header = header(tensors, metadata);
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            out.write(chunk.array(), 0, chunk.putLong(header.length).position());
            out.write(header);
            for (HostTensor tensor : tensors.values()) {
                write(out, tensor.floats(), chunk);
            }
        });
    }

    private static void write(OutputStream out, float[] values, ByteBuffer chunk) throws IOException {
        int capacity = chunk.capacity() / Float.BYTES;
        for (int from = 0; from < values.length; from += capacity) {
            int count = Math.min(capacity, values.length - from);
            chunk.clear().asFloatBuffer().put(values, from, count);
            out.write(chunk.array(), 0, count * Float.BYTES);
        }
    }

    private static byte[] header(Map<String, HostTensor> tensors, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            json.writeObjectFieldStart(METADATA);
            for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
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
     * Reads all tensors of a file that hold values; those of a shape with a dimension 0 are left out.
     *
     * @throws DataException if the file is missing, truncated or not as the format has it, or holds another type
     */
    public static Map<String, HostTensor> read(Path file) {
        return SafeTensorsReader.read(file, null);
    }

    /**
     * Reads the tensors of these names; what else the file holds may be of any type.
     *
     * @throws DataException as {@link #read(Path)}, or if one is not there; the message says which are
     */
    public static Map<String, HostTensor> read(Path file, Collection<String> names) {
        return SafeTensorsReader.read(file, names);
    }

    /**
     * Reads the metadata of a file: free text by name; empty where it has none.
     *
     * @throws DataException if the file is missing, truncated or not as the format has it
     */
    public static Map<String, String> metadata(Path file) {
        return SafeTensorsReader.metadata(file);
    }
}
