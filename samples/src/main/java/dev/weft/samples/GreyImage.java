package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.io.InputFile;
import dev.weft.io.Reason;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * An image in shades of grey.
 *
 * @param values row by row, 0 black to 255 white
 */
record GreyImage(int width, int height, float[] values) {
    private static final int MAX_SIDE = 65_535;
    private static final long MAX_PIXELS = 100_000_000;
    /** Of a larger image only every second, third ... row and column is unpacked: 48 MB hold so many pixels of any kind. */
    private static final int PIXELS_AT_ONCE = 1 << 22;

    private static final List<String> FORMATS = List.of("png", "jpeg", "gif");

    /**
     * Reads a PNG, JPEG or GIF file, the first image of it, as it is to be seen: the orientation that a camera has noted is
     * followed. Samples of grey images are taken as they are stored, without a curve. What is transparent counts as white.
     *
     * @throws DataException if it cannot be read, holds no whole image, or is for printing (CMYK)
     */
    static GreyImage read(Path file) {
        byte[] content = InputFile.read(file);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DataException(file + " is no image: neither PNG nor JPEG, nor an IDX file");
            }
            if (ImageHeader.isCmyk(content)) {
                throw new DataException(
                        file + " has the colours for printing, CMYK, which are not read; save it in RGB or grey");
            }
            return read(file, readers.next(), in).turned(ImageHeader.orientation(content));
        } catch (DataException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // readers throw all kinds of exceptions for malformed files
            throw new DataException(file + " is truncated or corrupt: " + Reason.of(e), e);
        }
    }

    private static GreyImage read(Path file, ImageReader reader, ImageInputStream in) throws IOException {
        try {
            String format = reader.getFormatName().toLowerCase(Locale.ROOT);
            if (!FORMATS.contains(format)) {
                throw new DataException("%s is of the format %s; save it as PNG or JPEG".formatted(file, format));
            }
            // texts and colour profiles, which may unpack to anything, are passed over
            reader.setInput(in, true, true);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            long pixels = (long) width * height;
            if (pixels > MAX_PIXELS || width > MAX_SIDE || height > MAX_SIDE) {
                throw new DataException("%s has %,d x %,d pixels; at most %,d are read, and %,d in a row or column"
                        .formatted(file, width, height, MAX_PIXELS, MAX_SIDE));
            }
            // a truncated JPEG is filled with grey and a warning
            reader.addIIOReadWarningListener((source, warning) -> {
                throw new DataException(file + " is truncated or corrupt: " + warning);
            });
            ImageReadParam param = reader.getDefaultReadParam();
            int step = (int) Math.ceil(Math.sqrt((double) pixels / PIXELS_AT_ONCE));
            param.setSourceSubsampling(step, step, 0, 0);
            return of(reader.read(0, param));
        } finally {
            reader.dispose();
        }
    }

    /** Brightness: the samples of a grey image, else as the eye sees it (ITU-R BT.601). */
    static GreyImage of(BufferedImage image) {
        ColorModel colors = image.getColorModel();
        boolean grey = colors.getColorSpace().getType() == ColorSpace.TYPE_GRAY && !(colors instanceof IndexColorModel);
        int width = image.getWidth();
        int height = image.getHeight();
        float[] values = new float[width * height];
        int[] row = new int[grey ? width * colors.getNumComponents() : width];
        for (int y = 0; y < height; y++) {
            if (grey) {
                image.getRaster().getPixels(0, y, width, 1, row);
                greyRow(row, colors, values, y * width, width);
            } else {
                image.getRGB(0, y, width, 1, row, 0, width);
                colorRow(row, values, y * width);
            }
        }
        return new GreyImage(width, height, values);
    }

    private static void greyRow(int[] samples, ColorModel colors, float[] values, int from, int width) {
        int components = colors.getNumComponents();
        float white = (1 << colors.getComponentSize(0)) - 1;
        for (int x = 0; x < width; x++) {
            float opaque = colors.hasAlpha()
                    ? samples[x * components + 1] / (float) ((1 << colors.getComponentSize(1)) - 1)
                    : 1;
            values[from + x] = opaque * (samples[x * components] * 255 / white) + (1 - opaque) * 255;
        }
    }

    private static void colorRow(int[] row, float[] values, int from) {
        for (int x = 0; x < row.length; x++) {
            int argb = row[x];
            float opaque = (argb >>> 24) / 255f;
            float grey = 0.299f * (argb >> 16 & 0xff) + 0.587f * (argb >> 8 & 0xff) + 0.114f * (argb & 0xff);
            values[from + x] = opaque * grey + (1 - opaque) * 255;
        }
    }

    /** As it is to be seen, where it is stored in an orientation of {@link ImageHeader#orientation}. */
    GreyImage turned(int orientation) {
        return switch (orientation) {
            case 2 -> mirrored();
            case 3 -> mirrored().upsideDown();
            case 4 -> upsideDown();
            case 5 -> transpose();
            case 6 -> upsideDown().transpose();
            case 7 -> mirrored().upsideDown().transpose();
            case 8 -> mirrored().transpose();
            default -> this;
        };
    }

    /** Left and right change places. */
    private GreyImage mirrored() {
        float[] turned = new float[values.length];
        for (int i = 0; i < turned.length; i++) {
            int x = i % width;
            turned[i] = values[i - x + width - 1 - x];
        }
        return new GreyImage(width, height, turned);
    }

    private GreyImage upsideDown() {
        float[] turned = new float[values.length];
        for (int y = 0; y < height; y++) {
            System.arraycopy(values, y * width, turned, (height - 1 - y) * width, width);
        }
        return new GreyImage(width, height, turned);
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
