package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CriuImagesTest {
    @TempDir
    Path temporary;

    static List<Path> files() throws IOException {
        return Fixtures.files();
    }

    @Test
    void shouldFindEveryFileThatCritDecoded() throws IOException {
        try (Stream<Path> all = Files.walk(Fixtures.shared("criu-images"))) {
            assertEquals(
                    all.filter(file -> file.toString().endsWith(".json"))
                            .sorted()
                            .toList(),
                    files().stream().map(Fixtures::json).sorted().toList());
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void shouldDecodeAsCritDoes(Path file) throws IOException {
        StringBuilder json = new StringBuilder();
        ImageJson.decode(file, json);
        assertEquals(Files.readString(Fixtures.json(file)), json.toString());
    }

    @ParameterizedTest
    @MethodSource("files")
    void shouldWriteTheSameBytes(Path file) throws IOException {
        Path copy = temporary.resolve("copy");
        Fixtures.copy(file, Fixtures.kind(file), copy);
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy));
    }
}
