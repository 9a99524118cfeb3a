package dev.weft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir
    Path folder;

    private static Map<String, HostTensor> tensors() {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("conv1.weight", HostTensor.of(Shape.of(1, 2, 1, 2), 1f, -2f, Float.MIN_VALUE, Float.MAX_VALUE));
        tensors.put("conv1.bias", HostTensor.of(Shape.of(1), -0f));
        tensors.put("name \"with\" quotes, é", HostTensor.of(Shape.of(2), Float.NaN, Float.NEGATIVE_INFINITY));
        return tensors;
    }

    @Test
    void whatIsWrittenIsReadBackBitByBitAndInOrder() {
        Path file = folder.resolve("a/b/weights.safetensors");
        SafeTensors.write(file, tensors(), Map.of("format", "weft"));
        Map<String, HostTensor> read = SafeTensors.read(file);
        assertThat(read.keySet()).containsExactlyElementsOf(tensors().keySet());
        tensors().forEach((name, values) -> {
            assertThat(read.get(name).shape()).isEqualTo(values.shape());
            assertThat(read.get(name).floats()).containsExactly(values.floats());
        });
    }

    /** However the metadata come, of which maps of the JDK have another order in each run. */
    @Test
    void equalModelsAreEqualFiles() throws IOException {
        Path one = folder.resolve("one.safetensors");
        Path other = folder.resolve("other.safetensors");
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("network", "lenet5");
        metadata.put("dataset", "mnist");
        SafeTensors.write(one, tensors(), metadata);
        SafeTensors.write(other, tensors(), new TreeMap<>(metadata));
        assertThat(other).hasSameBinaryContentAs(one);
    }

    /** What other programs rely on: length, JSON header with offsets, little-endian values. */
    @Test
    void theFileHasTheFormatsLayout() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        SafeTensors.write(file, Map.of("x", HostTensor.of(Shape.of(2, 1), 1f, 2f)), Map.of("k", "v"));
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong();
        assertThat((8 + length) % 8).isZero();
        String header = new String(bytes.array(), 8, length, StandardCharsets.UTF_8);
        assertThat(header.strip())
                .isEqualTo("{\"__metadata__\":{\"k\":\"v\"},"
                        + "\"x\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}");
        assertThat(bytes.capacity()).isEqualTo(8 + length + 8);
        assertThat(bytes.getFloat(8 + length)).isEqualTo(1f);
        assertThat(bytes.getFloat(12 + length)).isEqualTo(2f);
    }

    @Test
    void metadataIsReadBack() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        Map<String, String> metadata = Map.of("network", "lenet5", "classes", "[\"a \\ b\",\"\u00e9\"]");
        SafeTensors.write(file, tensors(), metadata);

        assertThat(SafeTensors.metadata(file)).isEqualTo(metadata);
        assertThat(SafeTensors.metadata(file("{}", new byte[0]))).isEmpty();
        assertThatThrownBy(() -> SafeTensors.metadata(file("{\"__metadata__\":{\"k\":1}}", new byte[0])))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("its metadata k is no text");
    }

    @Test
    void doublesAreReadAsDoublesAndOtherFieldsAreSkipped() throws IOException {
        byte[] data = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(0.1)
                .putDouble(-3)
                .array();
        Path file =
                file("{\"x\":{\"extra\":{\"a\":[1]},\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", data);
        assertThat((double[]) SafeTensors.read(file).get("x").array()).containsExactly(0.1, -3);
    }

    @Test
    void aScalarHasTheEmptyShape() throws IOException {
        Path file = file("{\"x\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", new byte[4]);
        assertThat(SafeTensors.read(file).get("x").shape()).isEqualTo(Shape.of());
    }

    @Test
    void aFileCutOffAnywhereIsRefused() throws IOException {
        Path whole = folder.resolve("whole");
        SafeTensors.write(whole, tensors(), Map.of());
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = folder.resolve("cut");
        for (int length = 0; length < bytes.length; length++) {
            Files.write(cut, java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> SafeTensors.read(cut))
                    .as("%d of %d bytes", length, bytes.length)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining(cut.toString());
        }
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> SafeTensors.read(folder.resolve("none")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(folder.resolve("none").toString());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001})
    void aHeaderOfAnImpossibleLengthIsRefused(long length) throws IOException {
        Path file = folder.resolve("file");
        Files.write(
                file,
                ByteBuffer.allocate(64)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(length)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no safetensors file");
    }

    /** Headers for eight bytes of data. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "xx | malformed",
                "[] | malformed",
                "{\"x\":5} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2] | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]} | malformed",
                "{\"x\":{\"shape\":[2],\"data_offsets\":[0,8]}} | needs dtype, shape and two data_offsets",
                "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}} | needs dtype, shape and two data_offsets",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}} | needs dtype, shape and two data_offsets",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}} | needs dtype, shape and two data_offsets",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,16]}} | needs dtype, shape and two data_offsets",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}} | malformed array",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}} | malformed array",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}} | malformed array",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}} | no tensor takes bytes 0 to 8",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,8]}} | takes bytes 0 to 8",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}x | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} {} | text follows the header's end",
                "` {\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}` | does not begin with {",
                "{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | two dtypes",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}} | two shapes",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"data_offsets\":[0,8]}} | two data_offsets",
                "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}} | its metadata have a twice",
                "{\"__metadata__\":{},\"__metadata__\":{}} | two entries are named __metadata__",
                "{\"x\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}} | the dtype of tensor x is no text",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | shape [-2]",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]}} | shape [4294967298]",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]}} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647],\"data_offsets\":[0,18446744056529682436]}} | malformed",
                "{\"x\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}} | type F8_E4M3; F32, F16, BF16, F64, BOOL and integers can be read",
                "{\"x\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}} | takes bytes 0 to 8",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | takes bytes 0 to 4",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}} | takes bytes 0 to 8",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | takes bytes 8 to 0",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-4,4]}} | takes bytes -4 to 4",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | truncated",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,9223372036854775808]}} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775799,9223372036854775807]}} | truncated",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | overlap",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | no tensor",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | no tensor",
            })
    void aMalformedHeaderIsRefusedWithItsReason(String header, String reason) throws IOException {
        Path file = file(header, new byte[8]);
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(reason);
    }

    @Test
    void randomBytesAreRefused() throws IOException {
        Path file = folder.resolve("garbage");
        java.util.Random random = new java.util.Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(100)];
            random.nextBytes(bytes);
            if (bytes.length > 8) {
                java.util.Arrays.fill(bytes, 1, 8, (byte) 0);
            }
            Files.write(file, bytes);
            assertThatThrownBy(() -> SafeTensors.read(file)).isInstanceOf(DataException.class);
        }
    }

    /** Every type of the format that Weft reads, with values that show sign, rounding and byte order. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "F16  | 003c 00c4 0100 ff7b 007c | 1 -4 5.9604645e-8 65504 Infinity",
                "BF16 | 803f 80c0 ff7f | 1 -4 NaN",
                "I8   | 7f 80 ff | 127 -128 -1",
                "U8   | 7f 80 ff | 127 128 255",
                "BOOL | 00 01 | 0 1",
                "I16  | 0100 ffff | 1 -1",
                "U16  | 0100 ffff | 1 65535",
                "I32  | 01000000 ffffffff | 1 -1",
                "U32  | 01000000 ffffffff | 1 4294967295",
                "I64  | 0100000000000000 ffffffffffffffff | 1 -1",
                "U64  | 0100000000000000 ffffffffffffffff 00080000000000 80 | 1 18446744073709551615 9223372036854777856",
            })
    void allTypesAreConverted(String type, String hexadecimal, String expected) throws IOException {
        byte[] data = java.util.HexFormat.of().parseHex(hexadecimal.replace(" ", ""));
        double[] values =
                Stream.of(expected.split(" ")).mapToDouble(Double::parseDouble).toArray();
        Path file = file(
                "{\"x\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
                        .formatted(type, values.length, data.length),
                data);
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        HostTensor read = SafeTensors.read(file).get("x");
        assertThat(read.floats()).containsExactly(floats);
        if (read.array() instanceof double[] doubles) {
            assertThat(doubles).containsExactly(values);
        }
    }

    @Test
    void whatIsNotNeededMayBeOfAnyTypeAndEmpty() throws IOException {
        Path file = file(
                "{\"empty\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[2,2]},"
                        + "\"steps\":{\"dtype\":\"F8_E5M2\",\"shape\":[2],\"data_offsets\":[0,2]},"
                        + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}   ",
                new byte[] {1, 2, 0, 0, (byte) 0x80, 0x3f});
        assertThat(SafeTensors.read(file, List.of("x")).get("x").floats()).containsExactly(1f);
        assertThatThrownBy(() -> SafeTensors.read(file)).hasMessageContaining("tensor steps has type F8_E5M2");
        assertThatThrownBy(() -> SafeTensors.read(file, List.of("empty")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("tensor empty has the shape [3, 0], which holds no value");
        assertThatThrownBy(() -> SafeTensors.read(file, List.of("x", "y")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("has no tensor y, which is needed; it has empty, steps, x");
        Path empty = file("{\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", new byte[0]);
        assertThat(SafeTensors.read(empty)).isEmpty();
    }

    @Test
    void aHeaderThatIsNotUtf8IsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(file("{\"_\":{}}", new byte[0]));
        bytes[10] = (byte) 0xff;
        Path file = Files.write(folder.resolve("latin"), bytes);
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("not UTF-8");
    }

    /** A thousand tensors that all claim the same four MiB: four gigabytes, if they were read before they are checked. */
    @Test
    void tensorsThatShareTheirBytesTakeNoMemory() throws IOException {
        String entries = java.util.stream.IntStream.range(0, 1000)
                .mapToObj(i ->
                        "\"t%d\":{\"dtype\":\"F32\",\"shape\":[1048576],\"data_offsets\":[0,4194304]}".formatted(i))
                .collect(java.util.stream.Collectors.joining(",", "{", "}"));
        Path file = file(entries, new byte[4 << 20]);
        long before = allocatedBytes();
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("overlaps another one");
        assertThat(allocatedBytes() - before).isLessThan(8 << 20);
    }

    /** 200,000 tensors of one value each: objects for each, but no buffers. */
    @Test
    void manySmallTensorsTakeLittleMoreThanTheirHeader() throws IOException {
        int count = 200_000;
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < count; i++) {
            header.append("%s\"t%d\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}"
                    .formatted(i == 0 ? "" : ",", i, 4 * i, 4 * i + 4));
        }
        Path file = file(header.append('}').toString(), new byte[4 * count]);
        long before = allocatedBytes();
        assertThat(SafeTensors.read(file)).hasSize(count);
        assertThat(allocatedBytes() - before).isLessThan(2 * Files.size(file) + (300L << 20));
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    @Test
    void aFolderThatCannotBeMadeIsReported() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> SafeTensors.write(file.resolve("below/weights"), tensors(), Map.of()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot write");
        assertThat(Files.readString(file)).isEqualTo("x");
    }

    @Test
    void nothingButTheFileIsLeftBehind() throws IOException {
        SafeTensors.write(folder.resolve("weights"), tensors(), Map.of());
        SafeTensors.write(folder.resolve("weights"), tensors(), Map.of());
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.toList()).isEqualTo(List.of(folder.resolve("weights")));
        }
    }

    private Path file(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json).put(data);
        return Files.write(folder.resolve("file.safetensors"), bytes.array());
    }
}
