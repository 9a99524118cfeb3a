package dev.weft.cuda;

import jcuda.driver.CUfunction;

/**
 * One launch of a kernel, made when a program is bound and used for every step.
 *
 * @param kernel the kernel's name in its module
 * @param block threads of a block, in one dimension
 * @param sharedBytes dynamic shared memory of a block
 * @param arguments in the order of the kernel's parameters: a {@link dev.weft.tensor.TensorRef} or another key of
 *     {@link Binding} for an address; Integer, Long or Float for a value
 */
record Launch(String kernel, CUfunction function, Grid grid, int block, int sharedBytes, Object[] arguments)
        implements Work {}
