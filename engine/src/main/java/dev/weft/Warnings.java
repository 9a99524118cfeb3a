package dev.weft;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLoggerFactory;

/** Warnings that the user has to hear: that something is slower, or goes another way, than was asked for. */
public final class Warnings {
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Warnings() {}

    /**
     * Logs a warning. Where SLF4J drops it, since there is no provider, it goes to the standard error, each text once.
     *
     * @param log of the class that warns
     */
    public static void warn(Logger log, String message) {
        log.warn(message);
        if (LoggerFactory.getILoggerFactory() instanceof NOPLoggerFactory && SAID.add(message)) {
            System.err.println("weft: " + message);
        }
    }
}
