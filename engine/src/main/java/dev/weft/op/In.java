package dev.weft.op;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a component of an {@link Op} that the op reads: a tensor, a list of them, or null where the op has none. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface In {
    /** Whether it is the same for all rows of the batch. */
    boolean shared() default false;
}
