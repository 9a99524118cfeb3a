package dev.weft.samples;

import dev.weft.DataException;
import java.util.Arrays;

/**
 * Brings an image into the form of the data set that a model was trained on: light on black, of the model's size. A digit is
 * scaled into a box of 20x20 in the 28x28 pixels, and its centre of mass put into the middle, as MNIST's authors did; anything
 * else fills the whole width or height.
 *
 * @param size width and height that the model takes
 * @param box width and height that the figure gets at most
 * @param byMass whether the centre of mass goes into the middle, else the centre of the box
 */
record ImageFitter(int size, int box, boolean byMass) {
    /** What differs less from the background, as a share of the strongest difference, is noise. */
    private static final float NOISE = 0.25f;

    /** Width or height of the image that the figure is cut out of, in multiples of {@link #size}. */
    private static final int SMOOTHED = 6;

    private static final float LEAST_CONTRAST = 16;

    /** For images of {@code size x size} of a data set. */
    static ImageFitter of(String dataset, int size) {
        boolean digits = dataset.equals(ModelFile.MNIST);
        return new ImageFitter(size, digits ? size * 20 / 28 : size, digits);
    }

    /**
     * An image that has the right size and is light on dark stays as it is.
     *
     * @param name the file, for messages
     * @return {@code size x size} unsigned bytes
     * @throws DataException if nothing can be seen
     */
    byte[] fit(GreyImage image, String name) {
        float background = background(image);
        boolean light = background > 127;
        if (!light && image.width() == size && image.height() == size) {
            return bytes(image);
        }
        GreyImage figure = onBlack(smooth(image), background, light, name);
        return bytes(centre(scaleToBox(cut(figure))));
    }

    /** Large images become smaller at first, which takes the noise out of photographs. */
    private GreyImage smooth(GreyImage image) {
        double scale = (double) SMOOTHED * size / Math.max(image.width(), image.height());
        return scale < 1 ? scaled(image, scale) : image;
    }

    private static GreyImage scaled(GreyImage image, double scale) {
        return image.scale((int) Math.max(1, Math.round(scale * image.width())), (int)
                Math.max(1, Math.round(scale * image.height())));
    }

    /** The middle one of the border's values. */
    private static float background(GreyImage image) {
        int width = image.width();
        int height = image.height();
        float[] border = new float[2 * width + 2 * height];
        int n = 0;
        for (int x = 0; x < width; x++) {
            border[n++] = image.at(x, 0);
            border[n++] = image.at(x, height - 1);
        }
        for (int y = 0; y < height; y++) {
            border[n++] = image.at(0, y);
            border[n++] = image.at(width - 1, y);
        }
        Arrays.sort(border);
        return border[n / 2];
    }

    /** The difference from the background, stretched to 0..255. */
    private static GreyImage onBlack(GreyImage image, float background, boolean light, String name) {
        float[] values = new float[image.values().length];
        float max = 0;
        for (int i = 0; i < values.length; i++) {
            float value = image.values()[i];
            values[i] = Math.max(0, light ? background - value : value - background);
            max = Math.max(max, values[i]);
        }
        if (max < LEAST_CONTRAST) {
            throw new DataException(name + " shows nothing: it is of one colour");
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] < NOISE * max ? 0 : values[i] * 255 / max;
        }
        return new GreyImage(image.width(), image.height(), values);
    }

    /** The smallest part that holds everything. */
    private static GreyImage cut(GreyImage image) {
        int left = image.width();
        int right = 0;
        int top = image.height();
        int bottom = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                if (image.at(x, y) > 0) {
                    left = Math.min(left, x);
                    right = Math.max(right, x);
                    top = Math.min(top, y);
                    bottom = Math.max(bottom, y);
                }
            }
        }
        return image.crop(left, top, right - left + 1, bottom - top + 1);
    }

    private GreyImage scaleToBox(GreyImage image) {
        return scaled(image, (double) box / Math.max(image.width(), image.height()));
    }

    private GreyImage centre(GreyImage image) {
        double x = image.width() / 2.0;
        double y = image.height() / 2.0;
        if (byMass) {
            double mass = 0;
            double momentX = 0;
            double momentY = 0;
            for (int row = 0; row < image.height(); row++) {
                for (int column = 0; column < image.width(); column++) {
                    float value = image.at(column, row);
                    mass += value;
                    momentX += value * (column + 0.5);
                    momentY += value * (row + 0.5);
                }
            }
            x = momentX / mass;
            y = momentY / mass;
        }
        int left = within((int) Math.round(size / 2.0 - x), size - image.width());
        int top = within((int) Math.round(size / 2.0 - y), size - image.height());
        float[] values = new float[size * size];
        for (int row = 0; row < image.height(); row++) {
            System.arraycopy(image.values(), row * image.width(), values, (top + row) * size + left, image.width());
        }
        return new GreyImage(size, size, values);
    }

    private static int within(int value, int max) {
        return Math.max(0, Math.min(max, value));
    }

    private static byte[] bytes(GreyImage image) {
        byte[] bytes = new byte[image.values().length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(image.values()[i]);
        }
        return bytes;
    }
}
