package io.baton.mktree.image;

/**
 * A file of an image, known by its name.
 *
 * @param kind     what the file holds
 * @param id       the pid, or the object id, it belongs to; 0 for a kind without ids
 * @param fileName name within the image directory
 */
public record ImageName(ImageKind kind, long id, String fileName) {}
