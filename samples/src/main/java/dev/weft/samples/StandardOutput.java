package dev.weft.samples;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;

/** The standard output, which remembers why it could not be written; Java's own forgets. */
final class StandardOutput extends OutputStream {
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private volatile IOException failure;

    /** A writer in the encoding of the terminal, which sends each line at once. */
    PrintWriter writer() {
        String encoding = System.getProperty("stdout.encoding", System.getProperty("native.encoding"));
        return new PrintWriter(new OutputStreamWriter(this, Charset.forName(encoding)), true);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try {
            out.write(bytes, from, count);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /**
     * The exit code of a command that has done its work: a failure where the output was lost, but not where its reader has
     * left, as that of {@code weft listing lenet5 | head -1} does.
     */
    int exitCode(int code, PrintWriter err) {
        if (failure == null || toPipe()) {
            return code;
        }
        err.println("weft: cannot write to the standard output: " + failure.getMessage());
        err.flush();
        return code == 0 ? 1 : code;
    }

    /** Writing to a pipe fails for one reason alone: nobody reads it. The system's message depends on the language. */
    private boolean toPipe() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString().startsWith("pipe:");
        } catch (IOException e) {
            return "Broken pipe".equals(failure.getMessage());
        }
    }
}
