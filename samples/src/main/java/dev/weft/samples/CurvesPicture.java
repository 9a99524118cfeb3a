package dev.weft.samples;

import dev.weft.train.EpochResult;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler.TextAlignment;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Loss or accuracy of every epoch, on the training data and on those that the model is tested on. */
final class CurvesPicture {
    private static final int HEIGHT = 480;
    /** Width of the plot alone, roughly. */
    private static final double PLOT_WIDTH = 580;

    private static final int MIN_TICK_PIXELS = 36;
    /** From here on the curves have no markers, and not every epoch a tick. */
    private static final int MANY_EPOCHS = 15;

    /** Empty space below and above the curves, as a share of their range. */
    private static final double MARGIN = 0.1;

    private CurvesPicture() {}

    /** @param evaluatedOn {@code test} or {@code validation} */
    static byte[] loss(List<EpochResult> epochs, String evaluatedOn) {
        return png(
                "Loss",
                epochs,
                evaluatedOn,
                EpochResult::trainLoss,
                e -> e.test().loss(),
                Double.POSITIVE_INFINITY,
                "");
    }

    /** @param evaluatedOn {@code test} or {@code validation} */
    static byte[] accuracy(List<EpochResult> epochs, String evaluatedOn) {
        return png(
                "Accuracy",
                epochs,
                evaluatedOn,
                e -> 100 * e.trainAccuracy(),
                e -> 100 * e.test().accuracy(),
                100,
                "' %'");
    }

    private static byte[] png(
            String title,
            List<EpochResult> epochs,
            String evaluatedOn,
            ToDoubleFunction<EpochResult> trainValue,
            ToDoubleFunction<EpochResult> testValue,
            double limit,
            String unit) {
        double[] x = epochs.stream().mapToDouble(EpochResult::epoch).toArray();
        double[] train = epochs.stream().mapToDouble(trainValue).toArray();
        double[] test = epochs.stream().mapToDouble(testValue).toArray();

        XYChart chart = new XYChartBuilder()
                .width(Picture.WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("epoch")
                .build();
        XYStyler style = chart.getStyler();
        style(style);
        xAxis(style, epochs.size());
        yAxis(style, train, test, limit, unit);
        // dashes and markers tell the curves apart, too
        add(chart, "training", x, train, Picture.ORANGE, SeriesMarkers.SQUARE, 7f, 5f);
        add(chart, evaluatedOn, x, test, Picture.BLUE, SeriesMarkers.CIRCLE);
        try {
            return ChartEncoder.getBytes(chart, "png");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void style(XYStyler style) {
        style.setBaseFont(Picture.TEXT);
        style.setChartTitleFont(Picture.TITLE);
        style.setAxisTitleFont(Picture.TEXT);
        style.setAxisTickLabelsFont(Picture.TEXT);
        style.setLegendFont(Picture.TEXT);
        style.setChartFontColor(Picture.INK);
        style.setAxisTickLabelsColor(Picture.INK);
        style.setChartBackgroundColor(Color.WHITE);
        style.setPlotBackgroundColor(Color.WHITE);
        style.setPlotBorderColor(Picture.LINES);
        style.setPlotGridLinesColor(Picture.LINES);
        style.setPlotGridLinesStroke(new BasicStroke(1));
        style.setAxisTickMarksColor(Picture.LINES);
        style.setLegendBorderColor(Color.WHITE);
        style.setLegendBackgroundColor(Color.WHITE);
        style.setLegendPosition(Styler.LegendPosition.OutsideS);
        style.setLegendLayout(Styler.LegendLayout.Horizontal);
        style.setChartPadding(14);
        style.setChartTitlePadding(12);
        style.setMarkerSize(9);
        style.setYAxisLabelAlignment(TextAlignment.Right);
    }

    /** Ticks at whole epochs alone; a single epoch stands in the middle. */
    private static void xAxis(XYStyler style, int epochs) {
        double from = epochs == 1 ? 0.5 : epochs > MANY_EPOCHS ? 0 : 1;
        double to = epochs == 1 ? 1.5 : epochs;
        style.setXAxisMin(from);
        style.setXAxisMax(to);
        style.setXAxisTickMarkSpacingHint((int) Math.max(MIN_TICK_PIXELS, 0.9 * PLOT_WIDTH / (to - from)));
        style.setXAxisDecimalPattern("0");
    }

    private static void yAxis(XYStyler style, double[] train, double[] test, double limit, String unit) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (double[] values : List.of(train, test)) {
            for (double value : values) {
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
        }
        // equal values need a range, too
        double margin = Math.max(MARGIN * (max - min), 0.01 * Math.max(max, 0.01));
        style.setYAxisMin(Math.max(0, min - margin));
        style.setYAxisMax(Math.min(limit, max + margin));
        // ticks are more than a tenth of the range apart: that decides how many digits they need
        double range = style.getYAxisMax() - style.getYAxisMin();
        int digits = (int) Math.max(0, Math.ceil(-Math.log10(range / 10)));
        style.setYAxisDecimalPattern("0" + (digits == 0 ? "" : "." + "0".repeat(digits)) + unit);
    }

    private static void add(
            XYChart chart, String name, double[] x, double[] y, Color color, Marker marker, float... dash) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setLineColor(color);
        series.setMarkerColor(color);
        series.setMarker(x.length > MANY_EPOCHS ? SeriesMarkers.NONE : marker);
        series.setLineStyle(new BasicStroke(
                2.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dash.length == 0 ? null : dash, 0));
    }
}
