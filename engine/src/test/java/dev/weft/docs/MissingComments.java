package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.DocumentationTool;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import jdk.javadoc.doclet.Doclet;
import jdk.javadoc.doclet.DocletEnvironment;
import jdk.javadoc.doclet.Reporter;

/**
 * Finds what a module's users can see and nothing explains: public and protected types, constructors, methods and
 * constants without a comment. It asks for sentences, not for tags: a {@code @param} that repeats a name helps nobody. A
 * method that overrides another has its comment there, and a record's constructor has the record's.
 */
public final class MissingComments implements Doclet {
    private static final Set<String> OF_EVERY_TYPE = Set.of("toString", "hashCode", "equals", "values", "valueOf");

    /** The tool makes its own instance of this class. */
    private static final ThreadLocal<List<String>> FOUND = new ThreadLocal<>();

    /**
     * Fails with the list of all uncommented places.
     *
     * @param sources the root of a source tree, {@code src/main/java}
     */
    public static void assertNone(Path sources) {
        FOUND.set(new ArrayList<>());
        DocumentationTool tool = ToolProvider.getSystemDocumentationTool();
        StringWriter messages = new StringWriter();
        try (Stream<Path> files = Files.walk(sources);
                StandardJavaFileManager manager = tool.getStandardFileManager(null, null, null)) {
            List<Path> java =
                    files.filter(file -> file.toString().endsWith(".java")).toList();
            List<String> options = List.of(
                    "-protected",
                    "-quiet",
                    "--add-modules",
                    "jdk.incubator.vector",
                    "-classpath",
                    System.getProperty("java.class.path"));
            Iterable<? extends javax.tools.JavaFileObject> units = manager.getJavaFileObjectsFromPaths(java);
            assertThat(tool.getTask(messages, manager, null, MissingComments.class, options, units)
                            .call())
                    .as(messages.toString())
                    .isTrue();
            assertThat(FOUND.get())
                    .as("public and protected elements of %s without a comment", sources)
                    .isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            FOUND.remove();
        }
    }

    @Override
    public boolean run(DocletEnvironment environment) {
        Elements elements = environment.getElementUtils();
        for (TypeElement type : ElementFilter.typesIn(environment.getIncludedElements())) {
            Stream.concat(Stream.of(type), type.getEnclosedElements().stream().filter(member -> !isType(member)))
                    .filter(environment::isIncluded)
                    .filter(element -> elements.getOrigin(element) == Elements.Origin.EXPLICIT)
                    .filter(element ->
                            isMissing(elements.getDocComment(element)) && !isExplainedElsewhere(element, type))
                    .forEach(element -> FOUND.get().add(element == type ? "" + type : type + "." + element));
        }
        return true;
    }

    /** Tags alone are no explanation. */
    private static boolean isMissing(String comment) {
        return comment == null || comment.isBlank() || comment.strip().startsWith("@");
    }

    private static boolean isType(Element element) {
        return element.getKind().isClass() || element.getKind().isInterface();
    }

    /** Overriding methods, the methods of every enum, and what a record has from its components. */
    private static boolean isExplainedElsewhere(Element element, TypeElement type) {
        boolean record = type.getKind() == ElementKind.RECORD;
        return switch (element.getKind()) {
            case METHOD ->
                element.getAnnotation(Override.class) != null
                        || OF_EVERY_TYPE.contains(element.getSimpleName().toString())
                        || type.getRecordComponents().stream()
                                .anyMatch(component -> component.getAccessor().equals(element));
            case RECORD_COMPONENT -> true;
            case CONSTRUCTOR ->
                record
                        && ((ExecutableElement) element).getParameters().size()
                                == type.getRecordComponents().size();
            default -> false;
        };
    }

    @Override
    public void init(Locale locale, Reporter reporter) {}

    @Override
    public String getName() {
        return "MissingComments";
    }

    @Override
    public Set<? extends Option> getSupportedOptions() {
        return Set.of();
    }

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latest();
    }
}
