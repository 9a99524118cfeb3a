package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.random.Philox;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loops over tiles give the bits of the loops over single rows, lane by lane. */
class LossesTest {
    private static final Losses VECTORS = new VectorLosses();
    private static final int LANES = new VectorPrimitives().lanes();
    private static final int MARGIN = 3;

    /** A tile of rows, with untouched elements before and after it. */
    private record Tile(float[] values, int columns) {
        static Tile empty(int columns) {
            return new Tile(new float[columns * LANES + 2 * MARGIN], columns);
        }

        static Tile random(int columns, String stream) {
            Tile tile = empty(columns);
            Philox.Sequence random = Philox.sequence(5, stream, columns * LANES);
            for (int i = 0; i < columns * LANES; i++) {
                tile.values[MARGIN + i] = (float) (4 * random.nextNormal());
            }
            return tile;
        }

        float[] row(int lane) {
            float[] row = new float[columns];
            for (int j = 0; j < columns; j++) {
                row[j] = values[MARGIN + j * LANES + lane];
            }
            return row;
        }

        void assertEquals(float[][] rows) {
            for (int lane = 0; lane < LANES; lane++) {
                assertThat(row(lane)).as("lane %d", lane).isEqualTo(rows[lane]);
            }
            for (int i = 0; i < MARGIN; i++) {
                assertThat(values[i]).isZero();
                assertThat(values[values.length - 1 - i]).isZero();
            }
        }
    }

    private static int[] labels(int columns) {
        int[] labels = new int[LANES + MARGIN];
        for (int lane = 0; lane < LANES; lane++) {
            labels[MARGIN + lane] = 7 * lane % columns;
        }
        return labels;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 17, 1000})
    void softmaxAndCrossEntropy(int columns) {
        Tile x = Tile.random(columns, "x");
        x.values[MARGIN + 1] = Float.NaN;
        x.values[MARGIN + 2] = Float.NEGATIVE_INFINITY;
        x.values[MARGIN + 3] = 1e4f;
        int[] labels = labels(columns);
        Tile y = Tile.empty(columns);
        Tile p = Tile.empty(columns);
        Tile loss = Tile.empty(1);
        VECTORS.softmax(x.values, MARGIN, y.values, MARGIN, columns);
        VECTORS.softmaxCrossEntropy(x.values, MARGIN, labels, MARGIN, p.values, MARGIN, loss.values, MARGIN, columns);
        float[][] rows = new float[LANES][columns];
        float[][] losses = new float[LANES][1];
        for (int lane = 0; lane < LANES; lane++) {
            new ScalarLosses(1)
                    .softmaxCrossEntropy(
                            x.row(lane), 0, labels, MARGIN + lane, rows[lane], 0, losses[lane], 0, columns);
        }
        y.assertEquals(rows);
        p.assertEquals(rows);
        loss.assertEquals(losses);

        Tile dloss = Tile.random(1, "dloss");
        Tile dx = Tile.empty(columns);
        VECTORS.softmaxCrossEntropyBackward(
                p.values, MARGIN, labels, MARGIN, dloss.values, MARGIN, dx.values, MARGIN, columns);
        for (int lane = 0; lane < LANES; lane++) {
            new ScalarLosses(1)
                    .softmaxCrossEntropyBackward(
                            p.row(lane), 0, labels, MARGIN + lane, dloss.row(lane), 0, rows[lane], 0, columns);
        }
        dx.assertEquals(rows);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 17, 1000})
    void softmaxBackwardAndSquaredError(int columns) {
        Tile a = Tile.random(columns, "a");
        Tile b = Tile.random(columns, "b");
        Tile dloss = Tile.random(1, "dloss");
        Tile dx = Tile.empty(columns);
        Tile loss = Tile.empty(1);
        Tile gradient = Tile.empty(columns);
        VECTORS.softmaxBackward(a.values, MARGIN, b.values, MARGIN, dx.values, MARGIN, columns);
        VECTORS.squaredError(a.values, MARGIN, b.values, MARGIN, loss.values, MARGIN, columns);
        VECTORS.squaredErrorBackward(
                a.values, MARGIN, b.values, MARGIN, dloss.values, MARGIN, gradient.values, MARGIN, columns);
        float[][] rows = new float[LANES][columns];
        float[][] gradients = new float[LANES][columns];
        float[][] losses = new float[LANES][1];
        Losses single = new ScalarLosses(1);
        for (int lane = 0; lane < LANES; lane++) {
            float[] x = a.row(lane);
            float[] target = b.row(lane);
            single.softmaxBackward(x, 0, target, 0, rows[lane], 0, columns);
            single.squaredError(x, 0, target, 0, losses[lane], 0, columns);
            single.squaredErrorBackward(x, 0, target, 0, dloss.row(lane), 0, gradients[lane], 0, columns);
        }
        dx.assertEquals(rows);
        loss.assertEquals(losses);
        gradient.assertEquals(gradients);
    }

    /** The loss of a sample that is known well is small, and keeps its digits. */
    @ParameterizedTest
    @ValueSource(floats = {0, 1, 10, 20, 40, 80})
    void aSmallLossKeepsItsDigits(float gap) {
        float[] x = {-gap, 0, -gap};
        float[] loss = new float[1];
        new ScalarLosses(1).softmaxCrossEntropy(x, 0, new int[] {1}, 0, new float[3], 0, loss, 0, 3);
        double exact = StrictMath.log1p(2 * StrictMath.exp(-gap));
        assertThat(Math.abs(loss[0] - exact)).isLessThan(3 * Math.ulp((float) exact));
    }
}
