package dev.weft.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/** What the virtual machine says about itself. */
final class HotSpot {
    /** Whether {@link Math#fma} is one instruction; else it is exact decimal arithmetic, a thousand times slower. */
    static final boolean FMA = isSupported() && isOn("UseFMA");

    /** Bytes of a region of the garbage collector G1, which gives an array of more than half of it regions of its own; else 0. */
    static final long REGION = isSupported() && isOn("UseG1GC")
            ? Long.parseLong(option("G1HeapRegionSize").orElse("0"))
            : 0;

    private HotSpot() {}

    private static boolean isSupported() {
        return ModuleLayer.boot().findModule("jdk.management").isPresent();
    }

    private static boolean isOn(String option) {
        return option(option).map(Boolean::parseBoolean).orElse(false);
    }

    private static Optional<String> option(String name) {
        HotSpotDiagnosticMXBean machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return Optional.ofNullable(machine).map(m -> m.getVMOption(name).getValue());
        } catch (IllegalArgumentException e) {
            // a virtual machine that has no such option
            return Optional.empty();
        }
    }
}
