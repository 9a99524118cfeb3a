package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weft in a jar that was made of several jars: files of one name in two of them are one file there, merged or not. */
class FatJarTest {
    private static final String SERVICES = "META-INF/services/" + BackendProvider.class.getName();

    @TempDir
    Path folder;

    /** The class path of this test as a fat jar shows it, with these lines in its services file. */
    private final class FatJar extends URLClassLoader {
        private final List<URL> services = new ArrayList<>();

        FatJar(List<String> lines) throws IOException {
            super(classPath(), ClassLoader.getPlatformClassLoader());
            if (!lines.isEmpty()) {
                services.add(
                        Files.write(folder.resolve("services"), lines).toUri().toURL());
            }
        }

        @Override
        public Enumeration<URL> findResources(String name) throws IOException {
            return name.equals(SERVICES) ? Collections.enumeration(services) : super.findResources(name);
        }
    }

    private static URL[] classPath() throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return urls.toArray(new URL[0]);
    }

    /** What {@code Backends.providers()} gives or throws where these are registered. */
    private Object providers(List<String> registered) throws Exception {
        try (FatJar jar = new FatJar(registered)) {
            return jar.loadClass(Backends.class.getName())
                    .getMethod("providers")
                    .invoke(null);
        } catch (InvocationTargetException e) {
            return e.getCause();
        }
    }

    private static List<String> all() {
        return Backends.providers().stream()
                .map(provider -> provider.getClass().getName())
                .toList();
    }

    @Test
    void aJarWithAllServicesFindsAllBackends() throws Exception {
        assertThat(all()).hasSize(3);
        assertThat((List<?>) providers(all()))
                .extracting(provider -> provider.getClass().getName())
                .containsExactlyElementsOf(all());
    }

    @Test
    void aJarWhoseServicesWereOverwrittenIsToldWhatIsMissing() throws Exception {
        List<String> cpu = all().stream().filter(name -> name.contains(".cpu.")).toList();
        assertThat(cpu).hasSize(2);
        List<String> cuda = all().stream().filter(name -> !cpu.contains(name)).toList();
        for (List<String> left : List.of(cpu, cuda, List.<String>of())) {
            Object error = providers(left);
            assertThat(error.getClass().getName()).isEqualTo("dev.weft.DeviceException");
            String message = ((Exception) error).getMessage();
            assertThat(message)
                    .contains(SERVICES, "ServicesResourceTransformer", "mergeServiceFiles()")
                    .hasSizeLessThanOrEqualTo(500);
            assertThat(all())
                    .allSatisfy(name -> assertThat(message.contains(name)).isEqualTo(!left.contains(name)));
        }
    }

    @Test
    void aRegisteredBackendWhoseClassIsGoneIsNamed() throws Exception {
        Object error = providers(List.of("dev.weft.gone.GoneProvider"));
        assertThat(error.getClass().getName()).isEqualTo("dev.weft.DeviceException");
        assertThat(((Exception) error).getMessage())
                .contains("dev.weft.gone.GoneProvider", "cannot be loaded")
                .hasSizeLessThanOrEqualTo(500);
    }
}
