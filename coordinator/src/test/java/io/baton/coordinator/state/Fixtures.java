package io.baton.coordinator.state;

import static org.junit.jupiter.api.Assumptions.abort;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageName;
import io.baton.mktree.image.proto.CoreEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The images made by CRIU that lie outside the repository, in {@code shared/} of some directory above. */
public final class Fixtures {
    private Fixtures() {}

    /** One image made by CRIU: counter, family or threads. */
    public static Path image(String name) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path found = at.resolve("shared/criu-images").resolve(name);
            if (Files.exists(found)) {
                return found;
            }
        }
        return abort("CRIU's own images are not here: no shared/criu-images in any directory above");
    }

    /** The core entries of all threads in all three images, zombies too. */
    public static List<CoreEntry> cores() throws IOException {
        List<CoreEntry> cores = new ArrayList<>();
        for (String name : List.of("counter", "family", "threads")) {
            ImageDirectory directory = ImageDirectory.open(image(name));
            for (ImageName file : directory.list()) {
                if (file.kind() == ImageKind.CORE) {
                    cores.add(directory.one(ImageKind.CORE, file.id(), CoreEntry.class));
                }
            }
        }
        return cores;
    }
}
