package dev.weft.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;

/** Page-locked host memory. */
final class Pinned implements Releasable {
    private final Pointer pointer;
    private final ByteBuffer buffer;
    private final Device.Resource resource;

    Pinned(Pointer pointer, ByteBuffer buffer, Device.Resource resource) {
        this.pointer = pointer;
        this.buffer = buffer.order(ByteOrder.nativeOrder());
        this.resource = resource;
    }

    Pointer pointer() {
        return pointer;
    }

    /** All of it; absolute access, position 0. */
    ByteBuffer buffer() {
        return buffer;
    }

    @Override
    public void close() {
        resource.close();
    }
}
