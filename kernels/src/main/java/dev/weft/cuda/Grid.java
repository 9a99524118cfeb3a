package dev.weft.cuda;

/** How many blocks a launch has in each direction. */
record Grid(int x, int y, int z) {
    /** The most blocks in the directions y and z. */
    static final int MAX_YZ = 65_535;

    Grid {
        if (x < 1 || y < 1 || z < 1 || y > MAX_YZ || z > MAX_YZ) {
            throw new IllegalArgumentException("no grid of %d x %d x %d blocks".formatted(x, y, z));
        }
    }

    static Grid of(int x) {
        return new Grid(x, 1, 1);
    }

    static Grid of(int x, int y) {
        return new Grid(x, y, 1);
    }

    static Grid of(int x, int y, int z) {
        return new Grid(x, y, z);
    }

    @Override
    public String toString() {
        return z > 1 ? x + "x" + y + "x" + z : y > 1 ? x + "x" + y : String.valueOf(x);
    }
}
