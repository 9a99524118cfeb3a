package dev.weft.train;

/**
 * What one epoch gave. Training loss and accuracy are means over the epoch's steps, each measured before the step's
 * update.
 *
 * @param epoch from 1, counted on by a trainer's further calls
 * @param trainAccuracy NaN where the targets are values
 * @param test the validation after the epoch, or null where there is none
 * @param seconds training alone, without the validation
 * @param imagesPerSecond samples trained per second
 */
public record EpochResult(
        int epoch, double trainLoss, double trainAccuracy, Evaluation test, double seconds, double imagesPerSecond) {}
