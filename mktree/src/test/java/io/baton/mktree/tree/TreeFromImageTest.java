package io.baton.mktree.tree;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.mktree.image.Fixtures;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TreeFromImageTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "counter|pid=30753 comm=family",
                "family|pid=30768 comm=family;pid=30769 ppid=30768 sid=30769 comm=family;"
                        + "pid=30770 ppid=30768 pgid=30770 comm=family;pid=30772 ppid=30770 comm=family;"
                        + "pid=30771 ppid=30768 comm=family zombie=exit:200;pid=30773 ppid=30768 comm=family zombie=signal:9",
                "threads|pid=30788 threads=30788,30789,30790,30791 comm=family"
            })
    void shouldReadTheTreesOfCriuAndWriteThemAgain(String name, String spec) throws IOException {
        ProcessTree tree = TreeFromImage.read(ImageDirectory.open(Fixtures.image(name)));
        assertEquals(spec.replace(';', '\n') + "\n", TreeSpec.print(tree));
        ImageDirectory copy = ImageDirectory.create(temporary.resolve(name));
        TreeFromImage.write(tree, copy);
        assertArrayEquals(
                Files.readAllBytes(Fixtures.image(name).resolve("pstree.img")),
                Files.readAllBytes(copy.path(ImageKind.PSTREE, 0)));
    }
}
