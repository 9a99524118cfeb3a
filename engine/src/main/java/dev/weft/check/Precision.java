package dev.weft.check;

/** The floating-point formats that a backend may hold REAL in. */
enum Precision {
    /** Results are floats; the factors of products were rounded to TF32, so that is how far they may be off. */
    TF32(0x1p-11, Float.MIN_NORMAL) {
        @Override
        double round(double value) {
            return (float) value;
        }
    },
    FLOAT(0x1p-24, Float.MIN_NORMAL) {
        @Override
        double round(double value) {
            return (float) value;
        }
    },
    DOUBLE(0x1p-53, Double.MIN_NORMAL) {
        @Override
        double round(double value) {
            return value;
        }
    };

    private final double unitRoundoff;
    private final double smallestNormal;

    Precision(double unitRoundoff, double smallestNormal) {
        this.unitRoundoff = unitRoundoff;
        this.smallestNormal = smallestNormal;
    }

    /** The format with this unit roundoff. */
    static Precision of(double unitRoundoff) {
        for (Precision precision : values()) {
            if (precision.unitRoundoff == unitRoundoff) {
                return precision;
            }
        }
        throw new IllegalArgumentException("no floating-point format has the unit roundoff " + unitRoundoff);
    }

    double unitRoundoff() {
        return unitRoundoff;
    }

    /** Below it numbers lose precision, and some devices take them for zero. */
    double smallestNormal() {
        return smallestNormal;
    }

    /** The nearest number of this format. */
    abstract double round(double value);
}
