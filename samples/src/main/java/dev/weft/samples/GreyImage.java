package dev.weft.samples;

import dev.weft.DataException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * An image in shades of grey.
 *
 * @param values row by row, 0 black to 255 white
 */
record GreyImage(int width, int height, float[] values) {
    private static final long MAX_PIXELS = 100_000_000;

    /**
     * Reads a PNG or JPEG file, or another one that Java reads. What is transparent counts as white.
     *
     * @throws DataException if it cannot be read, or holds no whole image
     */
    static GreyImage read(Path file) {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new DataException(file + " does not exist", e);
        } catch (IOException e) {
            throw new DataException(
                    "cannot read " + file + (Files.isDirectory(file) ? ": it is a folder" : ": " + e.getMessage()), e);
        }
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(content))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DataException(file + " is no image: neither PNG nor JPEG, nor an IDX file");
            }
            return read(file, readers.next(), in);
        } catch (IOException | RuntimeException e) {
            if (e instanceof DataException) {
                throw (DataException) e;
            }
            // readers throw all kinds of exceptions for malformed files
            throw new DataException(file + " is truncated or corrupt: " + e.getMessage(), e);
        }
    }

    private static GreyImage read(Path file, ImageReader reader, ImageInputStream in) throws IOException {
        try {
            reader.setInput(in);
            long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
            if (pixels > MAX_PIXELS) {
                throw new DataException("%s has %,d pixels; at most %,d are read".formatted(file, pixels, MAX_PIXELS));
            }
            // a truncated JPEG is filled with grey and a warning
            reader.addIIOReadWarningListener((source, warning) -> {
                throw new DataException(file + " is truncated or corrupt: " + warning);
            });
            return of(reader.read(0));
        } finally {
            reader.dispose();
        }
    }

    /** Brightness as the eye sees it (ITU-R BT.601). */
    static GreyImage of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        float[] values = new float[width * height];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                int argb = row[x];
                float opaque = (argb >>> 24) / 255f;
                float grey = 0.299f * (argb >> 16 & 0xff) + 0.587f * (argb >> 8 & 0xff) + 0.114f * (argb & 0xff);
                values[y * width + x] = opaque * grey + (1 - opaque) * 255;
            }
        }
        return new GreyImage(width, height, values);
    }

    float at(int x, int y) {
        return values[y * width + x];
    }

    /** The part from column x and row y on. */
    GreyImage crop(int x, int y, int newWidth, int newHeight) {
        float[] part = new float[newWidth * newHeight];
        for (int row = 0; row < newHeight; row++) {
            System.arraycopy(values, (y + row) * width + x, part, row * newWidth, newWidth);
        }
        return new GreyImage(newWidth, newHeight, part);
    }

    /** Each new pixel is the mean of the area that it covers in the old image. */
    GreyImage scale(int newWidth, int newHeight) {
        return scaleRows(newHeight).transpose().scaleRows(newWidth).transpose();
    }

    private GreyImage scaleRows(int newHeight) {
        float[] scaled = new float[width * newHeight];
        double step = (double) height / newHeight;
        for (int row = 0; row < newHeight; row++) {
            double from = row * step;
            double to = Math.min(height, from + step);
            for (int y = (int) from; y < to; y++) {
                float share = (float) ((Math.min(y + 1, to) - Math.max(y, from)) / step);
                for (int x = 0; x < width; x++) {
                    scaled[row * width + x] += share * at(x, y);
                }
            }
        }
        return new GreyImage(width, newHeight, scaled);
    }

    private GreyImage transpose() {
        float[] turned = new float[values.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                turned[x * height + y] = at(x, y);
            }
        }
        return new GreyImage(height, width, turned);
    }
}
