package dev.weft.cuda;

import jcuda.Pointer;

/**
 * One call of cuBLAS or cuDNN.
 *
 * @param kernel the function's name, with a word on its algorithm or precision where there are several
 * @param arguments what it works on, see {@link Work#arguments}
 */
record LibraryCall(String kernel, Call call, Object... arguments) implements Work {

    /** Queues the library's work on a stream, or records it where the stream is capturing; allocates nothing. */
    interface Call {
        /**
         * Makes the call.
         *
         * @param addresses of the arguments, in their order
         */
        void queue(Device.Stream stream, Pointer[] addresses);
    }
}
