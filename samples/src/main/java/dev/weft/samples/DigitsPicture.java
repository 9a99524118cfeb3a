package dev.weft.samples;

import dev.weft.data.Dataset;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import java.awt.Color;
import java.awt.Font;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/** Images that were classified right and wrong, each with the predicted class, its probability and the true class. */
final class DigitsPicture {
    private static final int COLUMNS = 5;
    private static final int MOST = 2 * COLUMNS;
    private static final int MARGIN = 14;
    private static final int IMAGE = 112;
    private static final int TILE_HEIGHT = IMAGE + 80;
    private static final int HEAD_HEIGHT = 62;
    private static final int GAP = 8;
    private static final String PREDICTED = "predicted ";
    private static final Font BOLD = Picture.TEXT.deriveFont(Font.BOLD);

    private DigitsPicture() {}

    /** Whether the samples are grey images. */
    static boolean shows(Dataset data) {
        return data.shape().rank() == 3 && data.shape().get(0) == 1;
    }

    /** @param evaluatedOn {@code test} or {@code validation} */
    static byte[] png(Predictions predictions, List<String> names, String evaluatedOn) {
        List<Integer> right = first(predictions.firstRightOfEachClass());
        List<Integer> allWrong = predictions.wrong();
        List<Integer> wrong = first(allWrong);
        int size = predictions.data().size();
        Picture picture = new Picture(Picture.WIDTH, height(right) + height(wrong) + MARGIN);

        int y = section(
                picture,
                0,
                "Right",
                "%,d of %,d %s images".formatted(size - allWrong.size(), size, evaluatedOn),
                Picture.GREEN,
                predictions,
                names,
                right);
        String which = allWrong.size() > MOST ? "; these are the " + MOST + " surest mistakes" : "";
        section(
                picture,
                y,
                "Wrong",
                "%,d of %,d %s images%s".formatted(allWrong.size(), size, evaluatedOn, which),
                Picture.RED,
                predictions,
                names,
                wrong);
        return picture.png();
    }

    private static List<Integer> first(List<Integer> samples) {
        return samples.subList(0, Math.min(MOST, samples.size()));
    }

    private static int height(List<Integer> samples) {
        int rows = (samples.size() + COLUMNS - 1) / COLUMNS;
        return HEAD_HEIGHT + rows * TILE_HEIGHT;
    }

    /** Draws a heading and tiles from {@code top} down; returns where they end. */
    private static int section(
            Picture picture,
            int top,
            String title,
            String subtitle,
            Color color,
            Predictions predictions,
            List<String> names,
            List<Integer> samples) {
        picture.text(title, Picture.TITLE, color, MARGIN, top + 28);
        picture.text(subtitle, Picture.SMALL, Picture.PALE_INK, MARGIN, top + 50);
        int width = (Picture.WIDTH - 2 * MARGIN) / COLUMNS;
        boolean fits = names.stream().allMatch(name -> picture.width(PREDICTED + name, BOLD) <= width - GAP);
        String before = fits ? PREDICTED : "";
        for (int i = 0; i < samples.size(); i++) {
            int sample = samples.get(i);
            int middle = MARGIN + i % COLUMNS * width + width / 2;
            int y = top + HEAD_HEIGHT + i / COLUMNS * TILE_HEIGHT;
            image(picture, predictions.data(), sample, middle - IMAGE / 2, y);
            String predicted = names.get(predictions.predicted()[sample]);
            String truth = names.get(predictions.data().label(sample));
            picture.textCentred(before + predicted, BOLD, color, middle, y + IMAGE + 20, width - GAP);
            picture.textCentred(
                    percent(predictions.probability()[sample]),
                    Picture.TEXT,
                    Picture.INK,
                    middle,
                    y + IMAGE + 41,
                    width - GAP);
            picture.textCentred("true " + truth, Picture.TEXT, Picture.INK, middle, y + IMAGE + 62, width - GAP);
        }
        return top + height(samples);
    }

    /** 100.0 % for what is rounded to it would claim certainty. */
    static String percent(double probability) {
        return probability > 0.9995 && probability < 1 ? "> 99.9 %" : "%.1f %%".formatted(100 * probability);
    }

    /** Dark on white, for paper. */
    private static void image(Picture picture, Dataset data, int sample, int x, int y) {
        int rows = data.shape().get(1);
        int columns = data.shape().get(2);
        HostTensor features = data.features();
        int first = sample * rows * columns;
        double min = 0;
        double max = 255;
        if (features.type() != DType.U8) {
            min = Double.POSITIVE_INFINITY;
            max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < rows * columns; i++) {
                min = Math.min(min, features.get(first + i));
                max = Math.max(max, features.get(first + i));
            }
        }
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < rows * columns; i++) {
            double value = max > min ? (features.get(first + i) - min) / (max - min) : 0;
            int grey = 255 - (int) Math.round(255 * value);
            image.setRGB(i % columns, i / columns, grey << 16 | grey << 8 | grey);
        }
        picture.graphics.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
        picture.graphics.drawImage(image, x, y, IMAGE, IMAGE, null);
        picture.graphics.setColor(Picture.LINES);
        picture.graphics.drawRect(x, y, IMAGE, IMAGE);
    }
}
