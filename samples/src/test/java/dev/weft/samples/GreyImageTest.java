package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import java.awt.Color;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of an image file reaches the network. */
class GreyImageTest {
    @TempDir
    private Path folder;

    /** Pairs of a stored sample and what it counts as from 0 to 255. */
    private static final int[] SAMPLES = {0, 1, 60, 128, 200, 255};

    private GreyImage read(BufferedImage image, String format) throws IOException {
        Path file = folder.resolve("image." + format);
        assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
        return GreyImage.read(file);
    }

    private static BufferedImage row(ComponentColorModel model, int[]... pixels) {
        WritableRaster raster = model.createCompatibleWritableRaster(pixels.length, 1);
        for (int x = 0; x < pixels.length; x++) {
            raster.setPixel(x, 0, pixels[x]);
        }
        return new BufferedImage(model, raster, false, null);
    }

    private static ComponentColorModel grey(boolean alpha, int type) {
        return new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_GRAY), alpha, false, alpha ? 3 : 1, type);
    }

    @Test
    void aGreySampleIsTakenAsItIsStored() throws IOException {
        BufferedImage eight = new BufferedImage(SAMPLES.length, 1, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage sixteen = new BufferedImage(SAMPLES.length, 1, BufferedImage.TYPE_USHORT_GRAY);
        for (int x = 0; x < SAMPLES.length; x++) {
            eight.getRaster().setSample(x, 0, 0, SAMPLES[x]);
            sixteen.getRaster().setSample(x, 0, 0, SAMPLES[x] * 257);
        }
        for (GreyImage read : new GreyImage[] {read(eight, "png"), read(sixteen, "png")}) {
            assertThat(read.values()).containsExactly(0, 1, 60, 128, 200, 255);
        }
        assertThat(read(eight, "gif").values())
                .usingElementComparator(GreyImageTest::roughly)
                .containsExactly(0f, 1f, 60f, 128f, 200f, 255f);
    }

    @Test
    void sixteenBitsKeepWhatEightWouldLose() throws IOException {
        assertThat(read(row(grey(false, DataBuffer.TYPE_USHORT), new int[] {128}), "png")
                        .at(0, 0))
                .isEqualTo(128 * 255 / 65535f);
    }

    @Test
    void aGreyJpegHasItsSamplesButForTheCompression() throws IOException {
        for (int sample : SAMPLES) {
            BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
            for (int i = 0; i < 256; i++) {
                image.getRaster().setSample(i % 16, i / 16, 0, sample);
            }
            assertThat(read(image, "jpg").at(8, 8)).isCloseTo(sample, within(1f));
        }
    }

    @Test
    void whatIsTransparentCountsAsWhite() throws IOException {
        int[][] pixels = {{60, 255}, {60, 0}, {60, 51}};
        GreyImage read = read(row(grey(true, DataBuffer.TYPE_BYTE), pixels), "png");
        assertThat(read.values()).containsExactly(60, 255, 0.2f * 60 + 0.8f * 255);
        int[][] wide = {{60 * 257, 65535}, {60 * 257, 0}};
        assertThat(read(row(grey(true, DataBuffer.TYPE_USHORT), wide), "png").values())
                .containsExactly(60, 255);
        BufferedImage color = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        color.setRGB(0, 0, 0xff3c3c3c);
        color.setRGB(1, 0, 0x003c3c3c);
        assertThat(read(color, "png").values())
                .usingElementComparator(GreyImageTest::roughly)
                .containsExactly(60f, 255f);
    }

    private static int roughly(Float a, Float b) {
        return Math.abs(a - b) < 1e-3f ? 0 : Float.compare(a, b);
    }

    @Test
    void coloursAndPalettesCountByTheirBrightness() throws IOException {
        BufferedImage color = new BufferedImage(4, 1, BufferedImage.TYPE_INT_RGB);
        BufferedImage palette = new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_INDEXED);
        Color[] colors = {new Color(255, 0, 0), new Color(0, 255, 0), new Color(0, 0, 255), new Color(102, 102, 102)};
        for (int x = 0; x < 4; x++) {
            color.setRGB(x, 0, colors[x].getRGB());
            palette.setRGB(x, 0, colors[x].getRGB());
        }
        for (GreyImage read : new GreyImage[] {read(color, "png"), read(palette, "png"), read(palette, "gif")}) {
            assertThat(read.values())
                    .usingElementComparator(GreyImageTest::roughly)
                    .containsExactly(0.299f * 255, 0.587f * 255, 0.114f * 255, 102f);
        }
        BufferedImage binary = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
        binary.setRGB(1, 0, -1);
        assertThat(read(binary, "png").values()).containsExactly(0, 255);
    }

    @Test
    void aJpegForPrintingIsRefusedInOneLine() throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        Path file = folder.resolve("cmyk.jpg");
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            Raster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, null);
            writer.write(new IIOImage(raster, null, null));
        } finally {
            writer.dispose();
        }
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> GreyImage.read(file))
                .withMessage(file + " has the colours for printing, CMYK, which are not read; save it in RGB or grey");
    }

    @Test
    void anotherFormatIsNamed() throws IOException {
        Path file = folder.resolve("image.bmp");
        ImageIO.write(new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), "bmp", file.toFile());
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> GreyImage.read(file))
                .withMessage(file + " is of the format bmp; save it as PNG or JPEG");
    }

    /**
     * An image of two by three pixels: 10 20 / 30 40 / 50 60 as it is to be seen, stored in each of the eight orientations, whose
     * first row and column are those of the table in the EXIF standard.
     */
    @ParameterizedTest
    @CsvSource({
        "1, 2, 10 20 30 40 50 60",
        "2, 2, 20 10 40 30 60 50",
        "3, 2, 60 50 40 30 20 10",
        "4, 2, 50 60 30 40 10 20",
        "5, 3, 10 30 50 20 40 60",
        "6, 3, 20 40 60 10 30 50",
        "7, 3, 60 40 20 50 30 10",
        "8, 3, 50 30 10 60 40 20",
        "0, 2, 10 20 30 40 50 60",
        "9, 2, 10 20 30 40 50 60",
    })
    void theOrientationOfTheCameraIsFollowed(int orientation, int width, String stored) throws IOException {
        String[] samples = stored.split(" ");
        BufferedImage image = new BufferedImage(width, 6 / width, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 6; i++) {
            image.getRaster().setSample(i % width, i / width, 0, Integer.parseInt(samples[i]));
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        for (boolean little : new boolean[] {true, false}) {
            Path file =
                    Files.write(folder.resolve("photo.png"), withExif(png.toByteArray(), exif(orientation, little)));
            GreyImage read = GreyImage.read(file);
            assertThat(read.width()).isEqualTo(2);
            assertThat(read.values()).containsExactly(10, 20, 30, 40, 50, 60);
        }
    }

    @Test
    void theOrientationOfAJpegIsInItsFirstSegments() throws IOException {
        BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                image.getRaster().setSample(x, y, 0, 200);
            }
        }
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(image, "jpg", jpeg);
        byte[] tiff = exif(6, true);
        ByteBuffer file = ByteBuffer.allocate(jpeg.size() + 10 + tiff.length);
        file.put(jpeg.toByteArray(), 0, 2).putShort((short) 0xffe1).putShort((short) (8 + tiff.length));
        file.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(tiff).put(jpeg.toByteArray(), 2, jpeg.size() - 2);
        GreyImage read = GreyImage.read(Files.write(folder.resolve("photo.jpg"), file.array()));
        assertThat(read.width()).isEqualTo(16);
        assertThat(read.height()).isEqualTo(32);
        assertThat(read.at(8, 4)).as("the left half is above").isCloseTo(200, within(2f));
        assertThat(read.at(8, 28)).isCloseTo(0, within(2f));
    }

    /** A TIFF header and a directory of two entries. */
    private static byte[] exif(int orientation, boolean little) {
        ByteBuffer tiff = ByteBuffer.allocate(34);
        tiff.put((byte) (little ? 'I' : 'M')).put((byte) (little ? 'I' : 'M'));
        tiff.order(little ? java.nio.ByteOrder.LITTLE_ENDIAN : java.nio.ByteOrder.BIG_ENDIAN);
        tiff.putShort((short) 42).putInt(8).putShort((short) 2);
        tiff.putShort((short) 0x0100)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) 3)
                .putShort((short) 0);
        tiff.putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0);
        return tiff.array();
    }

    private static byte[] withExif(byte[] png, byte[] tiff) {
        int header = 8 + 25;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, header);
        chunk(out, "eXIf", tiff);
        out.write(png, header, png.length - header);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] typed = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data)
                .array();
        CRC32 crc = new CRC32();
        crc.update(typed);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(typed);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    /** 25 kB that hold a grey image of 10,000 x 2,000; twenty million floats and bytes would be 100 MB. */
    @Test
    void aLargeImageIsUnpackedInPart() throws IOException {
        Path file = folder.resolve("large.png");
        Files.write(file, png(10_000, 2_000, 2_000));
        long before = allocatedBytes();
        GreyImage read = GreyImage.read(file);
        assertThat(allocatedBytes() - before).isLessThan(64L << 20);
        assertThat(read.width()).isEqualTo(3334);
        assertThat(read.at(0, 0)).isEqualTo(60);
        assertThat(read.at(3333, 666)).isEqualTo(60);
    }

    /** It announces 100 megapixels and ends after ten rows. */
    @Test
    void aClaimTakesNoMemory() throws IOException {
        Path file = Files.write(folder.resolve("claim.png"), png(10_000, 9_999, 10));
        long before = allocatedBytes();
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> GreyImage.read(file))
                .withMessageStartingWith(file + " is truncated or corrupt: ");
        assertThat(allocatedBytes() - before).isLessThan(64L << 20);
        Path wide = Files.write(folder.resolve("wide.png"), png(100_000, 2, 2));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> GreyImage.read(wide))
                .withMessage(
                        wide + " has 100,000 x 2 pixels; at most 100,000,000 are read, and 65,535 in a row or column");
    }

    /** The frame of a GIF is 20,000 x 5,000 pixels by its header, with hardly any data. */
    @Test
    void aTinyGifTakesNoMemory() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_INDEXED), "gif", out);
        byte[] gif = out.toByteArray();
        int descriptor = 0;
        while (gif[descriptor] != ',') {
            descriptor++;
        }
        ByteBuffer.wrap(gif)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putShort(descriptor + 5, (short) 20_000)
                .putShort(descriptor + 7, (short) 5_000);
        Path file = Files.write(folder.resolve("tiny.gif"), gif);
        long before = allocatedBytes();
        try {
            GreyImage.read(file);
        } catch (DataException e) {
            assertThat(e).hasMessageStartingWith(file + " is truncated or corrupt: ");
        }
        assertThat(allocatedBytes() - before).isLessThan(64L << 20);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    /** A grey PNG of so many rows of samples 60, whatever its header says. */
    private static byte[] png(int width, int height, int rows) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        chunk(
                out,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put((byte) 8)
                        .array());
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        byte[] row = new byte[width + 1];
        java.util.Arrays.fill(row, 1, row.length, (byte) 60);
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(data, new Deflater(9))) {
            for (int y = 0; y < rows; y++) {
                deflater.write(row);
            }
        }
        chunk(out, "IDAT", data.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }
}
