package dev.weft.io;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.layer.Activations;
import dev.weft.layer.Cells;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Function;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Records as JSON objects, a member for each component, and back. A shape is a list of numbers, a constant of an enum its
 * name in small letters, an absent value null; where the component's type is an interface, the value is an object with its {@link Kinds kind}
 * beside its components, or the kind alone where it has none.
 */
public final class RecordJson {
    static final String KIND = "kind";
    private static final int MAX_RANK = 16;

    private RecordJson() {}

    /**
     * A record on one line.
     *
     * @throws WeftException if it has a component that no file can hold
     */
    public static String write(Record value) {
        return JsonLine.of(json -> writeComponents(json, value));
    }

    /**
     * Reads a record from a text that anybody may have written.
     *
     * @param source what errors call the text
     * @throws dev.weft.DataException if it is no JSON, or not such a record; the message tells line, column and path
     */
    public static <T extends Record> T read(String source, String text, Class<T> type) {
        return readComponents(JsonValue.parse(source, text), type, List.of());
    }

    /** @throws WeftException unless all components of the record can be written and read */
    static void requireWritable(Class<? extends Record> type) {
        requireWritable(type, new HashSet<>());
    }

    private static void requireWritable(Class<?> type, Set<Class<?>> seen) {
        if (!seen.add(type)) {
            return;
        }
        open(type, constructor(type));
        for (RecordComponent component : type.getRecordComponents()) {
            open(type, component.getAccessor());
            requireWritable(type, component, component.getGenericType(), seen);
        }
    }

    private static void requireWritable(Class<?> owner, RecordComponent component, Type type, Set<Class<?>> seen) {
        if (isList(type) || isOptional(type)) {
            requireWritable(owner, component, item(type), seen);
        } else if (type instanceof Class<?> known && known.isRecord()) {
            requireWritable(known, seen);
        } else if (!(type instanceof Class<?> known && (isValue(known) || known.isEnum() || known.isInterface()))) {
            throw new WeftException(
                    "component %s of %s has the type %s, which files do not hold; they hold int, long, float, double, boolean, String, Shape, enums, layers, initializers, and records and lists of these"
                            .formatted(component.getName(), owner.getName(), type.getTypeName()));
        }
    }

    private static boolean isValue(Class<?> type) {
        return Set.of(
                        int.class,
                        long.class,
                        float.class,
                        double.class,
                        boolean.class,
                        Integer.class,
                        Long.class,
                        Float.class,
                        Double.class,
                        Boolean.class,
                        String.class,
                        Shape.class,
                        Function.class,
                        Cell.class)
                .contains(type);
    }

    private static boolean isList(Type type) {
        return type instanceof ParameterizedType list && list.getRawType() == List.class;
    }

    private static boolean isOptional(Type type) {
        return type instanceof ParameterizedType optional && optional.getRawType() == Optional.class;
    }

    private static Type item(Type list) {
        return ((ParameterizedType) list).getActualTypeArguments()[0];
    }

    private static Constructor<?> constructor(Class<?> type) {
        Class<?>[] components = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(components);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("a record without its canonical constructor: " + type, e);
        }
    }

    /** Records may be private. */
    private static void open(Class<?> type, AccessibleObject member) {
        try {
            member.setAccessible(true);
        } catch (InaccessibleObjectException e) {
            throw new WeftException(
                    "%s cannot be made: open the package %s to the module dev.weft.engine"
                            .formatted(type.getName(), type.getPackageName()),
                    e);
        }
    }

    /** Writes a layer or an initializer with its kind. */
    static void writeKind(JsonGenerator json, Object value) throws IOException {
        String kind = Kinds.of(value.getClass());
        if (value.getClass().getRecordComponents().length == 0) {
            json.writeString(kind);
            return;
        }
        json.writeStartObject();
        json.writeStringField(KIND, kind);
        writeComponents(json, value);
        json.writeEndObject();
    }

    /** Writes a member for each component into the object that was begun. */
    static void writeComponents(JsonGenerator json, Object value) throws IOException {
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            json.writeFieldName(component.getName());
            try {
                component.getAccessor().setAccessible(true);
                write(json, component.getGenericType(), component.getAccessor().invoke(value));
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new WeftException(
                        "component %s of %s cannot be read: %s".formatted(component.getName(), value, Reason.of(e)), e);
            } catch (WeftException e) {
                throw new WeftException("component " + component.getName() + ": " + e.getMessage(), e);
            }
        }
    }

    private static void write(JsonGenerator json, Type type, Object value) throws IOException {
        if (value instanceof Optional<?> optional) {
            if (optional.isPresent()) {
                write(json, item(type), optional.get());
            } else {
                json.writeNull();
            }
        } else if (value == null) {
            throw new WeftException("null, which files do not hold");
        } else if (value instanceof Shape shape) {
            int[] dimensions = shape.toArray();
            json.writeArray(dimensions, 0, dimensions.length);
        } else if (value instanceof Cell cell) {
            json.writeString(name(cell));
        } else if (value instanceof Function function) {
            json.writeString(name(function));
        } else if (value instanceof List<?> items) {
            json.writeStartArray();
            for (Object item : items) {
                write(json, item(type), item);
            }
            json.writeEndArray();
        } else if (value instanceof Enum<?> constant) {
            json.writeString(name(constant));
        } else if (value instanceof Boolean bool) {
            json.writeBoolean(bool);
        } else if (value instanceof Number number) {
            if (!Double.isFinite(number.doubleValue())) {
                throw new WeftException(number + ", which JSON does not have");
            }
            json.writeNumber(number.toString());
        } else if (value instanceof String text) {
            json.writeString(text);
        } else if (type instanceof Class<?> known && known.isRecord()) {
            json.writeStartObject();
            writeComponents(json, value);
            json.writeEndObject();
        } else {
            writeKind(json, value);
        }
    }

    /** Reads a layer or an initializer: its kind and its components, or the kind alone. */
    static Object readKind(JsonValue json, Class<?> wanted) {
        return json.isText()
                ? readComponents(json, Kinds.type(json, wanted), List.of())
                : readComponents(json, Kinds.type(json.member(KIND), wanted), List.of(KIND));
    }

    /**
     * Makes a record from the members of an object.
     *
     * @param others members that are none of its components
     */
    static <T> T readComponents(JsonValue json, Class<T> type, List<String> others) {
        RecordComponent[] components = type.getRecordComponents();
        if (!json.isText()) {
            List<String> names = new ArrayList<>(others);
            Arrays.stream(components).map(RecordComponent::getName).forEach(names::add);
            json.requireMembersAmong(names);
        } else if (components.length > 0) {
            throw json.error("needs an object with kind, %s, got the kind alone"
                    .formatted(String.join(
                            ", ",
                            Arrays.stream(components)
                                    .map(RecordComponent::getName)
                                    .toList())));
        }
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = read(json.member(components[i].getName()), components[i].getGenericType());
        }
        Constructor<?> constructor = constructor(type);
        try {
            constructor.setAccessible(true);
            return type.cast(constructor.newInstance(values));
        } catch (InvocationTargetException e) {
            throw json.error("is refused: " + Reason.of(e.getCause()), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a registered record cannot be made: " + type, e);
        }
    }

    private static Object read(JsonValue json, Type type) {
        if (isList(type)) {
            return json.items().stream().map(value -> read(value, item(type))).toList();
        }
        if (isOptional(type)) {
            return json.isNull() ? Optional.empty() : Optional.of(read(json, item(type)));
        }
        Class<?> known = (Class<?>) type;
        if (known == int.class || known == Integer.class) {
            return (int) json.whole(Integer.MIN_VALUE, Integer.MAX_VALUE);
        } else if (known == long.class || known == Long.class) {
            return json.whole(Long.MIN_VALUE, Long.MAX_VALUE);
        } else if (known == float.class || known == Float.class) {
            return json.single();
        } else if (known == double.class || known == Double.class) {
            return json.number();
        } else if (known == boolean.class || known == Boolean.class) {
            return json.bool();
        } else if (known == String.class) {
            return json.text();
        } else if (known == Shape.class) {
            return shape(json);
        } else if (known == Cell.class) {
            return cell(json);
        } else if (known == Function.class) {
            return function(json);
        } else if (known.isEnum()) {
            return constant(json, known);
        } else if (known.isRecord()) {
            return readComponents(json, known, List.of());
        }
        return readKind(json, known);
    }

    /** A list of the dimensions. */
    static Shape shape(JsonValue json) {
        List<JsonValue> items = json.items();
        if (items.size() > MAX_RANK) {
            throw json.error("has %,d dimensions; a shape has at most %d".formatted(items.size(), MAX_RANK));
        }
        try {
            return Shape.of(items.stream()
                    .mapToInt(item -> (int) item.whole(1, Integer.MAX_VALUE))
                    .toArray());
        } catch (IllegalArgumentException e) {
            throw json.error("is no shape: " + e.getMessage(), e);
        }
    }

    static Object constant(JsonValue json, Class<?> type) {
        List<String> names = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            String name = name((Enum<?>) constant);
            if (name.equals(json.text())) {
                return constant;
            }
            names.add(name);
        }
        throw json.error("needs one of %s, got %s".formatted(String.join(", ", names), Quote.text(json.text())));
    }

    private static Function function(JsonValue json) {
        try {
            return Activations.of(json.text());
        } catch (WeftException e) {
            throw json.error("is refused: " + e.getMessage(), e);
        }
    }

    private static Cell cell(JsonValue json) {
        try {
            return Cells.of(json.text());
        } catch (WeftException e) {
            throw json.error("is refused: " + e.getMessage(), e);
        }
    }

    private static String name(Cell cell) {
        if (!Cells.all().contains(cell)) {
            throw new WeftException("the recurrent cell %s is not known by its name; make it known by Cells.register"
                    .formatted(Quote.text(cell.name())));
        }
        return cell.name();
    }

    private static String name(Function function) {
        if (!Activations.names().contains(function.name().replaceAll(":.*", ""))
                || !Activations.of(function.name()).equals(function)) {
            throw new WeftException("the function %s is not known by its name; make it known by Activations.register"
                    .formatted(Quote.text(function.name())));
        }
        return function.name();
    }

    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
