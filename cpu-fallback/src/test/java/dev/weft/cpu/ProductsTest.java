package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.random.Philox;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loops that multiply against plain loops in double: every width of a block, counts around the loops' steps. */
class ProductsTest {
    private static final double ROUNDOFF = 0x1p-24;
    private static final int LENGTH = 40_000;

    private static Products products(boolean vector) {
        return vector ? new VectorProducts() : new ScalarProducts(new LoopMemory(ScalarProducts.WIDTH));
    }

    private static float[] random(String stream) {
        Philox.Sequence random = Philox.sequence(5, stream, LENGTH);
        float[] values = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            values[i] = (float) random.nextNormal();
        }
        return values;
    }

    private final float[] w = random("w");
    private final float[] x = random("x");
    private final float[] start = random("start");

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksTakeAllFilters(boolean vector) {
        Products p = products(vector);
        for (int filters = 1; filters <= 40; filters++) {
            FilterBlocks blocks = new FilterBlocks(filters, p);
            int next = 0;
            for (int block = 0; block < blocks.count(); block++) {
                assertThat(blocks.first(block)).isEqualTo(next);
                next += blocks.width(block);
            }
            assertThat(next).isGreaterThanOrEqualTo(filters);
            assertThat(blocks.first(blocks.count() - 1)).isLessThan(filters);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void productsOfPackedFilters(boolean vector) {
        Products p = products(vector);
        for (int filters : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 16}) {
            int width = p.blockWidth(filters);
            int last = Math.min(width, filters) - 1;
            for (int count = 0; count <= 9; count++) {
                for (int taps : new int[] {0, 1, 2, 3, 7, 26}) {
                    checkRun(p, width, last, count, taps, false);
                    checkRun(p, width, last, count, taps, true);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void blocksOfRowsTimesGroupsOfVectors(boolean vector, boolean packed) {
        Products p = products(vector);
        int rows = p.blockRows(packed);
        for (int last = 0; last < rows; last++) {
            for (int vectors : new int[] {1, 2, p.group()}) {
                for (int terms : new int[] {0, 1, 2, 5, 26}) {
                    checkGroup(p, packed, rows, last, vectors, terms, false);
                    checkGroup(p, packed, rows, last, vectors, terms, true);
                }
            }
        }
    }

    /**
     * @param accumulates whether the results are added to what is there
     */
    private void checkGroup(
            Products p, boolean packed, int rows, int last, int vectors, int terms, boolean accumulates) {
        int width = vectors * p.lanes();
        int yRow = width + 9;
        float[] y = accumulates ? start.clone() : new float[LENGTH];
        float[] from = accumulates ? y : start;
        int startRow = accumulates ? yRow : 0;
        if (packed) {
            float[] repeated = w.clone();
            for (int t = 0; t < terms; t++) {
                Arrays.fill(repeated, 3 + t * rows + last + 1, 3 + (t + 1) * rows, w[3 + t * rows + last]);
            }
            p.runPacked(vectors, terms, repeated, 3, x, 5, from, 7, startRow, y, 7, yRow, last);
        } else {
            p.runRows(vectors, terms, w, 3, 31, x, 5, from, 7, startRow, y, 7, yRow, last);
        }
        for (int i = 0; i < LENGTH; i++) {
            int k = Math.floorDiv(i - 7, yRow);
            int column = Math.floorMod(i - 7, yRow);
            if (k < 0 || k > last || column >= width) {
                assertThat(y[i]).as("element %d, which is no result", i).isEqualTo(accumulates ? start[i] : 0);
                continue;
            }
            double sum = start[7 + k * startRow + column];
            double magnitude = Math.abs(sum);
            for (int t = 0; t < terms; t++) {
                double product = (double) w[packed ? 3 + t * rows + k : 3 + k * 31 + t] * x[5 + t * width + column];
                sum += product;
                magnitude += Math.abs(product);
            }
            assertThat(Math.abs(y[i] - sum))
                    .as("last %d, %d vectors, %d terms: row %d, column %d", last, vectors, terms, k, column)
                    .isLessThanOrEqualTo((terms + 2) * ROUNDOFF * magnitude);
        }
    }

    /**
     * @param accumulates whether the results are added to what is there
     */
    private void checkRun(Products p, int width, int last, int count, int taps, boolean accumulates) {
        int lanes = p.lanes();
        int xStep = (taps + 3) * lanes;
        int filterStep = (count + 1) * lanes;
        float[] y = accumulates ? start.clone() : new float[LENGTH];
        float[] added = accumulates ? y : start;
        int startFilter = accumulates ? filterStep : lanes;
        int startStep = accumulates ? lanes : 0;
        float[] packed = w.clone();
        for (int t = 0; t < taps; t++) {
            for (int k = last + 1; k < width; k++) {
                packed[3 + t * width + k] = w[3 + t * width + last];
            }
        }
        p.run(
                width,
                count,
                taps,
                packed,
                3,
                x,
                5,
                xStep,
                added,
                7,
                startFilter,
                startStep,
                y,
                7,
                filterStep,
                lanes,
                last);
        for (int i = 0; i < y.length; i++) {
            int k = Math.floorDiv(i - 7, filterStep);
            int position = Math.floorMod(i - 7, filterStep) / lanes;
            int lane = Math.floorMod(i - 7, lanes);
            float before = accumulates ? start[i] : 0;
            if (k < 0 || k > last || position >= count) {
                assertThat(y[i]).as("element %d, which is no result", i).isEqualTo(before);
                continue;
            }
            double sum = start[7 + k * startFilter + position * startStep + lane];
            double magnitude = Math.abs(sum);
            for (int t = 0; t < taps; t++) {
                double product = (double) w[3 + t * width + k] * x[5 + position * xStep + t * lanes + lane];
                sum += product;
                magnitude += Math.abs(product);
            }
            assertThat(Math.abs(y[i] - sum))
                    .as(
                            "width %d last %d count %d taps %d: k %d p %d lane %d",
                            width, last, count, taps, k, position, lane)
                    .isLessThanOrEqualTo((taps + 2) * ROUNDOFF * magnitude);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void productsOfFrames(boolean vector) {
        Products p = products(vector);
        int lanes = p.lanes();
        int planes = 2;
        int filters = 6;
        int width = p.blockWidth(filters);
        int last = width - 1;
        for (int columns = 1; columns <= 7; columns++) {
            for (int step : new int[] {1, 2}) {
                for (int count : new int[] {1, 3, 8, 9, 17}) {
                    int frameColumns = (count - 1) * step + columns;
                    int pixelStep = p.pixelStep(planes);
                    int planeStep = p.planeStep(frameColumns);
                    int filterStep = count * lanes;
                    float[] y = start.clone();
                    p.runFrame(
                            width,
                            count,
                            columns,
                            planes,
                            w,
                            3,
                            x,
                            5,
                            step,
                            frameColumns,
                            start,
                            7,
                            filterStep,
                            lanes,
                            y,
                            7,
                            filterStep,
                            lanes,
                            last);
                    for (int i = 0; i < (last + 1) * filterStep; i++) {
                        int k = i / filterStep;
                        int position = i % filterStep / lanes;
                        double sum = start[7 + i];
                        double magnitude = Math.abs(sum);
                        for (int t = 0; t < columns * planes; t++) {
                            int pixel = position * step + t / planes;
                            double product = (double) w[3 + t * width + k]
                                    * x[5 + pixel * pixelStep + t % planes * planeStep + i % lanes];
                            sum += product;
                            magnitude += Math.abs(product);
                        }
                        assertThat(Math.abs(y[7 + i] - sum))
                                .as("%d columns, step %d, %d positions: element %d", columns, step, count, i)
                                .isLessThanOrEqualTo((columns * planes + 2) * ROUNDOFF * magnitude);
                    }
                    assertThat(y[6]).isEqualTo(start[6]);
                    int end = 7 + (last + 1) * filterStep;
                    assertThat(y[end]).isEqualTo(start[end]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void gradientsAddUpLaneByLane(boolean vector) {
        Products p = products(vector);
        int lanes = p.lanes();
        int[] positions = new int[20];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = (i / 4 * 9 + i % 4) * lanes;
        }
        for (int row : new int[] {1, 2, 3, 5}) {
            for (int filters = 1; filters <= 9; filters++) {
                for (int columns : new int[] {1, 5, 28}) {
                    GradientBlock block = p.gradientBlock(filters, row, columns);
                    int width = block.filters();
                    int most = block.taps();
                    int[] taps = new int[most];
                    for (int t = 0; t < most; t++) {
                        taps[t] = (t / row * 9 + t % row) * lanes;
                    }
                    int from = filters % 3;
                    int to = from + 2 * filters - 1;
                    int filterStep = p.gradientFilterStep(block, to - from);
                    int positionStep = p.gradientPositionStep(block);
                    float[] sums = start.clone();
                    p.gradient(block, w, 3, x, 5, positions, from, to, taps, 0, most - 1, sums, 7);
                    for (int i = 0; i < width * most * lanes; i++) {
                        int k = i / (most * lanes);
                        int tap = taps[i / lanes % most] + i % lanes;
                        double sum = start[7 + i];
                        double magnitude = Math.abs(sum);
                        for (int q = 0; q < (to - from) * block.columns(); q++) {
                            int position = positions[from + q / block.columns()] + q % block.columns() * lanes;
                            double product = (double) w[3 + k * filterStep + q * positionStep + i % lanes]
                                    * x[5 + position + tap];
                            sum += product;
                            magnitude += Math.abs(product);
                        }
                        assertThat(Math.abs(sums[7 + i] - sum))
                                .as("row %d %s: element %d", row, block, i)
                                .isLessThanOrEqualTo((2 + (to - from) * block.columns()) * ROUNDOFF * magnitude);
                    }
                    assertThat(sums[6]).isEqualTo(start[6]);
                    assertThat(sums[7 + width * most * lanes]).isEqualTo(start[7 + width * most * lanes]);
                }
            }
        }
    }

    @Test
    void pixelsAreMultipliedAndScattered() {
        Products p = products(true);
        int lanes = p.lanes();
        assumeTrue(
                lanes == 16, "pixels are scattered from 512-bit vectors only; here a vector has " + lanes + " lanes");
        assertThat(p.scatterPixels(5)).isPositive();
        int[] rows = {0, 40 * lanes, 7 * lanes, 23 * lanes};
        for (int columns = 1; columns <= 9; columns++) {
            int pixels = p.scatterPixels(columns);
            if (pixels == 0) {
                continue;
            }
            int channelApart = (pixels + columns) * lanes;
            for (int from = 0; from < rows.length; from++) {
                double[] sums = new double[LENGTH];
                double[] magnitudes = new double[LENGTH];
                for (int i = 0; i < LENGTH; i++) {
                    sums[i] = start[i];
                    magnitudes[i] = Math.abs(sums[i]);
                }
                for (int i = from; i < rows.length; i++) {
                    for (int j = 0; j < Products.CHANNELS * columns * pixels * lanes; j++) {
                        int lane = j % lanes;
                        int q = j / lanes % pixels;
                        int s = j / lanes / pixels % columns;
                        int c = j / lanes / pixels / columns;
                        double product = (double) w[3 + (i * Products.CHANNELS + c) * columns + s]
                                * x[5 + rows[i] + q * lanes + lane];
                        sums[7 + c * channelApart + (q + s) * lanes + lane] += product;
                        magnitudes[7 + c * channelApart + (q + s) * lanes + lane] += Math.abs(product);
                    }
                }
                float[] y = start.clone();
                p.scatter(w, 3, x, 5, rows, from, rows.length, y, 7, channelApart);
                for (int i = 0; i < LENGTH; i++) {
                    assertThat(Math.abs(y[i] - sums[i]))
                            .as("%d columns, rows from %d: element %d", columns, from, i)
                            .isLessThanOrEqualTo(30 * ROUNDOFF * magnitudes[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lanesAreAddedUpAndVectorsCopied(boolean vector) {
        Products p = products(vector);
        int lanes = p.lanes();
        for (int count : new int[] {0, 1, 2, 15, 16, 17, 40}) {
            float[] sums = x.clone();
            p.sumLanes(sums, 5, count);
            for (int i = 0; i < count; i++) {
                double sum = 0;
                double magnitude = 0;
                for (int lane = 0; lane < lanes; lane++) {
                    sum += x[5 + i * lanes + lane];
                    magnitude += Math.abs(x[5 + i * lanes + lane]);
                }
                assertThat(Math.abs(sums[5 + i] - sum)).isLessThanOrEqualTo(lanes * ROUNDOFF * magnitude);
            }
            float[] apart = start.clone();
            p.spread(x, 5, apart, 7, 3 * lanes, count);
            for (int i = 0; i < LENGTH - 7; i++) {
                boolean copied = i / lanes % 3 == 0 && i / lanes / 3 < count;
                float expected = copied ? x[5 + i / lanes / 3 * lanes + i % lanes] : start[7 + i];
                assertThat(apart[7 + i]).isEqualTo(expected);
            }
        }
    }
}
