package dev.weft.samples;

import dev.weft.WeftException;
import dev.weft.data.Dataset;
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a model finds in each sample of a data set.
 *
 * @param predicted the likeliest class of each sample
 * @param probability of that class
 */
record Predictions(Dataset data, int[] predicted, float[] probability) {
    private static final int ROWS_AT_ONCE = 1024;

    static Predictions of(Model model, Dataset data) {
        int[] predicted = new int[data.size()];
        float[] probability = new float[data.size()];
        for (int start = 0; start < data.size(); start += ROWS_AT_ONCE) {
            float[][] samples = new float[Math.min(ROWS_AT_ONCE, data.size() - start)][];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = data.image(start + i);
            }
            float[][] probabilities = model.predictProbabilities(samples);
            for (int i = 0; i < samples.length; i++) {
                predicted[start + i] = likeliest(probabilities[i]);
                probability[start + i] = probabilities[i][predicted[start + i]];
            }
        }
        return new Predictions(data, predicted, probability);
    }

    /**
     * The class of the highest probability; the first where several have it.
     *
     * @throws WeftException if one is NaN, which is neither more nor less likely than another
     */
    static int likeliest(float[] probabilities) {
        int best = 0;
        for (int i = 0; i < probabilities.length; i++) {
            if (Float.isNaN(probabilities[i])) {
                throw new WeftException(
                        "the probability of class %d is NaN, so no class is the likeliest".formatted(i));
            }
            if (probabilities[i] > probabilities[best]) {
                best = i;
            }
        }
        return best;
    }

    boolean right(int sample) {
        return predicted[sample] == data.label(sample);
    }

    /** How many samples were classified right. */
    int rightCount() {
        int count = 0;
        for (int i = 0; i < predicted.length; i++) {
            count += right(i) ? 1 : 0;
        }
        return count;
    }

    /** {@code [true class][predicted class]}: how often that came. */
    int[][] confusion() {
        int[][] counts = new int[data.classes()][data.classes()];
        for (int i = 0; i < predicted.length; i++) {
            counts[data.label(i)][predicted[i]]++;
        }
        return counts;
    }

    /** The first sample of each class that was classified right. */
    List<Integer> firstRightOfEachClass() {
        List<Integer> samples = new ArrayList<>();
        for (int label = 0; label < data.classes(); label++) {
            for (int i = 0; i < predicted.length; i++) {
                if (data.label(i) == label && right(i)) {
                    samples.add(i);
                    break;
                }
            }
        }
        return samples;
    }

    /** All samples that were classified wrong, those of the highest probability first. */
    List<Integer> wrong() {
        List<Integer> samples = new ArrayList<>();
        for (int i = 0; i < predicted.length; i++) {
            if (!right(i)) {
                samples.add(i);
            }
        }
        samples.sort(Comparator.comparingDouble(i -> -probability[i]));
        return samples;
    }
}
