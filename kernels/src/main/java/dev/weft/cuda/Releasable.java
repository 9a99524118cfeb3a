package dev.weft.cuda;

/** Something of the device's that has to be given back. Closing throws a {@link dev.weft.DeviceException} at most. */
interface Releasable extends AutoCloseable {
    @Override
    void close();
}
