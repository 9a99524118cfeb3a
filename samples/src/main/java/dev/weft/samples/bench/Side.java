package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.Kernels;

/**
 * One side of a comparison: a backend as it was opened.
 *
 * @param id for people, unique among the sides: {@code cpu 2 threads}
 * @param name the backend's
 * @param kernels that it was asked for
 * @param threads that compute; 0 where a device does
 */
record Side(String id, String name, Kernels kernels, int threads, Backend backend) {}
