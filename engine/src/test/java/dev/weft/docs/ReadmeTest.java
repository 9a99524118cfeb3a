package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Columns;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the module's README shows of sequences compiles, and reads files of the forms that it names. */
class ReadmeTest {
    private static final Path README = Path.of("README.md");

    private static final String SOURCE = """
            import dev.weft.data.*;
            import dev.weft.train.Model;
            import java.nio.file.Path;
            import java.util.*;

            public class Piece {
              public static Map<String, Columns> read(Path folder) {
            %s
                return Map.of("data", data, "windows", windows, "series", series, "walks", walks.columns());
              }
              static void save(Path file, Model model, Vocabulary words) {
            %s
              }
            }
            """;

    @TempDir
    private Path folder;

    private void file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    @SuppressWarnings("unchecked")
    void sequencesAreReadAsItShows() throws IOException, ReflectiveOperationException {
        List<String> blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(README))
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(2);
        compile(SOURCE.formatted(blocks.get(0).replace("Path.of(", "folder.resolve("), blocks.get(1)));
        file("SMSSpamCollection", "ham\tOk see you\nspam\tYou win\nham\tsee you\n");
        file("shakespeare.txt", "To be, or not to be, that is the question. ".repeat(50));
        file("gestures/wave/1.csv", "x,y\n1,2\n3,4\n");
        file("gestures/push/1.csv", "1 2\n");
        file("walks.csv", "id,x,class\n1,0.5,slow\n1,0.6,slow\n2,3,fast\n");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Map<String, Columns> read = (Map<String, Columns>)
                    loader.loadClass("Piece").getMethod("read", Path.class).invoke(null, folder);
            assertThat(shape(read, "data")).isEqualTo(Shape.of(3, 3));
            assertThat(shape(read, "windows")).isEqualTo(Shape.of(32, 64));
            assertThat(shape(read, "series")).isEqualTo(Shape.of(2, 2, 2));
            assertThat(shape(read, "walks")).isEqualTo(Shape.of(2, 2, 1));
        }
    }

    private static Shape shape(Map<String, Columns> read, String name) {
        return read.get(name).column("features").values().shape();
    }

    private void compile(String source) throws IOException {
        Path file = Files.writeString(folder.resolve("Piece.java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options = List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
        boolean compiled = compiler.getTask(
                        messages,
                        null,
                        null,
                        options,
                        null,
                        compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
                .call();
        assertThat(compiled).as(messages.toString()).isTrue();
    }
}
