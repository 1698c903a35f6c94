package io.baton.coordinator.tracking;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a dump stands to those before and after it; names as in CRIU.
 *
 * @param track whether to watch for writes from now on, for the next dump ({@code --track-mem})
 * @param previous the image to build on, relative to this one's directory or absolute ({@code --prev-images-dir}); null:
 *     none
 */
public record Increment(boolean track, @Nullable Path previous) {
    public static final Increment NONE = new Increment(false, null);
}
