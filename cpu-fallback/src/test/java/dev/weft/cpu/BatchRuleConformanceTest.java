package dev.weft.cpu;

import dev.weft.conformance.BatchRuleConformance;

/** What every op says of the batch, proved on the reference. */
class BatchRuleConformanceTest extends BatchRuleConformance {}
