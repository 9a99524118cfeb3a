package dev.weft.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * The dynamic symbols of a shared library of Linux on x86-64, as {@code nm -D} lists them; the format is told in
 * {@code elf(5)}.
 *
 * @param exported what others can call
 * @param imported what it needs of others
 */
record ElfSymbols(Set<String> exported, Set<String> imported) {
    private static final int DYNAMIC_SYMBOLS = 11;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;

    static ElfSymbols of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer header = read(channel, 0, 64);
            int sections = header.getShort(60);
            ByteBuffer table = read(channel, header.getLong(40), (long) sections * SECTION_HEADER_BYTES);
            for (int i = 0; i < sections; i++) {
                ByteBuffer section = section(table, i);
                if (section.getInt(4) == DYNAMIC_SYMBOLS) {
                    ByteBuffer names = content(channel, section(table, section.getInt(40)));
                    return of(content(channel, section), names);
                }
            }
        }
        throw new IOException(file + " has no dynamic symbols");
    }

    private static ElfSymbols of(ByteBuffer symbols, ByteBuffer names) {
        ElfSymbols all = new ElfSymbols(new TreeSet<>(), new TreeSet<>());
        for (int at = 0; at < symbols.limit(); at += SYMBOL_BYTES) {
            boolean defined = symbols.getShort(at + 6) != 0;
            (defined ? all.exported : all.imported).add(text(names, symbols.getInt(at)));
        }
        return all;
    }

    private static String text(ByteBuffer names, int from) {
        StringBuilder text = new StringBuilder();
        for (int i = from; names.get(i) != 0; i++) {
            text.append((char) names.get(i));
        }
        return text.toString();
    }

    private static ByteBuffer section(ByteBuffer table, int i) {
        return table.slice(i * SECTION_HEADER_BYTES, SECTION_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer content(FileChannel channel, ByteBuffer section) throws IOException {
        return read(channel, section.getLong(24), section.getLong(32));
    }

    private static ByteBuffer read(FileChannel channel, long position, long bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, position, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
