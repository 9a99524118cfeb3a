package dev.weft.program;

import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where transient tensors and workspaces lie in one arena. Two of them may overlap only if their lifetimes do not. The
 * largest are placed first, each at the lowest address that is free for its lifetime (greedy by size, Pisarchyk and Lee
 * 2020, arXiv 2001.03288).
 *
 * <p>Sizes and offsets are in units that the backend chooses, bytes or elements.
 */
public final class MemoryPlan {
    private final Map<TensorRef, TensorRef> aliases;
    private final Map<Object, Block> blocks;
    private final long size;
    private final long guard;

    private MemoryPlan(Map<TensorRef, TensorRef> aliases, Map<Object, Block> blocks, long size, long guard) {
        this.aliases = aliases;
        this.blocks = blocks;
        this.size = size;
        this.guard = guard;
    }

    /**
     * A planned block: its place, and the first and last op that use it.
     *
     * @param key the tensor, or whatever names a workspace
     */
    public record Block(Object key, long offset, long size, int first, int last) {}

    /** The size of the arena. */
    public long size() {
        return size;
    }

    /** Width of the guard band on each side of every block; 0 outside {@link MemoryMode#SEPARATE}. */
    public long guard() {
        return guard;
    }

    /** All blocks. */
    public Iterable<Block> blocks() {
        return blocks.values();
    }

    /**
     * The block of a tensor or workspace.
     *
     * @throws IllegalArgumentException if nothing used it
     */
    public Block block(Object key) {
        Block block = blocks.get(resolve(aliases, key));
        if (block == null) {
            throw new IllegalArgumentException(key + " was not planned");
        }
        return block;
    }

    private static Object resolve(Map<TensorRef, TensorRef> aliases, Object key) {
        Object owner = key;
        while (aliases.containsKey(owner)) {
            owner = aliases.get(owner);
        }
        return owner;
    }

    /** Collects lifetimes, op by op. */
    public static final class Builder {
        private final Map<TensorRef, TensorRef> aliases = new HashMap<>();
        private final Map<Object, Block> lifetimes = new LinkedHashMap<>();

        /** Says that {@code y} has the same memory as {@code x}, before either is used. */
        public void alias(TensorRef y, TensorRef x) {
            aliases.put(y, x);
        }

        /**
         * Says that op number {@code op} reads or writes the block.
         *
         * @param key a tensor, or whatever names a workspace
         */
        public void use(Object key, long size, int op) {
            Object owner = resolve(aliases, key);
            Block old = lifetimes.get(owner);
            lifetimes.put(
                    owner,
                    old == null
                            ? new Block(owner, 0, size, op, op)
                            : new Block(
                                    owner,
                                    0,
                                    Math.max(size, old.size),
                                    Math.min(op, old.first),
                                    Math.max(op, old.last)));
        }

        /**
         * Places all blocks.
         *
         * @param alignment every offset is a multiple of it
         */
        public MemoryPlan plan(MemoryMode mode, long alignment) {
            long guard = mode == MemoryMode.SEPARATE ? alignment : 0;
            List<Block> bySize = new ArrayList<>(lifetimes.values());
            bySize.sort(Comparator.comparingLong(Block::size).reversed().thenComparingInt(Block::first));
            List<Block> placed = new ArrayList<>();
            Map<Object, Block> blocks = new LinkedHashMap<>();
            long end = 0;
            for (Block block : bySize) {
                long offset = guard;
                for (Block other : placed) {
                    boolean together = guard > 0 || (other.first <= block.last && block.first <= other.last);
                    if (together && other.offset < offset + block.size + guard) {
                        offset = Math.max(offset, align(other.offset + other.size + guard, alignment));
                    }
                }
                Block at = new Block(block.key, offset, block.size, block.first, block.last);
                blocks.put(block.key, at);
                placed.add(at);
                placed.sort(Comparator.comparingLong(Block::offset));
                end = Math.max(end, offset + block.size + guard);
            }
            return new MemoryPlan(aliases, blocks, align(end, alignment), guard);
        }

        private static long align(long value, long alignment) {
            return (value + alignment - 1) / alignment * alignment;
        }
    }
}
