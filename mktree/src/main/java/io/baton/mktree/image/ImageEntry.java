package io.baton.mktree.image;

import com.google.protobuf.Message;

/**
 * One entry of an image file: a message, and where in the file the raw bytes lie that follow it.
 *
 * @param message       the entry itself
 * @param offset        byte at which the entry's size word lies
 * @param payloadOffset byte after the message, where its payload begins
 * @param payloadSize   length in bytes of the payload with its padding, 0 if there is none
 */
public record ImageEntry(Message message, long offset, long payloadOffset, long payloadSize) {}
