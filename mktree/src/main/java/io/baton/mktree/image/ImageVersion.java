package io.baton.mktree.image;

/** The {@code img_version} of an inventory: who can read the image. */
public final class ImageVersion {
    /** CRIU's own, which anybody can read. */
    public static final int PLAIN = 2;

    /**
     * Some pages are in the pages file of another process. CRIU would take other pages for them without noticing, so
     * the image has a number that it refuses. {@code baton convert} makes a plain one of it.
     */
    public static final int SHARED_PAGES = 1002;

    private ImageVersion() {}

    /** {@return whether Baton can read images of that version} */
    public static boolean isKnown(int version) {
        return version == PLAIN || version == SHARED_PAGES;
    }
}
