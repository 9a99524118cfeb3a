package dev.weft.cuda.emulator;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * {@code @ExtendWith(EmulatedDriver.class)}: the tests of the class run over the emulated driver, each from a fresh state.
 * Where it cannot be built (no C++ compiler) they are skipped with the reason.
 */
public final class EmulatedDriver implements BeforeAllCallback, BeforeEachCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        String reason = Emulator.load();
        if (reason != null) {
            System.err.println(context.getDisplayName() + " SKIPPED: " + reason);
        }
        assumeTrue(reason == null, reason);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        Emulator.reset();
        Emulator.configure("quiet=on");
    }
}
