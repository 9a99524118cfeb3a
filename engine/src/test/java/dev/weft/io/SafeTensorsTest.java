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
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}} | shape [0]",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | shape [-2]",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]}} | shape [4294967298]",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]}} | malformed",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647],\"data_offsets\":[0,18446744056529682436]}} | malformed",
                "{\"x\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}} | type F16",
                "{\"x\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}} | type I32",
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

    /** A tensor that fails while it is written leaves the old file, and no other one. */
    @Test
    void aFailedWriteLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        SafeTensors.write(file, tensors(), Map.of());
        byte[] before = Files.readAllBytes(file);
        Path blocker = folder.resolve("weights.safetensors.part");
        Files.createDirectories(blocker.resolve("in the way"));
        assertThatThrownBy(() -> SafeTensors.write(file, tensors(), Map.of()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot write " + file);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
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
