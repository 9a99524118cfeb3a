package dev.weft;

/** A program or data set does not fit into the backend's memory. */
public class OutOfDeviceMemoryException extends DeviceException {
    private final long neededBytes;
    private final long freeBytes;

    /**
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

    public long neededBytes() {
        return neededBytes;
    }

    public long freeBytes() {
        return freeBytes;
    }
}
