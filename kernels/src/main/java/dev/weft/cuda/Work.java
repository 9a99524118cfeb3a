package dev.weft.cuda;

/** One piece of what a group of ops makes the device do, made when a program is bound and used for every step. */
sealed interface Work permits Launch, LibraryCall {
    /** The name of the kernel or of the library's function. */
    String kernel();

    /** What it works on: a {@link dev.weft.tensor.TensorRef} or another key of {@link Binding} for an address. */
    Object[] arguments();
}
