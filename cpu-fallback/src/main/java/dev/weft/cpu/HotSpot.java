package dev.weft.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/** What the virtual machine says about itself. */
final class HotSpot {
    /** Whether {@link Math#fma} is one instruction; else it is exact decimal arithmetic, a thousand times slower. */
    static final boolean FMA = ModuleLayer.boot().findModule("jdk.management").isPresent() && isOn("UseFMA");

    private HotSpot() {}

    private static boolean isOn(String option) {
        HotSpotDiagnosticMXBean machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return machine != null
                    && Boolean.parseBoolean(machine.getVMOption(option).getValue());
        } catch (IllegalArgumentException e) {
            // a virtual machine that has no such option
            return false;
        }
    }
}
