package dev.weft.backend;

import dev.weft.DeviceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds and opens the backends on the class path. */
public final class Backends {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

    private Backends() {}

    /** The providers of Weft's own modules: where their classes are, they have to be registered. */
    private static final List<String> OWN = List.of(
            "dev.weft.cpu.CpuProvider", "dev.weft.cpu.reference.ReferenceProvider", "dev.weft.cuda.CudaProvider");

    /**
     * All providers on the class path, the best first.
     *
     * @throws DeviceException if the class path holds a provider that is not registered, or one is registered that it does
     *     not hold: a jar that was made of several jars has lost a part of them
     */
    public static List<BackendProvider> providers() {
        ClassLoader loader = Backends.class.getClassLoader();
        List<BackendProvider> providers = new ArrayList<>();
        try {
            ServiceLoader.load(BackendProvider.class, loader).forEach(providers::add);
        } catch (ServiceConfigurationError e) {
            throw new DeviceException(
                    "a registered backend cannot be loaded; if this jar was made smaller, keep dev.weft and its libraries"
                            + " whole. " + e.getMessage(),
                    e);
        }
        List<String> found = providers.stream().map(p -> p.getClass().getName()).toList();
        List<String> unregistered = OWN.stream()
                .filter(name -> !found.contains(name) && loader.getResource(name.replace('.', '/') + ".class") != null)
                .toList();
        if (!unregistered.isEmpty()) {
            throw new DeviceException(
                    ("%s on the class path, but not in META-INF/services/%s: whoever made one jar of several kept one of"
                                    + " their files of that name and has to merge them, with ServicesResourceTransformer in"
                                    + " Maven's Shade plugin, mergeServiceFiles() in Gradle's Shadow plugin")
                            .formatted(
                                    String.join(", ", unregistered) + (unregistered.size() == 1 ? " is" : " are"),
                                    BackendProvider.class.getName()));
        }
        providers.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
        return providers;
    }

    /** CUDA where it is usable, else the CPU. Logs which one, and why not the ones before it. */
    public static Backend best() {
        return best(BackendOptions.defaults());
    }

    /**
     * The usable backend of the highest rank.
     *
     * @throws DeviceException if there is none, or it has no such kernels
     */
    public static Backend best(BackendOptions options) {
        List<String> reasons = new ArrayList<>();
        for (BackendProvider provider : providers()) {
            Optional<String> reason = provider.unusable();
            if (reason.isEmpty()) {
                return open(provider, options, reasons);
            }
            LOG.info("backend {} is not usable: {}", provider.name(), reason.get());
            reasons.add("backend %s is not usable: %s".formatted(provider.name(), reason.get()));
        }
        throw new DeviceException(
                "no backend is usable; put weft-cpu or weft-cuda on the class path. " + String.join("; ", reasons));
    }

    /** Opens a backend by name with the default options. */
    public static Backend open(String name) {
        return open(name, BackendOptions.defaults());
    }

    /**
     * Opens a backend by name, and logs its description.
     *
     * @throws DeviceException if there is none of that name, it is not usable here, or it has no such kernels
     */
    public static Backend open(String name, BackendOptions options) {
        List<BackendProvider> providers = providers();
        for (BackendProvider provider : providers) {
            if (provider.name().equals(name)) {
                provider.unusable().ifPresent(reason -> {
                    throw new DeviceException("backend " + name + " is not usable: " + reason);
                });
                return open(provider, options, List.of());
            }
        }
        throw new DeviceException("no backend is named '" + name + "'; there are "
                + providers.stream().map(BackendProvider::name).collect(Collectors.joining(", ")));
    }

    /**
     * Opens a backend if it has the kernels.
     *
     * @param others why better ones are not usable
     */
    private static Backend open(BackendProvider provider, BackendOptions options, List<String> others) {
        String kernels = options.kernels().name();
        if (!kernels.equals(Kernels.OWN_CHOICE) && !provider.kernels().contains(kernels)) {
            throw new DeviceException("backend %s has no kernels '%s'; there are %s%s"
                    .formatted(
                            provider.name(),
                            kernels,
                            provider.kernels().isEmpty()
                                    ? "none to choose from"
                                    : String.join(", ", provider.kernels()),
                            others.stream().map(reason -> "; " + reason).collect(Collectors.joining())));
        }
        Backend backend = provider.open(options);
        LOG.info("backend {}", backend.description());
        return backend;
    }
}
