package dev.weft.samples;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import javax.imageio.ImageIO;

/** A white sheet to draw and write on, and what all pictures of a run have in common. */
final class Picture {
    /** Width of every picture in pixels: all of it can be read on a phone, too. */
    static final int WIDTH = 720;

    static final Color INK = new Color(0x1f2328);
    static final Color PALE_INK = new Color(0x59636e);
    static final Color LINES = new Color(0xd1d9e0);
    static final Color BLUE = new Color(0x0969da);
    static final Color ORANGE = new Color(0xbc4c00);
    static final Color GREEN = new Color(0x1a7f37);
    static final Color RED = new Color(0xb3261e);

    static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 20);
    static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 17);
    static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 15);

    private static final float SMALLEST_FONT = 9;

    private final BufferedImage image;
    final Graphics2D graphics;

    Picture(int width, int height) {
        image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        fill(0, 0, width, height, Color.WHITE);
    }

    /**
     * Why no picture with text can be made here; empty where it can. A JDK draws text with the fonts of the system, which a
     * bare server may lack.
     */
    static Optional<String> unusable() {
        try {
            Picture picture = new Picture(50, 20);
            picture.text("8", TEXT, INK, 5, 15);
            boolean written = false;
            for (int x = 0; x < 50; x++) {
                for (int y = 0; y < 20; y++) {
                    written |= (picture.image.getRGB(x, y) & 0xffffff) != 0xffffff;
                }
            }
            return written ? Optional.empty() : Optional.of("Java writes no text with the fonts that it finds");
        } catch (RuntimeException | InternalError | LinkageError e) {
            // what a JDK throws for missing fonts or libraries differs from version to version
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return Optional.of("Java cannot use the fonts of this system (%s)"
                    .formatted(cause.getMessage() == null ? cause.toString() : cause.getMessage()));
        }
    }

    void fill(int x, int y, int width, int height, Color color) {
        graphics.setColor(color);
        graphics.fillRect(x, y, width, height);
    }

    void line(double x1, double y1, double x2, double y2, Color color) {
        graphics.setColor(color);
        graphics.setStroke(new BasicStroke(1));
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
    }

    /** Writes from x to the right; y is the line that the letters stand on. */
    void text(String text, Font font, Color color, int x, int y) {
        graphics.setFont(font);
        graphics.setColor(color);
        graphics.drawString(text, x, y);
    }

    void textRight(String text, Font font, Color color, int right, int y) {
        text(text, font, color, right - width(text, font), y);
    }

    /** Writes about the middle x, smaller where the text would be wider than {@code maxWidth}. */
    void textCentred(String text, Font font, Color color, int middle, int y, int maxWidth) {
        Font fitting = fit(text, font, maxWidth);
        text(text, fitting, color, middle - width(text, fitting) / 2, y);
    }

    /** Writes upwards from y; x is the middle of the line. */
    void textUpwards(String text, Font font, Color color, int x, int y) {
        Graphics2D turned = (Graphics2D) graphics.create();
        FontMetrics metrics = graphics.getFontMetrics(font);
        turned.translate(x + (metrics.getAscent() - metrics.getDescent()) / 2, y);
        turned.rotate(-Math.PI / 2);
        turned.setFont(font);
        turned.setColor(color);
        turned.drawString(text, 0, 0);
        turned.dispose();
    }

    int width(String text, Font font) {
        return graphics.getFontMetrics(font).stringWidth(text);
    }

    /** The text, cut with an ellipsis where it would be wider than {@code maxWidth}. */
    String shorten(String text, Font font, int maxWidth) {
        String shortened = text;
        for (int end = text.length() - 1; end > 0 && width(shortened, font) > maxWidth; end--) {
            shortened = text.substring(0, end).strip() + "\u2026";
        }
        return shortened;
    }

    private Font fit(String text, Font font, int maxWidth) {
        Font fitting = font;
        while (width(text, fitting) > maxWidth && fitting.getSize2D() > SMALLEST_FONT) {
            fitting = fitting.deriveFont(fitting.getSize2D() - 1);
        }
        return fitting;
    }

    byte[] png() {
        graphics.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
