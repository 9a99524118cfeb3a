package dev.weft.data;

/**
 * The uncompressed content of a file.
 *
 * @param origin where it was read, for messages
 */
record Content(String origin, byte[] bytes) {}
