package dev.weft.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.weft.WeftException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Gives a reader many files that were made from whole ones by random changes. The rule for each: it is read, or a
 * {@link WeftException} of at most 500 characters says why not, within 2 s of processor time and 64 MB beyond twice its size. The
 * number of files is {@code -Dweft.fuzz.inputs}, and {@code -Dweft.fuzz.seed} chooses others; a file that breaks the rule is
 * kept in {@code target/fuzz}.
 */
public final class Fuzz {
    private static final int INPUTS = Integer.getInteger("weft.fuzz.inputs", 20_000);
    private static final long SEED = Long.getLong("weft.fuzz.seed", 1);
    private static final int MAX_CHANGES = 6;
    private static final int MAX_BYTES = 1 << 17;
    private static final long MAX_ALLOCATED = 64L << 20;
    private static final long MAX_NANOS = 2_000_000_000L;
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final long[] NUMBERS = {
        0,
        1,
        -1,
        2,
        7,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0xffff,
        10_000,
        0x7fffffff,
        0x80000000L,
        0xffffffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };
    private static final String[] WORDS = {
        "null",
        "true",
        "\"\"",
        "{}",
        "[]",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        ";",
        "\n",
        "\r",
        "\t",
        " ",
        "0",
        "-1",
        "1e999",
        "NaN",
        "Infinity",
        "2147483648",
        "9223372036854775808",
        "99999999999999999999999",
        "0.1",
        "\\u0000",
        "\\",
        "\ufeff",
        "é",
        "F16",
        "I64",
        "shape",
        "data_offsets",
        "[0]"
    };

    private final Random random = new Random(SEED);
    private final List<byte[]> seeds;

    private Fuzz(List<byte[]> seeds) {
        this.seeds = seeds;
    }

    /** Reads a file, and checks what it holds as far as that can be told. */
    @FunctionalInterface
    public interface Reader {
        void read(Path file);
    }

    /**
     * Runs a reader.
     *
     * @param name of the reader, for the files that are kept
     * @param seeds whole files
     */
    public static void run(String name, Path folder, Reader reader, byte[]... seeds) throws IOException {
        Fuzz fuzz = new Fuzz(List.of(seeds));
        Path file = folder.resolve("fuzzed");
        for (byte[] seed : seeds) {
            reader.read(Files.write(file, seed));
        }
        int refused = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < INPUTS; i++) {
                byte[] input = fuzz.input();
                channel.truncate(0).write(ByteBuffer.wrap(input));
                refused += refused(reader, file, input, name + "-" + SEED + "-" + i) ? 1 : 0;
            }
        }
        assertThat(refused).as("%s: of %d files", name, INPUTS).isGreaterThan(INPUTS / 20);
    }

    private static boolean refused(Reader reader, Path file, byte[] input, String name) throws IOException {
        long nanos = THREAD.getCurrentThreadCpuTime();
        long allocated = THREAD.getCurrentThreadAllocatedBytes();
        String problem = null;
        Throwable thrown = null;
        try {
            reader.read(file);
        } catch (WeftException e) {
            thrown = e;
            problem = problem(e.getMessage());
        } catch (RuntimeException | Error e) {
            thrown = e;
            problem = "it is no WeftException: " + e;
        }
        nanos = THREAD.getCurrentThreadCpuTime() - nanos;
        allocated = THREAD.getCurrentThreadAllocatedBytes() - allocated;
        if (problem == null && nanos > MAX_NANOS) {
            problem = "it took %.1f s".formatted(nanos * 1e-9);
        }
        if (problem == null && allocated > MAX_ALLOCATED + 2L * input.length) {
            problem = "it allocated %,d bytes".formatted(allocated);
        }
        if (problem != null) {
            Path kept = Files.createDirectories(Path.of("target/fuzz")).resolve(name);
            Files.write(kept, input);
            fail("%s, %,d bytes: %s".formatted(kept, input.length, problem), thrown);
        }
        return thrown != null;
    }

    private static String problem(String message) {
        if (message == null || message.isBlank()) {
            return "the message is empty";
        }
        if (message.length() > WeftException.MAX_MESSAGE) {
            return "the message has %d characters".formatted(message.length());
        }
        return message.endsWith("null") && !message.endsWith("holds null")
                ? "the message says nothing: " + message
                : null;
    }

    private byte[] input() {
        byte[] bytes = seed();
        int changes = 1 + random.nextInt(MAX_CHANGES);
        for (int i = 0; i < changes; i++) {
            bytes = changed(bytes);
        }
        return bytes.length > MAX_BYTES ? Arrays.copyOf(bytes, MAX_BYTES) : bytes;
    }

    private byte[] seed() {
        return seeds.get(random.nextInt(seeds.size())).clone();
    }

    private byte[] changed(byte[] bytes) {
        int at = random.nextInt(bytes.length + 1);
        // most of what decides stands at the beginning
        if (random.nextBoolean()) {
            at = Math.min(at, random.nextInt(64));
        }
        int length = random.nextInt(Math.min(bytes.length - at, 1 << random.nextInt(12)) + 1);
        return switch (random.nextInt(10)) {
            case 0 -> {
                if (at < bytes.length) {
                    bytes[at] ^= (byte) (1 << random.nextInt(8));
                }
                yield bytes;
            }
            case 1 -> {
                if (at < bytes.length) {
                    bytes[at] = (byte) random.nextInt(256);
                }
                yield bytes;
            }
            case 2 -> Arrays.copyOf(bytes, at);
            case 3 -> spliced(bytes, at, at + length, new byte[0]);
            case 4 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
            case 5 -> number(bytes, at);
            case 6 -> {
                String word = WORDS[random.nextInt(WORDS.length)];
                byte[] text = word.getBytes(StandardCharsets.UTF_8);
                yield spliced(bytes, at, random.nextBoolean() ? at : at + length, text);
            }
            case 7 -> digits(bytes, at);
            case 8 -> {
                byte[] other = seed();
                int from = random.nextInt(other.length + 1);
                yield spliced(bytes, at, bytes.length, Arrays.copyOfRange(other, from, other.length));
            }
            default -> repeated(bytes, at, at + Math.min(length, 64));
        };
    }

    /** Puts another number where one might stand. */
    private byte[] number(byte[] bytes, int at) {
        int size = 1 << random.nextInt(4);
        if (at + size > bytes.length) {
            return bytes;
        }
        ByteBuffer buffer =
                ByteBuffer.wrap(bytes).order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long number = NUMBERS[random.nextInt(NUMBERS.length)];
        switch (size) {
            case 1 -> buffer.put(at, (byte) number);
            case 2 -> buffer.putShort(at, (short) number);
            case 4 -> buffer.putInt(at, (int) number);
            default -> buffer.putLong(at, number);
        }
        return bytes;
    }

    /** Puts another number in place of the next digits. */
    private byte[] digits(byte[] bytes, int at) {
        int from = at;
        while (from < bytes.length && !Character.isDigit(bytes[from])) {
            from++;
        }
        int to = from;
        while (to < bytes.length && Character.isDigit(bytes[to])) {
            to++;
        }
        String number = Long.toString(NUMBERS[random.nextInt(NUMBERS.length)] + random.nextInt(3) - 1);
        return spliced(bytes, from, to, number.getBytes(StandardCharsets.US_ASCII));
    }

    private byte[] repeated(byte[] bytes, int from, int to) {
        byte[] part = Arrays.copyOfRange(bytes, from, to);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int times = 1 << random.nextInt(9);
        for (int i = 0; i < times; i++) {
            out.writeBytes(part);
        }
        return spliced(bytes, from, to, out.toByteArray());
    }

    /** With {@code insert} in place of the bytes from one index to another. */
    private static byte[] spliced(byte[] bytes, int from, int to, byte[] insert) {
        ByteBuffer out = ByteBuffer.allocate(from + insert.length + bytes.length - to);
        return out.put(bytes, 0, from)
                .put(insert)
                .put(bytes, to, bytes.length - to)
                .array();
    }
}
