package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The images made by CRIU that lie outside the repository, in {@code shared/} of some directory above. */
public final class Fixtures {
    private Fixtures() {}

    /** Path below {@code shared}. Without it the test is skipped, saying so. */
    public static Path shared(String name) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path found = at.resolve("shared").resolve(name);
            if (Files.exists(found)) {
                return found;
            }
        }
        return abort("CRIU's own images are not here: no shared/" + name + " in any directory above");
    }

    /** One image made by CRIU: counter, family or threads. */
    public static Path image(String name) {
        return shared("criu-images").resolve(name);
    }

    /** Every file with entries, of all three images. */
    static List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(shared("criu-images"), 2)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> ImageKind.parse(file.getFileName().toString()) != null)
                    .sorted()
                    .toList();
        }
    }

    /** The JSON that crit decoded a file to. */
    static Path json(Path file) {
        String name = file.getFileName().toString();
        return file.resolveSibling("json").resolve(name.replaceAll("\\.img$", "") + ".json");
    }

    /** Reads every entry and writes it again. */
    static void copy(Path from, ImageKind kind, Path to) throws IOException {
        try (ImageReader reader = ImageReader.open(from, kind);
                ImageWriter writer = ImageWriter.create(to, kind)) {
            for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                writer.write(entry.message(), reader.payload(entry));
            }
        }
    }

    static ImageKind kind(Path file) {
        ImageName name = ImageKind.parse(file.getFileName().toString());
        if (name == null) {
            return fail("not named as an image file: " + file);
        }
        return name.kind();
    }
}
