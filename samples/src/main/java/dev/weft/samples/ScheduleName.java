package dev.weft.samples;

import dev.weft.optim.Schedule;
import dev.weft.spec.Named;
import dev.weft.spec.Spec;
import dev.weft.train.Plateau;
import dev.weft.train.Trainer;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The learning rate's course as the command line names it, with settings where it has some: {@code step:epochs=5}. All of them
 * take {@code warm-up}, a number of epochs in which the rate rises in a line before.
 */
public record ScheduleName(String text) {
    static final ScheduleName CONSTANT = new ScheduleName("constant");
    static final ScheduleName COSINE = new ScheduleName("cosine");

    /**
     * What there is for a training of so many epochs.
     *
     * @param watching receives what has to hear of each epoch
     */
    private static Named<Schedule> kinds(int epochs, Consumer<Plateau> watching) {
        Named<Schedule> kinds = new Named<>("schedule");
        add(kinds, "constant", s -> Schedule.constant());
        add(kinds, "step", s -> Schedule.step(s.whole("epochs", (epochs - 1) / 3 + 1), s.number("factor", 0.1)));
        add(kinds, "multi-step", s -> Schedule.multiStep(s.wholes("at", milestones(epochs)), s.number("factor", 0.1)));
        add(kinds, "exponential", s -> Schedule.exponential(s.number("factor", 0.9)));
        add(kinds, "polynomial", s -> Schedule.polynomial(s.number("power", 1), s.number("end", 0)));
        add(kinds, "cosine", s -> Schedule.cosine());
        add(kinds, "warm-restarts", s -> Schedule.warmRestarts(s.whole("epochs", 1), s.whole("growth", 2)));
        add(
                kinds,
                "one-cycle",
                s -> Schedule.oneCycle(s.number("peak", 0.3), s.number("low", 25), s.number("end", 1e4)));
        add(kinds, "plateau", s -> {
            Plateau plateau = Plateau.of(s.whole("patience", 5), s.number("factor", 0.1))
                    .threshold(s.number("threshold", 1e-4))
                    .lowest(s.number("lowest", 0));
            watching.accept(plateau);
            return plateau;
        });
        return kinds;
    }

    private static void add(Named<Schedule> kinds, String name, Function<Spec, Schedule> course) {
        kinds.add(name, s -> {
            Schedule made = course.apply(s);
            double warmUp = s.number("warm-up", 0);
            return warmUp == 0 ? made : Schedule.warmUp(warmUp, made);
        });
    }

    /** All names, for completion. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return kinds(1, plateau -> {}).names().iterator();
        }
    }

    private static List<Integer> milestones(int epochs) {
        int half = Math.max(1, epochs / 2);
        return List.of(half, Math.max(half + 1, 3 * epochs / 4));
    }

    /**
     * Reads a name with settings.
     *
     * @throws dev.weft.WeftException if there is no such schedule or setting; the message lists what there is
     */
    static ScheduleName of(String text) {
        ScheduleName made = new ScheduleName(text);
        made.create(1, plateau -> {});
        return made;
    }

    /** Gives a trainer this course over so many epochs. */
    public Trainer applyTo(Trainer trainer, int epochs) {
        return trainer.schedule(create(epochs, trainer::callback));
    }

    private Schedule create(int epochs, Consumer<Plateau> watching) {
        return kinds(epochs, watching).make(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
