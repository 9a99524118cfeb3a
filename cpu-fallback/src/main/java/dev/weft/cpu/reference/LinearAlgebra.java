package dev.weft.cpu.reference;

import dev.weft.op.Op;

/** Matrix product and bias. */
final class LinearAlgebra {
    private LinearAlgebra() {}

    static void matMul(Op.MatMul op, Tensors t) {
        Cells a = t.cells(op.a());
        Cells b = t.cells(op.b());
        Cells c = t.cells(op.c());
        int rows = op.rows();
        int columns = op.columns();
        int inner = op.inner();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                double magnitude = 0;
                for (int k = 0; k < inner; k++) {
                    double product = a.get(op.transposeA() ? k * rows + i : i * inner + k)
                            * b.get(op.transposeB() ? j * inner + k : k * columns + j);
                    sum += product;
                    magnitude += Math.abs(product);
                }
                c.set(i * columns + j, sum, magnitude);
            }
        }
    }

    static void addBias(Op.AddBias op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells b = t.cells(op.b());
        Cells y = t.cells(op.y());
        int plane = op.x().shape().elements(2, op.x().shape().rank());
        for (int i = 0; i < x.length(); i++) {
            double bias = b.get(i / plane % b.length());
            y.set(i, x.get(i) + bias, Math.abs(x.get(i)) + Math.abs(bias));
        }
    }

    static void biasGradient(Op.BiasGradient op, Tensors t) {
        Cells dy = t.cells(op.dy());
        Cells db = t.cells(op.db());
        int plane = op.dy().shape().elements(2, op.dy().shape().rank());
        for (int c = 0; c < db.length(); c++) {
            double sum = 0;
            double magnitude = 0;
            for (int n = 0; n < op.dy().shape().get(0); n++) {
                for (int i = 0; i < plane; i++) {
                    double value = dy.get((n * db.length() + c) * plane + i);
                    sum += value;
                    magnitude += Math.abs(value);
                }
            }
            db.set(c, sum, magnitude);
        }
    }
}
