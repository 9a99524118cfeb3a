package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import dev.weft.data.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class JCudaNativesTest {
    private static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";

    @TempDir
    private Path folder;

    private static byte[] library() throws IOException {
        try (var in = JCudaNativesTest.class.getResourceAsStream("/lib/" + FILE)) {
            return in.readAllBytes();
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void aLibraryIsUnpackedByItsDigestIntoAFolderOfTheUsersOwn() throws IOException {
        Path natives = folder.resolve("cache/jcuda");
        Path file = JCudaNatives.unpack("JCudaDriver", natives);
        assertThat(file)
                .hasBinaryContent(library())
                .isEqualTo(natives.resolve(DataFile.sha256(library()).substring(0, 16))
                        .resolve(FILE));
        assertThat(permissions(natives)).isEqualTo("rwx------");
        assertThat(permissions(file.getParent())).isEqualTo("rwx------");
    }

    /** A truncated one would end the process when it is loaded. */
    @Test
    void aFileThatIsNotTheLibraryIsReplaced() throws IOException {
        Path file = JCudaNatives.unpack("JCudaDriver", folder.resolve("jcuda"));
        Files.write(file, Arrays.copyOf(library(), 1000));
        Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(JCudaNatives.unpack("JCudaDriver", folder.resolve("jcuda")))
                .isEqualTo(file)
                .hasBinaryContent(library());
        assertThat(permissions(file.getParent())).isEqualTo("rwx------");
    }

    @Test
    void aFolderThatIsNoneIsReported() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("jcuda"), Files.createDirectory(folder.resolve("else")));
        assertThatThrownBy(() -> JCudaNatives.unpack("JCudaDriver", link))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cannot be unpacked into " + link)
                .hasMessageEndingWith("Name another cache folder with XDG_CACHE_HOME");
    }

    /** In the temporary folder lie files of others, under the names that JCuda uses. */
    @Test
    void nothingIsLoadedFromTheTemporaryFolder() throws Exception {
        Files.writeString(folder.resolve("libJNvPTXCompiler-12.6.0-linux-x86_64.so"), "no library");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Assemble.class.getName())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                .contains("assembled, temporary folder " + folder);
        assertThat(process.waitFor()).isZero();
    }

    /** The main class of a JVM of its own. */
    static final class Assemble {
        public static void main(String[] arguments) {
            byte[] ptx = ".version 8.0\n.target sm_75\n.address_size 64\n\0"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            if (PtxAssembler.assemble(ptx, 75).length > 0) {
                System.out.println("assembled, temporary folder " + System.getProperty("java.io.tmpdir"));
            }
        }
    }

    @Test
    void theDriverIsLookedForWhereTheLinkerFindsIt() throws IOException {
        assertThat(DriverFile.isPresent(null, folder)).isFalse();
        assertThat(DriverFile.isPresent("", folder)).isFalse();
        Path named = Files.createDirectory(folder.resolve("named"));
        Files.createFile(named.resolve("libcuda.so.1"));
        assertThat(DriverFile.isPresent(folder + ":" + named, folder)).isTrue();
        Files.createDirectories(folder.resolve("etc"));
        Files.write(folder.resolve("etc/ld.so.cache"), "ld.so-1.7.0\0libc.so.6\0libcuda.so.1\0".getBytes("UTF-8"));
        assertThat(DriverFile.isPresent(null, folder)).isTrue();
        Files.delete(folder.resolve("etc/ld.so.cache"));
        Files.createDirectories(folder.resolve("usr/lib64"));
        Files.createFile(folder.resolve("usr/lib64/libcuda.so.1"));
        assertThat(DriverFile.isPresent(null, folder)).isTrue();
    }
}
