package dev.weft;

/** A shape does not fit: thrown while a graph is built or compiled, never while it runs. */
public class ShapeException extends WeftException {
    private final String layer;

    /**
     * @param layer the layer or op whose operand does not fit
     * @param problem the shape it got and the one it needs
     */
    public ShapeException(String layer, String problem) {
        super(layer + ": " + problem);
        this.layer = layer;
    }

    public String layer() {
        return layer;
    }
}
