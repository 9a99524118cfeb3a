package dev.weft.cuda;

import java.util.List;

/**
 * A library of NVIDIA's that can be used in the place of kernels of our own.
 *
 * @see LibraryFinder
 */
enum Library {
    /** Matrix products. */
    CUBLAS("cuBLAS", "libcublas", 12, List.of("libcublasLt.so.12")),
    /** Convolution, pooling, activation, softmax. The parts that a distribution does not have are left out. */
    CUDNN(
            "cuDNN",
            "libcudnn",
            9,
            List.of(
                    "libcudnn_graph.so.9",
                    "libcudnn_ops.so.9",
                    "libcudnn_engines_runtime_compiled.so.9",
                    "libcudnn_engines_precompiled.so.9",
                    "libcudnn_heuristic.so.9",
                    "libcudnn_cnn.so.9",
                    "libcudnn_adv.so.9"));

    private final String title;
    private final String stem;
    private final int version;
    private final List<String> parts;

    Library(String title, String stem, int version, List<String> parts) {
        this.title = title;
        this.stem = stem;
        this.version = version;
        this.parts = parts;
    }

    /** Its name in messages: {@code cuBLAS}. */
    String title() {
        return title;
    }

    /** The file that JCuda's library asks the dynamic linker for: {@code libcublas.so.12}. */
    String file() {
        return stem + ".so." + version;
    }

    /** What all its files of any version begin with: {@code libcublas.so.}. */
    String anyVersion() {
        return stem + ".so.";
    }

    /** The files to be loaded before it, from the same folder, in order. */
    List<String> parts() {
        return parts;
    }
}
