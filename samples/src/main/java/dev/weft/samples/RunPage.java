package dev.weft.samples;

import dev.weft.train.EpochResult;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The page of a run: pictures, figures and settings. It holds the pictures itself, so that it can be sent alone, and needs
 * no script.
 */
public final class RunPage {
    /** The style of all pages. */
    public static final String STYLE = """
            :root { color-scheme: light; }
            * { box-sizing: border-box; }
            body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 96rem; background: #fff; color: #1f2328;
              font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
            h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
            h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
            p { margin: .25rem 0 0; color: #59636e; }
            a { color: #0969da; }
            .figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
            .figures li { flex: 1 1 9rem; padding: .6rem .9rem; border: 1px solid #d1d9e0; border-radius: .5rem; }
            .figures b { display: block; font-size: 1.25rem; line-height: 1.4; white-space: nowrap; }
            .figures span { color: #59636e; }
            .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem;
              align-items: start; }
            .column { display: grid; gap: 1rem; min-width: 0; }
            figure, section { margin: 0; padding: 1rem; border: 1px solid #d1d9e0; border-radius: .5rem; min-width: 0; }
            figure img { display: block; width: 100%; max-width: 720px; height: auto; margin: 0 auto; }
            figcaption { color: #59636e; font-size: .9rem; margin-top: .5rem; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
            th, td { padding: .3rem .4rem; border-bottom: 1px solid #d1d9e0; text-align: right; vertical-align: top; }
            th { font-weight: 600; }
            .names th, .names td { text-align: left; }
            .names th { white-space: nowrap; padding-right: 1rem; }
            .names td { overflow-wrap: anywhere; width: 100%; }
            @media (max-width: 40rem) {
              body { padding: 1rem .5rem 2rem; }
              .figures li { flex-basis: 8rem; }
              figure, section { padding: .5rem; }
              .epochs { font-size: .75rem; }
              .epochs th, .epochs td { padding: .3rem .15rem; }
            }
            @media print {
              @page { margin: 1.5cm; }
              html { font-size: 8.5pt; }
              body { padding: 0; max-width: none; }
              .wide { overflow: visible; }
              .epochs th, .epochs td { padding: .25rem .2rem; }
              .grid { grid-template-columns: 1fr 1fr; }
              figure, section { break-inside: avoid; padding: .5rem; }
            }
            """;

    private RunPage() {}

    /** @param pictures PNG files by their names in {@link RunReport} */
    static String html(RunRecord record, Predictions predictions, Map<String, byte[]> pictures) {
        String on = record.evaluatedOn();
        EpochResult last = record.history().last();
        int size = predictions.data().size();
        String title = "%s: %.2f %% %s accuracy"
                .formatted(record.network(), 100 * last.test().accuracy(), on);
        StringBuilder html = new StringBuilder();
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<title>%s</title>\n".formatted(escape(title)))
                .append("<style>\n%s</style>\n</head>\n<body>\n".formatted(STYLE))
                .append("<h1>%s</h1>\n".formatted(escape(title)))
                .append("<p>Trained with Weft %s on %s, %s</p>\n"
                        .formatted(
                                escape(Machine.weft()),
                                escape(record.backend()),
                                LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm"))));

        html.append("<ul class=\"figures\">\n");
        figure(html, "%.2f %%".formatted(100 * last.test().accuracy()), on + " accuracy");
        figure(
                html,
                "%,d of %,d".formatted(size - predictions.rightCount(), size),
                "%s %s wrong".formatted(on, record.samples()));
        figure(html, TrainingDisplay.loss(last.test().loss()), on + " loss");
        figure(html, "%,d".formatted(last.epoch()), last.epoch() == 1 ? "epoch" : "epochs");
        figure(html, seconds(record.totalSeconds()), "training and evaluation");
        figure(html, "%,.0f".formatted(last.imagesPerSecond()), record.samples() + " per second in the last epoch");
        html.append("</ul>\n<div class=\"grid\">\n");

        String measured = "The training curve is the mean over the epoch, measured before each step's update; the " + on
                + " curve is measured after the epoch.";
        picture(html, pictures, RunReport.ACCURACY, "Accuracy of each epoch", measured);
        picture(html, pictures, RunReport.LOSS, "Loss of each epoch", measured);
        if (pictures.containsKey(RunReport.CONFUSION)) {
            picture(
                    html,
                    pictures,
                    RunReport.CONFUSION,
                    "Confusion matrix",
                    "True class down, predicted class across; at the end of each row the share that was found.");
        }
        if (pictures.containsKey(RunReport.DIGITS)) {
            picture(
                    html,
                    pictures,
                    RunReport.DIGITS,
                    "Images classified right and wrong",
                    "Predicted class with its probability, and the true class.");
        }

        html.append("<div class=\"column\">\n");
        epochs(html, record);
        html.append("<section>\n<h2>Files</h2>\n")
                .append("<a href=\"%1$s\">%1$s</a> classifies %2$s with <code>weft predict --model</code>.<br>\n"
                        .formatted(RunOutput.MODEL, record.samples()))
                .append("<a href=\"%1$s\">%1$s</a> has all numbers of this page.\n".formatted(RunOutput.HISTORY))
                .append("</section>\n</div>\n<div class=\"column\">\n");
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("network", record.network());
        record.options().forEach((name, value) -> {
            if (value != null) {
                settings.put(name, value.toString());
            }
        });
        names(html, "Settings", settings);
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("backend", record.backend());
        machine.put("processor", "%s, %d cores".formatted(Machine.cpu(), Machine.cores()));
        machine.put("memory", "%.1f GiB".formatted(Machine.memoryBytes() / (double) (1 << 30)));
        machine.put("JDK", Machine.jdk());
        machine.put("system", Machine.os());
        machine.put("Weft", Machine.weft());
        names(html, "Machine", machine);
        html.append("</div>\n</div>\n</body>\n</html>\n");
        return html.toString();
    }

    private static void figure(StringBuilder html, String value, String name) {
        html.append("<li><b>%s</b> <span>%s</span></li>\n".formatted(escape(value), escape(name)));
    }

    private static void picture(
            StringBuilder html, Map<String, byte[]> pictures, String name, String what, String caption) {
        String data = Base64.getEncoder().encodeToString(pictures.get(name));
        html.append(
                "<figure><a href=\"%s\"><img src=\"data:image/png;base64,%s\" alt=\"%s\"></a>\n<figcaption>%s</figcaption></figure>\n"
                        .formatted(name, data, escape(what), escape(caption)));
    }

    private static void epochs(StringBuilder html, RunRecord record) {
        // the longest word may be broken where the screen is narrow
        String on = escape(record.evaluatedOn()).replace("validation", "vali&shy;dation");
        html.append("<section class=\"wide\">\n<h2>Epochs</h2>\n<table class=\"epochs\">\n<thead><tr>")
                .append("<th>epoch</th><th>training loss</th><th>training accuracy</th>")
                .append("<th>%1$s loss</th><th>%1$s accuracy</th><th>time</th>".formatted(on))
                .append("</tr></thead>\n<tbody>\n");
        for (EpochResult e : record.history().epochs()) {
            html.append(
                    "<tr><td>%d</td><td>%s</td><td>%.2f&nbsp;%%</td><td>%s</td><td>%.2f&nbsp;%%</td><td>%s</td></tr>\n"
                            .formatted(
                                    e.epoch(),
                                    TrainingDisplay.loss(e.trainLoss()),
                                    100 * e.trainAccuracy(),
                                    TrainingDisplay.loss(e.test().loss()),
                                    100 * e.test().accuracy(),
                                    escape(seconds(e.seconds())).replace(" ", "&nbsp;")));
        }
        html.append("</tbody>\n</table>\n</section>\n");
    }

    private static void names(StringBuilder html, String title, Map<String, String> rows) {
        html.append("<section>\n<h2>%s</h2>\n<table class=\"names\">\n".formatted(title));
        rows.forEach((name, value) ->
                html.append("<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n".formatted(escape(name), escape(value))));
        html.append("</table>\n</section>\n");
    }

    private static String seconds(double seconds) {
        return seconds < 100 ? "%.1f s".formatted(seconds) : TrainingDisplay.time(seconds);
    }

    /** Text as HTML shows it. */
    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
