package dev.weft.cuda.emulator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A naive interpreter of PTX, the oracle of {@link MutationTest}: one thread after the other, instruction by instruction,
 * sharing nothing with the emulator but the text. It has no checks; it runs a kernel under a chosen order of blocks and
 * threads and tells what came out and whether anything outside the buffers was touched.
 */
final class PtxInterpreter {
    /** The kernel touched memory outside its buffers, never ended, or disagreed with itself about a barrier. */
    static final class Misbehaviour extends RuntimeException {
        private static final long serialVersionUID = 1;

        Misbehaviour(String what) {
            super(what);
        }
    }

    enum Order {
        FORWARD,
        REVERSE,
        /** Threads take turns after a random number of instructions; a warp's lanes are not in step either. */
        INTERLEAVED
    }

    private record Instruction(String guard, boolean negated, String opcode, String[] operands, String text) {}

    private static final int STEPS = 200_000;
    private static final long GLOBAL = 1L << 40, STRIDE = 1L << 32;
    private static final Pattern LINE = Pattern.compile("(?:@(!?)(%p\\d+)\\s+)?([a-z][\\w.:]*)\\s*(.*);");

    private final List<Instruction> code = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>(),
            parameters = new HashMap<>(),
            sharedOffsets = new HashMap<>();
    private int sharedBytes;

    PtxInterpreter(String ptx, String kernel) {
        String body = ptx.substring(ptx.indexOf(".entry " + kernel + "("));
        Matcher p = Pattern.compile("\\.param \\.(\\w+) (" + Pattern.quote(kernel) + "_param_\\d+)")
                .matcher(body.substring(0, body.indexOf("{")));
        while (p.find()) {
            parameters.put(p.group(2), parameters.size());
        }
        body = body.substring(body.indexOf("{") + 1, body.indexOf("\n}"));
        for (String raw : body.split("\n")) {
            String line = raw.strip();
            Matcher shared = Pattern.compile("\\.shared \\.align (\\d+) \\.[bu](\\d+) ([\\w$]+)(?:\\[(\\d+)\\])?;")
                    .matcher(line);
            if (shared.matches()) {
                int alignment = Integer.parseInt(shared.group(1));
                sharedBytes = (sharedBytes + alignment - 1) / alignment * alignment;
                sharedOffsets.put(shared.group(3), sharedBytes);
                int count = shared.group(4) == null ? 1 : Integer.parseInt(shared.group(4));
                sharedBytes += count * Integer.parseInt(shared.group(2)) / 8;
            } else if (line.startsWith("$L") && line.endsWith(":")) {
                labels.put(line.substring(0, line.length() - 1), code.size());
            } else if (!line.isEmpty() && !line.startsWith(".") && !line.startsWith("//")) {
                Matcher m = LINE.matcher(line);
                if (!m.matches()) {
                    throw new AssertionError("cannot parse: " + line);
                }
                String operands = m.group(4).strip();
                code.add(new Instruction(
                        m.group(2),
                        "!".equals(m.group(1)),
                        m.group(3),
                        operands.isEmpty() ? new String[0] : operands.split(",\\s*(?![^{]*\\})"),
                        line));
            }
        }
        for (Matcher m = Pattern.compile("\\.extern \\.shared [^;]*? (\\w+)\\[\\];")
                        .matcher(ptx);
                m.find(); ) {
            sharedOffsets.put(m.group(1), sharedBytes);
        }
    }

    private final class Thread {
        final Map<String, Long> registers = new HashMap<>();
        final int[] tid;
        final int index;
        int pc;
        int waitingAt = -1;
        boolean done;

        Thread(int index, int[] block) {
            this.index = index;
            tid = new int[] {index % block[0], index / block[0] % block[1], index / block[0] / block[1]};
        }
    }

    private byte[][] buffers;
    private long[] arguments;
    private int[] grid, block, blockId;
    private byte[] shared;
    private List<Thread> threads;
    private int steps;

    /**
     * Runs the kernel.
     *
     * @param arguments Integer, Long, Float; or byte[], a buffer that the kernel may read and write
     */
    void run(Order order, int[] grid, int[] block, int dynamicBytes, Object... arguments) {
        this.grid = grid;
        this.block = block;
        List<byte[]> memory = new ArrayList<>();
        this.arguments = new long[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            Object a = arguments[i];
            if (a instanceof byte[] b) {
                this.arguments[i] = GLOBAL + STRIDE * memory.size();
                memory.add(b);
            } else if (a instanceof Float f) {
                this.arguments[i] = Float.floatToRawIntBits(f) & 0xffffffffL;
            } else {
                this.arguments[i] = ((Number) a).longValue();
            }
        }
        buffers = memory.toArray(byte[][]::new);
        Random random = new Random(5);
        int blocks = grid[0] * grid[1] * grid[2], count = block[0] * block[1] * block[2];
        for (int n = 0; n < blocks; n++) {
            int b = order == Order.REVERSE ? blocks - 1 - n : n;
            blockId = new int[] {b % grid[0], b / grid[0] % grid[1], b / grid[0] / grid[1]};
            shared = new byte[sharedBytes + dynamicBytes];
            java.util.Arrays.fill(shared, (byte) (0x5b + 17 * order.ordinal()));
            threads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                threads.add(new Thread(i, block));
            }
            steps = 0;
            runBlock(order, random);
        }
    }

    private void runBlock(Order order, Random random) {
        List<Thread> turn = new ArrayList<>(threads);
        if (order == Order.REVERSE) {
            java.util.Collections.reverse(turn);
        }
        for (; ; ) {
            boolean ran = false;
            if (order == Order.INTERLEAVED) {
                java.util.Collections.shuffle(turn, random);
            }
            for (Thread t : turn) {
                int budget = order == Order.INTERLEAVED ? 1 + random.nextInt(12) : Integer.MAX_VALUE;
                for (; !t.done && t.waitingAt < 0 && budget > 0; budget--) {
                    step(t);
                    ran = true;
                }
            }
            if (ran) {
                continue;
            }
            if (threads.stream().allMatch(t -> t.done)) {
                return;
            }
            if (!releaseWarps()) {
                releaseBlock();
            }
        }
    }

    private void releaseBlock() {
        int at = -1;
        for (Thread t : threads) {
            if (t.done || !code.get(t.waitingAt).opcode.equals("bar.sync") || (at >= 0 && at != t.waitingAt)) {
                throw new Misbehaviour("a barrier is not reached by all");
            }
            at = t.waitingAt;
        }
        for (Thread t : threads) {
            t.waitingAt = -1;
            t.pc++;
        }
    }

    /** Shuffles, votes and warp barriers whose 32 lanes have all arrived (full masks alone are supported). */
    private boolean releaseWarps() {
        boolean any = false;
        for (int first = 0; first < threads.size(); first += 32) {
            List<Thread> warp = threads.subList(first, Math.min(first + 32, threads.size()));
            int at = warp.get(0).waitingAt;
            if (at < 0
                    || code.get(at).opcode.equals("bar.sync")
                    || warp.stream().anyMatch(t -> t.waitingAt != at)) {
                continue;
            }
            Instruction in = code.get(at);
            long[] source = new long[32];
            if (in.opcode.startsWith("shfl")) {
                for (int l = 0; l < warp.size(); l++) {
                    source[l] = value(warp.get(l), in.operands[1]);
                }
                for (int l = 0; l < warp.size(); l++) {
                    int delta = (int) value(warp.get(l), in.operands[2]);
                    int from = in.opcode.contains(".down.") ? l + delta : l ^ delta;
                    warp.get(l).registers.put(in.operands[0].split("\\|")[0], source[from > 31 ? l : from]);
                }
            } else if (!in.opcode.equals("bar.warp.sync")) {
                throw new AssertionError("not interpreted: " + in.text);
            }
            for (Thread t : warp) {
                t.waitingAt = -1;
                t.pc++;
            }
            any = true;
        }
        return any;
    }

    private long value(Thread t, String o) {
        char c = o.charAt(0);
        if (c == '%') {
            int axis = o.charAt(o.length() - 1) - 'x';
            if (o.startsWith("%tid.")) {
                return t.tid[axis];
            }
            if (o.startsWith("%ntid.")) {
                return block[axis];
            }
            if (o.startsWith("%ctaid.")) {
                return blockId[axis];
            }
            if (o.startsWith("%nctaid.")) {
                return grid[axis];
            }
            return t.registers.getOrDefault(o, 0L);
        }
        if (o.startsWith("0f")) {
            return Long.parseLong(o.substring(2), 16);
        }
        if (Character.isDigit(c) || c == '-') {
            return Long.decode(o);
        }
        Integer offset = sharedOffsets.get(o);
        if (offset == null) {
            throw new AssertionError("unknown operand " + o);
        }
        return offset;
    }

    private long address(Thread t, String o) {
        String[] parts = o.substring(1, o.length() - 1).split("\\+", 2);
        return value(t, parts[0]) + (parts.length > 1 ? Long.parseLong(parts[1]) : 0);
    }

    private byte[] memory(String space, long address) {
        if (space.equals("shared")) {
            return shared;
        }
        long number = (address - GLOBAL) >> 32;
        if (number < 0 || number >= buffers.length) {
            throw new Misbehaviour("touches memory outside its buffers");
        }
        return buffers[(int) number];
    }

    private long load(String space, long address, int bytes) {
        byte[] m = memory(space, address);
        long at = space.equals("shared") ? address & 0xffffffffL : address & (STRIDE - 1), v = 0;
        if (at + bytes > m.length || at % bytes != 0) {
            throw new Misbehaviour("touches memory outside its buffers");
        }
        for (int i = bytes - 1; i >= 0; i--) {
            v = v << 8 | m[(int) at + i] & 0xff;
        }
        return v;
    }

    private void store(String space, long address, int bytes, long v) {
        byte[] m = memory(space, address);
        long at = space.equals("shared") ? address & 0xffffffffL : address & (STRIDE - 1);
        if (at + bytes > m.length || at % bytes != 0) {
            throw new Misbehaviour("touches memory outside its buffers");
        }
        for (int i = 0; i < bytes; i++) {
            m[(int) at + i] = (byte) (v >> 8 * i);
        }
    }

    private void step(Thread t) {
        if (++steps > STEPS * 8) {
            throw new Misbehaviour("never ends");
        }
        if (t.pc >= code.size()) {
            t.done = true;
            return;
        }
        Instruction in = code.get(t.pc);
        if (in.guard != null && (value(t, in.guard) != 0) == in.negated) {
            t.pc++;
            return;
        }
        String op = in.opcode;
        String[] o = in.operands, parts = op.split("\\.");
        String type = parts[parts.length - 1];
        switch (parts[0]) {
            case "ret" -> {
                t.done = true;
                return;
            }
            case "bra" -> {
                t.pc = labels.get(o[0]);
                return;
            }
            case "bar", "shfl", "vote" -> {
                t.waitingAt = t.pc;
                return;
            }
            case "mov", "cvta" -> t.registers.put(o[0], value(t, o[1]));
            case "ld" -> {
                int bytes = PtxArithmetic.bits(type) / 8;
                if (parts[1].equals("param")) {
                    t.registers.put(o[0], arguments[parameters.get(o[1].substring(1, o[1].length() - 1))]);
                } else {
                    String[] to = elements(o[0]);
                    for (int i = 0; i < to.length; i++) {
                        t.registers.put(to[i], load(parts[1], address(t, o[1]) + i * bytes, bytes));
                    }
                }
            }
            case "st" -> {
                int bytes = PtxArithmetic.bits(type) / 8;
                String[] from = elements(o[1]);
                for (int i = 0; i < from.length; i++) {
                    store(parts[1], address(t, o[0]) + i * bytes, bytes, value(t, from[i]));
                }
            }
            case "atom" -> {
                long at = address(t, o[1]), old = load(parts[1], at, 4);
                if (!parts[2].equals("add")) {
                    throw new AssertionError("not interpreted: " + in.text);
                }
                store(parts[1], at, 4, old + value(t, o[2]));
                t.registers.put(o[0], old);
            }
            default -> {
                long[] operands = new long[o.length - 1];
                for (int i = 0; i < operands.length; i++) {
                    operands[i] = value(t, o[i + 1]);
                }
                t.registers.put(o[0], arithmetic(op, operands));
            }
        }
        t.pc++;
    }

    private static String[] elements(String operand) {
        return operand.startsWith("{")
                ? operand.substring(1, operand.length() - 1).split(",\\s*")
                : new String[] {operand};
    }

    /** The commonest instructions without big numbers. */
    private static long arithmetic(String op, long[] o) {
        return switch (op) {
            case "add.s32" -> o[0] + o[1] & 0xffffffffL;
            case "add.s64" -> o[0] + o[1];
            case "mad.lo.s32" -> o[0] * o[1] + o[2] & 0xffffffffL;
            case "shl.b32" -> o[1] > 31 || o[1] < 0 ? 0 : o[0] << o[1] & 0xffffffffL;
            case "mul.wide.s32" -> (long) (int) o[0] * (int) o[1];
            case "setp.ge.s32" -> (int) o[0] >= (int) o[1] ? 1 : 0;
            case "setp.lt.s32" -> (int) o[0] < (int) o[1] ? 1 : 0;
            case "fma.rn.f32" ->
                Float.floatToRawIntBits(Math.fma(
                                Float.intBitsToFloat((int) o[0]),
                                Float.intBitsToFloat((int) o[1]),
                                Float.intBitsToFloat((int) o[2])))
                        & 0xffffffffL;
            default -> PtxArithmetic.evaluate(op, o);
        };
    }
}
