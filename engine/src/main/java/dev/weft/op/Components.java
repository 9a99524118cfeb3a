package dev.weft.op;

import dev.weft.tensor.TensorRef;
import java.lang.annotation.Annotation;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** The operands of an op, as the marks on its record's components tell. */
record Components(List<RecordComponent> inputs, List<RecordComponent> outputs, List<RecordComponent> shared) {

    private static final ClassValue<Components> KNOWN = new ClassValue<>() {
        @Override
        protected Components computeValue(Class<?> kind) {
            return new Components(
                    marked(kind, x -> has(x, In.class) || has(x, InOut.class)),
                    marked(kind, x -> has(x, Out.class) || has(x, InOut.class)),
                    marked(
                            kind,
                            x -> has(x, In.class) && x.getAnnotation(In.class).shared()));
        }
    };

    static Components of(Op op) {
        return KNOWN.get(op.getClass());
    }

    private static boolean has(RecordComponent x, Class<? extends Annotation> mark) {
        return x.isAnnotationPresent(mark);
    }

    private static List<RecordComponent> marked(Class<?> kind, Predicate<RecordComponent> marks) {
        return Arrays.stream(kind.getRecordComponents()).filter(marks).toList();
    }

    /** The tensors that these components of an op hold. */
    static List<TensorRef> tensors(Op op, List<RecordComponent> components) {
        List<TensorRef> tensors = new ArrayList<>(components.size());
        for (RecordComponent component : components) {
            Object value = value(op, component);
            if (value instanceof TensorRef tensor) {
                tensors.add(tensor);
            } else if (value instanceof List<?> list) {
                list.forEach(each -> tensors.add((TensorRef) each));
            }
        }
        return List.copyOf(tensors);
    }

    private static Object value(Op op, RecordComponent component) {
        try {
            return component.getAccessor().invoke(op);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " of " + op.getClass(), e);
        }
    }
}
