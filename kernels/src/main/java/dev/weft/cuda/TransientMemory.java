package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.tensor.TensorRef;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * Where the transient tensors of programs lie that were bound together: in one arena, which the programs share, or for
 * {@link MemoryMode#SEPARATE} each in an allocation of its own, between guard bands.
 */
final class TransientMemory implements Releasable {
    /** A NaN that no computation produces; as an integer larger than any index. */
    private static final int POISON = 0x7fc0dead;

    private static final int GUARD = 256;

    private final Device device;
    private final Staging staging;
    private final MemoryMode mode;
    private final Owned owned = new Owned();
    private final Device.Memory arena;
    private final Map<MemoryPlan.Block, Device.Memory> separate = new HashMap<>();
    private long bytes;
    private int users;

    TransientMemory(
            Device device,
            Staging staging,
            MemoryMode mode,
            List<MemoryPlan> plans,
            Device.Stream stream,
            boolean ownsStream) {
        this.device = device;
        this.staging = staging;
        this.mode = mode;
        this.users = plans.size();
        if (ownsStream) {
            owned.add(stream);
        }
        try {
            if (mode == MemoryMode.SEPARATE) {
                arena = null;
                for (MemoryPlan plan : plans) {
                    for (MemoryPlan.Block block : plan.blocks()) {
                        long size = GUARD + roundedUp(block.size()) + GUARD;
                        Device.Memory memory = allocate(block.key().toString(), size);
                        separate.put(block, memory);
                        poison(memory.at(0), memory.bytes(), stream);
                    }
                }
            } else {
                long size = plans.stream().mapToLong(MemoryPlan::size).max().orElse(0);
                arena = allocate("the memory for activations", size);
            }
        } catch (RuntimeException e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    private static long roundedUp(long size) {
        return (size + Binding.ALIGNMENT - 1) / Binding.ALIGNMENT * Binding.ALIGNMENT;
    }

    private Device.Memory allocate(String what, long size) {
        Device.Memory memory = owned.add(device.allocate(what, size, CudaBackend.ADVICE));
        bytes += memory.bytes();
        return memory;
    }

    long bytes() {
        return bytes;
    }

    CUdeviceptr address(MemoryPlan.Block block) {
        return arena == null ? separate.get(block).at(GUARD) : arena.at(block.offset());
    }

    /** Fills everything but the program's inputs with NaN, as far as the mode asks for it. */
    void poisonAllBut(List<TensorRef> inputs, MemoryPlan plan, Device.Stream stream) {
        List<MemoryPlan.Block> kept =
                inputs.stream().map(plan::block).distinct().toList();
        if (mode == MemoryMode.SEPARATE) {
            for (MemoryPlan.Block block : plan.blocks()) {
                Device.Memory memory = separate.get(block);
                if (!kept.contains(block)) {
                    poison(memory.at(0), memory.bytes(), stream);
                }
            }
        } else if (mode == MemoryMode.POISONED_ARENA) {
            long from = 0;
            for (MemoryPlan.Block block : kept.stream()
                    .sorted(Comparator.comparingLong(MemoryPlan.Block::offset))
                    .toList()) {
                poison(arena.at(from), block.offset() - from, stream);
                from = block.offset() + roundedUp(block.size());
            }
            poison(arena.at(from), arena.bytes() - from, stream);
        }
    }

    /** Fills the arena with zeros. */
    void zero(Device.Stream stream) {
        device.check(
                JCudaDriver.cuMemsetD32Async(arena.at(0), 0, arena.bytes() / Integer.BYTES, stream.handle()),
                "clearing the memory for activations");
    }

    private void poison(CUdeviceptr at, long count, Device.Stream stream) {
        if (count > 0) {
            device.check(
                    JCudaDriver.cuMemsetD32Async(at, POISON, count / Integer.BYTES, stream.handle()),
                    "filling unused memory with NaN");
        }
    }

    /** After a group of ops: what they used for the last time must not be read again, as far as the mode asks for it. */
    void poisonEnded(MemoryPlan plan, int group, Device.Stream stream) {
        if (mode == MemoryMode.POISONED_ARENA) {
            for (MemoryPlan.Block block : plan.blocks()) {
                if (block.last() == group) {
                    poison(arena.at(block.offset()), roundedUp(block.size()), stream);
                }
            }
        }
    }

    /**
     * Reads the guard bands, where the mode has them.
     *
     * @param who has written last, for the message
     * @throws DeviceException if one was written to
     */
    void checkGuards(MemoryPlan plan, String who) {
        if (mode != MemoryMode.SEPARATE) {
            return;
        }
        for (MemoryPlan.Block block : plan.blocks()) {
            Device.Memory memory = separate.get(block);
            checkGuard(memory, 0, GUARD, block, who);
            checkGuard(memory, GUARD + block.size(), GUARD, block, who);
        }
    }

    private void checkGuard(Device.Memory memory, long from, int count, MemoryPlan.Block block, String who) {
        byte[] guard = staging.bytes(memory.at(from), count, "reading a guard band");
        for (int i = 0; i < count; i++) {
            if (guard[i] != (byte) (POISON >>> ((from + i) % 4 * 8))) {
                throw new DeviceException("%s wrote outside its tensors: byte %d of the memory of %s, which has %d"
                        .formatted(who, from + i - GUARD, block.key(), block.size()));
            }
        }
    }

    /** Frees the memory when the last of the programs lets go of it. */
    @Override
    public void close() {
        users--;
        if (users == 0) {
            free();
        }
    }

    /** Frees the memory, whoever still uses it. */
    void free() {
        owned.close();
    }
}
