package dev.weft.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Machine code that {@link PtxAssembler} has made, kept in a folder, since it takes seconds to make.
 *
 * @param folder of files that are named by the digest of their PTX and the architecture
 */
record MachineCode(Path folder) {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCode.class);

    /**
     * Machine code for one architecture; from the folder where it is there.
     *
     * @param ptx text with a zero byte at its end
     * @throws dev.weft.DeviceException with the assembler's messages
     */
    byte[] of(byte[] ptx, int computeCapability) {
        Path file = folder.resolve("%s-sm_%d.cubin".formatted(digest(ptx), computeCapability));
        try {
            if (Files.exists(file)) {
                return Files.readAllBytes(file);
            }
        } catch (IOException e) {
            LOG.debug("cannot read {}", file, e);
        }
        byte[] code = PtxAssembler.assemble(ptx, computeCapability);
        try {
            keep(code, file);
        } catch (IOException e) {
            LOG.debug("cannot write {}", file, e);
        }
        return code;
    }

    /** Other processes see the whole file or none. */
    private void keep(byte[] code, Path file) throws IOException {
        Files.createDirectories(folder);
        Path written = Files.createTempFile(folder, "machine-code", ".part");
        try {
            Files.write(written, code);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    private static String digest(byte[] ptx) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(ptx));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
