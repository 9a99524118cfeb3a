package dev.weft.io;

import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.init.Initializer;
import dev.weft.layer.Activation;
import dev.weft.layer.Add;
import dev.weft.layer.AvgPool2d;
import dev.weft.layer.Bidirectional;
import dev.weft.layer.Concat;
import dev.weft.layer.Conv2d;
import dev.weft.layer.Dropout;
import dev.weft.layer.Embedding;
import dev.weft.layer.Flatten;
import dev.weft.layer.Layer;
import dev.weft.layer.Linear;
import dev.weft.layer.LogSoftmax;
import dev.weft.layer.MaxPool2d;
import dev.weft.layer.PRelu;
import dev.weft.layer.Recurrent;
import dev.weft.layer.Reshape;
import dev.weft.layer.SequenceDropout;
import dev.weft.layer.Slice;
import dev.weft.layer.Softmax;
import dev.weft.layer.TimeDistributed;
import dev.weft.layer.TimePooling;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The names under which files speak of layers and initializers: {@code conv2d}, {@code maxPool2d}, {@code glorotUniform}.
 * Weft's own are known; a program adds those of its own, once for the JVM, before it writes or reads a file that has them.
 * They are records, and what a file holds of one is its components; no class is ever named or made by Java's serialization.
 */
public final class Kinds {
    /** What files tell of a node beside its layer's components. */
    private static final Set<String> RESERVED =
            Set.of(GraphFile.NAME, RecordJson.KIND, GraphFile.INPUTS, GraphFile.TIED);

    private static final Map<String, Class<? extends Record>> TYPES = new TreeMap<>();
    private static final Map<Class<?>, String> NAMES = new HashMap<>();

    static {
        register("conv2d", Conv2d.class);
        register("linear", Linear.class);
        register("maxPool2d", MaxPool2d.class);
        register("avgPool2d", AvgPool2d.class);
        register("activation", Activation.class);
        register("prelu", PRelu.class);
        register("softmax", Softmax.class);
        register("logSoftmax", LogSoftmax.class);
        register("dropout", Dropout.class);
        register("flatten", Flatten.class);
        register("reshape", Reshape.class);
        register("add", Add.class);
        register("concat", Concat.class);
        register("recurrent", Recurrent.class);
        register("bidirectional", Bidirectional.class);
        register("timeDistributed", TimeDistributed.class);
        register("embedding", Embedding.class);
        register("sequenceDropout", SequenceDropout.class);
        register("timePooling", TimePooling.class);
        register("slice", Slice.class);
        register("constant", Initializer.Constant.class);
        register("constants", Initializer.Constants.class);
        register("glorotUniform", Initializer.GlorotUniform.class);
        register("glorotNormal", Initializer.GlorotNormal.class);
        register("heUniform", Initializer.HeUniform.class);
        register("heNormal", Initializer.HeNormal.class);
        register("lecunUniform", Initializer.LecunUniform.class);
        register("lecunNormal", Initializer.LecunNormal.class);
    }

    private Kinds() {}

    /**
     * Makes a layer or an initializer of one's own known. Doing so again changes nothing.
     *
     * @param kind unique, and never to be changed while there are files that have it
     * @param type its components are numbers, booleans, texts, enums, shapes, layers, initializers, and records and lists of these
     * @throws WeftException if another class has that kind, or if it has a component that no file can hold
     */
    public static synchronized void register(String kind, Class<? extends Record> type) {
        if (!kind.matches("[A-Za-z][A-Za-z0-9_.-]*")) {
            throw new WeftException(
                    "a kind is made of letters, digits, '_', '.' and '-', and begins with a letter, got "
                            + Quote.text(kind));
        }
        if (!Layer.class.isAssignableFrom(type) && !Initializer.class.isAssignableFrom(type)) {
            throw new WeftException("%s is neither a layer nor an initializer".formatted(type.getName()));
        }
        Class<?> other = TYPES.get(kind);
        if (other != null && other != type) {
            throw new WeftException("the kind %s is taken by %s; take another name for %s"
                    .formatted(kind, other.getName(), type.getName()));
        }
        String before = NAMES.get(type);
        if (before != null && !before.equals(kind)) {
            throw new WeftException("%s is registered as %s already".formatted(type.getName(), before));
        }
        for (RecordComponent component : type.getRecordComponents()) {
            if (RESERVED.contains(component.getName())) {
                throw new WeftException("%s has a component named %s, which is a word of files; rename it"
                        .formatted(type.getName(), component.getName()));
            }
        }
        RecordJson.requireWritable(type);
        TYPES.put(kind, type);
        NAMES.put(type, kind);
    }

    /**
     * The kind of a layer or an initializer.
     *
     * @throws WeftException if its class is not registered
     */
    static synchronized String of(Class<?> type) {
        String kind = NAMES.get(type);
        if (kind == null) {
            throw new WeftException((type.isRecord()
                            ? "%s has no name for files; give it one by Kinds.register"
                            : "%s is no record, so no file can hold it")
                    .formatted(type.getName()));
        }
        return kind;
    }

    /** The class of a kind that is a {@code wanted}. */
    static synchronized Class<? extends Record> type(JsonValue kind, Class<?> wanted) {
        Class<? extends Record> type = TYPES.get(kind.text());
        if (type == null || !wanted.isAssignableFrom(type)) {
            List<String> fitting = TYPES.entrySet().stream()
                    .filter(entry -> wanted.isAssignableFrom(entry.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
            throw kind.error(
                    "is %s, which is not known as a kind of %s; there are %s; one of a program's own needs Kinds.register first"
                            .formatted(
                                    Quote.text(kind.text()),
                                    wanted.getSimpleName().toLowerCase(Locale.ROOT),
                                    String.join(", ", fitting)));
        }
        return type;
    }
}
