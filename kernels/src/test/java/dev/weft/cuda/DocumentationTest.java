package dev.weft.cuda;

import dev.weft.docs.MissingComments;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DocumentationTest {
    @Test
    void everythingPublicIsExplained() {
        MissingComments.assertNone(Path.of("src/main/java"));
    }
}
