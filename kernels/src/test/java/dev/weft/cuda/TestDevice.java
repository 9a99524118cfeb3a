package dev.weft.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.cuda.emulator.Emulator;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * {@code @ExtendWith(TestDevice.class)}: the tests of the class run on the emulated driver, or with
 * {@code -Dweft.test.gpu=true} on the GPU of the machine. Where the emulator cannot be built (no C++ compiler) they are
 * skipped with the reason.
 */
public final class TestDevice implements BeforeAllCallback {
    /** Whether tests run on a real GPU. */
    static final boolean GPU = Boolean.getBoolean("weft.test.gpu");

    @Override
    public void beforeAll(ExtensionContext context) {
        String reason = GPU ? null : Emulator.load();
        if (reason != null) {
            System.err.println(context.getDisplayName() + " SKIPPED: " + reason);
        }
        assumeTrue(reason == null, reason);
    }

    /** What the emulated device is from the next backend on, such as {@code "sms=132;cc=9.0"}; a GPU is what it is. */
    static void configure(String settings) {
        if (!GPU) {
            Emulator.configure(settings);
        }
    }

    /** On a GPU, skips a test whose library is not on this machine; on the emulated driver there are the stand-ins. */
    static void need(Library library) {
        assumeTrue(
                missing(library).isEmpty(), () -> "SKIPPED: " + missing(library).orElseThrow());
    }

    /** Why a library cannot be used for tests. */
    static Optional<String> missing(Library library) {
        LibraryFinder.Found found = LibraryFinder.ofMachine().find(library);
        return !GPU || found.usable() ? Optional.empty() : Optional.of(found.missing());
    }
}
