package dev.weft.samples;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.util.List;

/**
 * The confusion matrix: true classes down, predicted ones across, the share that was found at the end of each row. Right
 * answers are pale, wrong ones the redder the more there are.
 */
final class ConfusionPicture {
    private static final int MARGIN = 14;
    private static final int TITLE_HEIGHT = 64;
    private static final int SHARE_WIDTH = 76;
    private static final int MAX_NAME_WIDTH = 130;
    private static final Color DIAGONAL = new Color(0xdff3e4);
    private static final Color FAINTEST = new Color(0xfdeae6);
    private static final Color STRONGEST = Picture.RED;

    /** More of them are not to be told apart in a picture. */
    private static final int MAX_CLASSES = 60;

    private ConfusionPicture() {}

    /** Whether the picture has room for so many classes. */
    static boolean shows(int classes) {
        return classes <= MAX_CLASSES;
    }

    /**
     * @param counts {@code [true][predicted]}
     * @param names of the classes
     * @param evaluatedOn {@code test} or {@code validation}
     */
    static byte[] png(int[][] counts, List<String> names, String evaluatedOn) {
        int n = counts.length;
        Picture ruler = new Picture(1, 1);
        int widestName = names.stream()
                .mapToInt(name -> ruler.width(name, Picture.TEXT))
                .max()
                .orElse(0);
        int nameWidth = Math.min(MAX_NAME_WIDTH, widestName);
        int left = MARGIN + 30 + nameWidth + 10;
        int cell = (Picture.WIDTH - left - SHARE_WIDTH - MARGIN) / n;
        boolean upright = widestName <= cell - 6;
        int top = TITLE_HEIGHT + 34 + (upright ? 28 : nameWidth + 14);
        int size = cell * n;
        Picture picture = new Picture(Picture.WIDTH, top + size + MARGIN);

        int right = 0;
        int all = 0;
        int worst = 1;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                all += counts[i][j];
                right += i == j ? counts[i][j] : 0;
                worst = i == j ? worst : Math.max(worst, counts[i][j]);
            }
        }
        picture.text("Confusion matrix", Picture.TITLE, Picture.INK, MARGIN, 30);
        picture.text(
                "%,d of %,d wrong (%s); the redder, the more often".formatted(all - right, all, evaluatedOn),
                Picture.SMALL,
                Picture.PALE_INK,
                MARGIN,
                54);
        picture.textCentred("predicted", Picture.TEXT, Picture.PALE_INK, left + size / 2, TITLE_HEIGHT + 26, size);
        picture.textUpwards(
                "true",
                Picture.TEXT,
                Picture.PALE_INK,
                MARGIN + 8,
                top + size / 2 + picture.width("true", Picture.TEXT) / 2);
        picture.textCentred(
                "found", Picture.TEXT, Picture.PALE_INK, left + size + SHARE_WIDTH / 2 + 4, top - 9, SHARE_WIDTH);

        FontMetrics metrics = picture.graphics.getFontMetrics(Picture.TEXT);
        int baseline = (cell + metrics.getAscent() - metrics.getDescent()) / 2;
        for (int i = 0; i < n; i++) {
            int y = top + i * cell;
            String name = picture.shorten(names.get(i), Picture.TEXT, nameWidth);
            picture.textRight(name, Picture.TEXT, Picture.INK, left - 10, y + baseline);
            if (upright) {
                picture.textCentred(name, Picture.TEXT, Picture.INK, left + i * cell + cell / 2, top - 9, cell);
            } else {
                picture.textUpwards(name, Picture.TEXT, Picture.INK, left + i * cell + cell / 2, top - 9);
            }
            int row = 0;
            for (int j = 0; j < n; j++) {
                row += counts[i][j];
                cell(picture, left + j * cell, y, cell, baseline, counts[i][j], i == j, worst);
            }
            picture.textRight(
                    row == 0 ? "-" : "%.1f %%".formatted(100.0 * counts[i][i] / row),
                    Picture.SMALL,
                    Picture.INK,
                    left + size + SHARE_WIDTH,
                    y + baseline);
        }
        for (int i = 0; i <= n; i++) {
            picture.line(left, top + i * cell, left + size, top + i * cell, Picture.LINES);
            picture.line(left + i * cell, top, left + i * cell, top + size, Picture.LINES);
        }
        return picture.png();
    }

    private static void cell(
            Picture picture, int x, int y, int size, int baseline, int count, boolean diagonal, int worst) {
        if (count == 0) {
            return;
        }
        double strength = (double) count / worst;
        picture.fill(x, y, size, size, diagonal ? DIAGONAL : mix(FAINTEST, STRONGEST, strength));
        Font font = diagonal ? Picture.TEXT.deriveFont(Font.BOLD) : Picture.TEXT;
        Color ink = !diagonal && strength > 0.7 ? Color.WHITE : Picture.INK;
        picture.textCentred(Integer.toString(count), font, ink, x + size / 2, y + baseline, size - 6);
    }

    private static Color mix(Color a, Color b, double share) {
        return new Color(
                (int) Math.round(a.getRed() + share * (b.getRed() - a.getRed())),
                (int) Math.round(a.getGreen() + share * (b.getGreen() - a.getGreen())),
                (int) Math.round(a.getBlue() + share * (b.getBlue() - a.getBlue())));
    }
}
