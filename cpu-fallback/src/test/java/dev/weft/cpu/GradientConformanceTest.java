package dev.weft.cpu;

import dev.weft.conformance.GradientConformance;

/** Every gradient rule, proved on the reference. */
class GradientConformanceTest extends GradientConformance {}
