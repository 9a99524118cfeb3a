package dev.weft.samples;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * How a camera was held, from the EXIF data of a JPEG or PNG file (CIPA DC-008, tag 0x0112): 1 for an image that is stored as
 * it is to be seen, to 8. What is malformed, or missing, counts as 1.
 */
final class Orientation {
    private static final int TAG = 0x0112;
    private static final int ENTRY_BYTES = 12;
    private static final String EXIF = "Exif\0\0";

    private Orientation() {}

    static int of(byte[] file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(file);
            ByteBuffer exif = bytes.getShort(0) == (short) 0xffd8 ? inJpeg(bytes) : inPng(bytes);
            int value = exif == null ? 1 : inTiff(exif);
            return value >= 1 && value <= 8 ? value : 1;
        } catch (IndexOutOfBoundsException e) {
            return 1;
        }
    }

    /** Of the JPEG's segments before the image data, the one of type APP1 that begins with the word Exif. */
    private static ByteBuffer inJpeg(ByteBuffer file) {
        int at = 2;
        while ((file.get(at) & 0xff) == 0xff) {
            int marker = file.get(at + 1) & 0xff;
            if (marker == 0xff) {
                at++;
                continue;
            }
            boolean imageData = marker == 0xda;
            if (imageData) {
                return null;
            }
            int length = Short.toUnsignedInt(file.getShort(at + 2));
            int from = at + 4;
            if (marker == 0xe1
                    && length > 2 + EXIF.length()
                    && text(file, from, EXIF.length()).equals(EXIF)) {
                return file.slice(from + EXIF.length(), length - 2 - EXIF.length());
            }
            at += 2 + length;
        }
        return null;
    }

    /** The PNG's chunk of type eXIf. */
    private static ByteBuffer inPng(ByteBuffer file) {
        int at = 8;
        while (at + 8 <= file.capacity()) {
            int length = file.getInt(at);
            if (length < 0 || length > file.capacity() - at - 8) {
                return null;
            }
            if (text(file, at + 4, 4).equals("eXIf")) {
                return file.slice(at + 8, length);
            }
            at += 8 + length + 4;
        }
        return null;
    }

    private static int inTiff(ByteBuffer exif) {
        exif.order(exif.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = exif.getInt(4);
        int entries = Short.toUnsignedInt(exif.getShort(directory));
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + i * ENTRY_BYTES;
            if (Short.toUnsignedInt(exif.getShort(entry)) == TAG) {
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
