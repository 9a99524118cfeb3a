package dev.weft.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An operand of an expression, which may lack dimensions of the result: it is the same along them.
 *
 * @param dimensions of the result; neighbours along which the operand lies in one run are one dimension
 * @param strides distance of two elements of the operand along each of them; 0 where it is the same, and 0 or 1 along the last
 */
record BlockOperand(Operand x, int[] dimensions, int[] strides) {

    /** Joins dimensions where that is possible. */
    static BlockOperand of(Operand x, List<Integer> dimensions, List<Integer> strides) {
        List<Integer> lengths = new ArrayList<>(List.of(1));
        List<Integer> steps = new ArrayList<>(List.of(0));
        for (int i = dimensions.size() - 1; i >= 0; i--) {
            int length = dimensions.get(i);
            int stride = strides.get(i);
            if (length == 1) {
                continue;
            }
            if (lengths.get(0) == 1 || stride == steps.get(0) * lengths.get(0)) {
                steps.set(0, lengths.get(0) == 1 ? stride : steps.get(0));
                lengths.set(0, lengths.get(0) * length);
            } else {
                lengths.add(0, length);
                steps.add(0, stride);
            }
        }
        return new BlockOperand(x, toArray(lengths), toArray(steps));
    }

    /** An operand that has one element for each of the result. */
    static BlockOperand whole(Operand x, int elements) {
        return new BlockOperand(x, new int[] {elements}, new int[] {1});
    }

    private static int[] toArray(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether it is one number. */
    boolean uniform() {
        return dimensions.length == 1 && strides[0] == 0;
    }

    /** Whether its elements lie side by side as those of the result do. */
    boolean contiguous() {
        return dimensions.length == 1 && strides[0] == 1;
    }

    /** The element at this index. */
    float at(int index) {
        return x.ints != null ? x.ints[index] : x.reals[index];
    }

    /** Writes elements {@code from} to {@code from + n - 1}, counted along the result, from {@code to[toAt]} on. */
    void read(Task task, int frame, int from, int n, float[] to, int toAt) {
        int last = dimensions.length - 1;
        int run = dimensions[last];
        int repeats = last > 0 && strides[last - 1] == 0 ? dimensions[last - 1] : 1;
        int first = x.at(task, frame);
        for (int done = 0; done < n; ) {
            int inRun = (from + done) % run;
            int number = (from + done) / run;
            int count = Math.min(run - inRun, n - done);
            copy(first + offset(number) + inRun * strides[last], strides[last], count, to, toAt + done);
            if (inRun == 0 && repeats > 1) {
                int all = Math.min((repeats - number % repeats) * run, n - done);
                for (; count < all; count += Math.min(count, all - count)) {
                    System.arraycopy(to, toAt + done, to, toAt + done + count, Math.min(count, all - count));
                }
            }
            done += count;
        }
    }

    /** Where a run begins. */
    private int offset(int number) {
        int offset = 0;
        for (int i = dimensions.length - 2; i > 0; i--) {
            offset += number % dimensions[i] * strides[i];
            number /= dimensions[i];
        }
        return dimensions.length > 1 ? offset + number * strides[0] : 0;
    }

    private void copy(int at, int stride, int n, float[] to, int toAt) {
        if (stride == 0) {
            Arrays.fill(to, toAt, toAt + n, at(at));
        } else if (x.reals != null) {
            System.arraycopy(x.reals, at, to, toAt, n);
        } else {
            for (int i = 0; i < n; i++) {
                to[toAt + i] = x.ints[at + i];
            }
        }
    }
}
