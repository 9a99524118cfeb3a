package dev.weft.spec;

import dev.weft.Quote;
import dev.weft.WeftException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A name with settings, as the command line and model files have it: {@code rmsprop:decay=0.9,momentum=0.5}. What reads it asks
 * for each setting that it knows, then calls {@link #requireAllRead}.
 */
public final class Spec {
    private final String what;
    private final String name;
    private final Map<String, String> settings;
    private final Set<String> asked = new LinkedHashSet<>();

    private Spec(String what, String name, Map<String, String> settings) {
        this.what = what;
        this.name = name;
        this.settings = settings;
    }

    /**
     * Reads a text.
     *
     * @param what is described, for messages: {@code optimizer}
     * @throws WeftException if a setting has no value, or stands twice
     */
    public static Spec parse(String what, String text) {
        int colon = text.indexOf(':');
        Map<String, String> settings = new LinkedHashMap<>();
        if (colon >= 0) {
            for (String setting : text.substring(colon + 1).split(",", -1)) {
                int equals = setting.indexOf('=');
                if (equals < 1 || equals == setting.length() - 1) {
                    throw new WeftException("%s %s: settings are name=value, got %s"
                            .formatted(what, Quote.text(text), Quote.text(setting)));
                }
                if (settings.put(setting.substring(0, equals), setting.substring(equals + 1)) != null) {
                    throw new WeftException("%s %s: %s stands twice"
                            .formatted(what, Quote.text(text), Quote.text(setting.substring(0, equals))));
                }
            }
        }
        return new Spec(what, colon < 0 ? text : text.substring(0, colon), settings);
    }

    /** The name before the settings. */
    public String name() {
        return name;
    }

    /**
     * A setting that is a number.
     *
     * @throws WeftException if its value is none
     */
    public double number(String setting, double usual) {
        asked.add(setting);
        String value = settings.get(setting);
        if (value == null) {
            return usual;
        }
        try {
            double number = Double.parseDouble(value);
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new WeftException("%s %s: %s must be a number, got %s".formatted(what, name, setting, Quote.text(value)));
    }

    /**
     * A setting that is a whole number.
     *
     * @throws WeftException if its value is none
     */
    public int whole(String setting, int usual) {
        return wholes(setting, List.of(usual)).get(0);
    }

    /**
     * A setting of one or more whole numbers: {@code 30/60}.
     *
     * @throws WeftException if its value is something else
     */
    public List<Integer> wholes(String setting, List<Integer> usual) {
        asked.add(setting);
        String value = settings.get(setting);
        if (value == null) {
            return usual;
        }
        try {
            return Stream.of(value.split("/", -1)).map(Integer::valueOf).toList();
        } catch (NumberFormatException e) {
            throw new WeftException(
                    "%s %s: %s must be a whole number, got %s".formatted(what, name, setting, Quote.text(value)));
        }
    }

    /**
     * A setting that is true or false.
     *
     * @throws WeftException if its value is neither
     */
    public boolean flag(String setting, boolean usual) {
        asked.add(setting);
        String value = settings.getOrDefault(setting, String.valueOf(usual));
        if (!value.equals("true") && !value.equals("false")) {
            throw new WeftException(
                    "%s %s: %s must be true or false, got %s".formatted(what, name, setting, Quote.text(value)));
        }
        return value.equals("true");
    }

    /**
     * Checks that every setting was asked for.
     *
     * @throws WeftException if one was not; the message lists those that were
     */
    public void requireAllRead() {
        for (String setting : settings.keySet()) {
            if (!asked.contains(setting)) {
                throw new WeftException("%s %s has no setting %s; %s"
                        .formatted(
                                what,
                                name,
                                Quote.text(setting),
                                asked.isEmpty() ? "it has none" : "it has " + String.join(", ", asked)));
            }
        }
    }
}
