package dev.weft;

/** A program or data set does not fit into the backend's memory. */
public class OutOfDeviceMemoryException extends DeviceException {
    private final long neededBytes;
    private final long freeBytes;

    /**
     * Says what was asked for and what there was.
     *
     * @param what what was to be allocated
     * @param neededBytes its size
     * @param freeBytes what the backend had left
     * @param advice what to change
     */
    public OutOfDeviceMemoryException(String what, long neededBytes, long freeBytes, String advice) {
        super("%s needs %,d bytes, %,d are free: %s".formatted(what, neededBytes, freeBytes, advice));
        this.neededBytes = neededBytes;
        this.freeBytes = freeBytes;
    }

    /** How many bytes were asked for. */
    public long neededBytes() {
        return neededBytes;
    }

    /** How many bytes the backend had left. */
    public long freeBytes() {
        return freeBytes;
    }
}
