package dev.weft.samples;

import dev.weft.io.OutputFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** The part of a run folder that is to be looked at: pictures, and a page that shows them with figures and settings. */
final class RunReport {
    static final String INDEX = "index.html";
    static final String LOSS = "loss.png";
    static final String ACCURACY = "accuracy.png";
    static final String CONFUSION = "confusion.png";
    static final String DIGITS = "digits.png";

    private RunReport() {}

    /**
     * Writes it.
     *
     * @param classes names of the classes
     * @throws dev.weft.DataException if a file cannot be written
     */
    static void write(Path folder, RunRecord record, Predictions predictions, List<String> classes) {
        // else pictures pass through temporary files, which cannot be made any more while Ctrl-C ends the JVM
        ImageIO.setUseCache(false);
        String evaluatedOn = record.evaluatedOn();
        Map<String, byte[]> pictures = new LinkedHashMap<>();
        pictures.put(LOSS, CurvesPicture.loss(record.history().epochs(), evaluatedOn));
        pictures.put(ACCURACY, CurvesPicture.accuracy(record.history().epochs(), evaluatedOn));
        if (ConfusionPicture.shows(classes.size())) {
            pictures.put(CONFUSION, ConfusionPicture.png(predictions.confusion(), classes, evaluatedOn));
        }
        if (DigitsPicture.shows(predictions.data())) {
            pictures.put(DIGITS, DigitsPicture.png(predictions, classes, evaluatedOn));
        }

        pictures.forEach((name, png) -> OutputFile.write(folder.resolve(name), png));
        String page = RunPage.html(record, predictions, pictures);
        OutputFile.write(folder.resolve(INDEX), page.getBytes(StandardCharsets.UTF_8));
    }
}
