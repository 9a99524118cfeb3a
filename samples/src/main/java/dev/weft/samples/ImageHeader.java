package dev.weft.samples;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.IntPredicate;

/** What a JPEG or PNG file says of its image that Java's readers do not heed. What is malformed counts as not said. */
final class ImageHeader {
    private static final String EXIF = "Exif\0\0";
    private static final int APP1 = 0xe1;
    private static final int START_OF_SCAN = 0xda;
    private static final int ORIENTATION = 0x0112;
    private static final int ENTRY_BYTES = 12;

    private ImageHeader() {}

    /**
     * How a camera was held, from the EXIF data (CIPA DC-008, tag 0x0112): 1 for an image that is stored as it is to be seen, to
     * 8.
     */
    static int orientation(byte[] file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(file);
            ByteBuffer exif =
                    isJpeg(bytes) ? jpegSegment(bytes, marker -> marker == APP1, EXIF) : pngChunk(bytes, "eXIf");
            int value = exif == null ? 1 : orientation(exif);
            return value >= 1 && value <= 8 ? value : 1;
        } catch (IndexOutOfBoundsException e) {
            return 1;
        }
    }

    /** Whether it is a JPEG of four components: cyan, magenta, yellow and black, or another form of them. */
    static boolean isCmyk(byte[] file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(file);
            ByteBuffer frame = isJpeg(bytes) ? jpegSegment(bytes, ImageHeader::startsFrame, "") : null;
            // after precision, height and width
            return frame != null && frame.get(5) == 4;
        } catch (IndexOutOfBoundsException e) {
            return false;
        }
    }

    /** There are thirteen kinds of frames; 0xc4, 0xc8 and 0xcc are something else. */
    private static boolean startsFrame(int marker) {
        return marker == 0xc0 || marker >> 4 == 0xc && marker % 4 != 0;
    }

    private static boolean isJpeg(ByteBuffer file) {
        return file.getShort(0) == (short) 0xffd8;
    }

    /** The content, after {@code beginning}, of the first of the segments before the image data; null if there is none. */
    private static ByteBuffer jpegSegment(ByteBuffer file, IntPredicate wanted, String beginning) {
        int at = 2;
        while ((file.get(at) & 0xff) == 0xff) {
            int marker = file.get(at + 1) & 0xff;
            if (marker == 0xff) {
                at++;
                continue;
            }
            if (marker == START_OF_SCAN) {
                return null;
            }
            int length = Short.toUnsignedInt(file.getShort(at + 2)) - 2;
            int from = at + 4;
            int skip = beginning.length();
            if (wanted.test(marker) && length >= skip && text(file, from, skip).equals(beginning)) {
                return file.slice(from + skip, length - skip);
            }
            at = from + length;
        }
        return null;
    }

    private static ByteBuffer pngChunk(ByteBuffer file, String type) {
        int at = 8;
        while (at + 8 <= file.capacity()) {
            int length = file.getInt(at);
            if (length < 0 || length > file.capacity() - at - 8) {
                return null;
            }
            if (text(file, at + 4, 4).equals(type)) {
                return file.slice(at + 8, length);
            }
            at += 8 + length + 4;
        }
        return null;
    }

    /** From a TIFF header and its first directory. */
    private static int orientation(ByteBuffer exif) {
        exif.order(exif.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = exif.getInt(4);
        int entries = Short.toUnsignedInt(exif.getShort(directory));
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + i * ENTRY_BYTES;
            if (Short.toUnsignedInt(exif.getShort(entry)) == ORIENTATION) {
                return exif.getShort(entry + 8);
            }
        }
        return 1;
    }

    private static String text(ByteBuffer file, int from, int length) {
        byte[] bytes = new byte[length];
        file.get(from, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
