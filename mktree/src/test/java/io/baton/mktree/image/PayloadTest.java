package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Message;
import io.baton.mktree.image.proto.BpfmapDataEntry;
import io.baton.mktree.image.proto.GhostChunkEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.IpcDescEntry;
import io.baton.mktree.image.proto.IpcMsg;
import io.baton.mktree.image.proto.IpcMsgEntry;
import io.baton.mktree.image.proto.IpcSemEntry;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.mktree.image.proto.PipeDataEntry;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.TcpStreamEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kinds whose entries are followed by raw bytes. */
class PayloadTest {
    private static final IpcDescEntry DESC = IpcDescEntry.newBuilder()
            .setKey(1)
            .setUid(2)
            .setGid(3)
            .setCuid(4)
            .setCgid(5)
            .setMode(6)
            .setId(7)
            .build();
    private static final GhostFileEntry GHOST =
            GhostFileEntry.newBuilder().setUid(0).setGid(0).setMode(0100600).build();

    @TempDir
    Path temporary;

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Path file(Path directory, ImageKind kind, Object... entriesAndPayloads) throws IOException {
        Path file = directory.resolve(kind.fileName(entriesAndPayloads.length));
        try (ImageWriter writer = ImageWriter.create(file, kind)) {
            for (Object part : entriesAndPayloads) {
                if (part instanceof Message message) {
                    writer.write(message);
                } else {
                    writer.payload(bytes((String) part));
                }
            }
        }
        return file;
    }

    private static String queueOf(String... messages) {
        ByteBuffer queue = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        for (String text : messages) {
            byte[] message = IpcMsg.newBuilder()
                    .setMtype(9)
                    .setMsize(text.length())
                    .build()
                    .toByteArray();
            queue.putInt(message.length).put(message).put(bytes(text));
            queue.put(new byte[-text.length() & 7]);
        }
        return new String(queue.array(), 0, queue.position(), StandardCharsets.ISO_8859_1);
    }

    /** A file of each kind with payload. */
    static List<Path> everyPayload(Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        PipeDataEntry pipe = PipeDataEntry.newBuilder().setPipeId(1).setBytes(3).build();
        files.add(file(directory, ImageKind.PIPES_DATA, pipe, "abc", pipe, "d", "ef"));
        files.add(file(directory, ImageKind.FIFO_DATA, pipe, "abc"));
        SkPacketEntry packet =
                SkPacketEntry.newBuilder().setIdFor(1).setLength(5).build();
        files.add(file(directory, ImageKind.SK_QUEUES, packet, "hello", packet, "world"));
        TcpStreamEntry tcp = TcpStreamEntry.newBuilder()
                .setInqLen(2)
                .setInqSeq(0)
                .setOutqLen(4)
                .setOutqSeq(0)
                .setOptMask(0)
                .setSndWscale(0)
                .setMssClamp(0)
                .build();
        files.add(file(directory, ImageKind.TCP_STREAM, tcp, "in", "outq"));
        files.add(file(directory, ImageKind.GHOST_FILE, GHOST, "whatever the file held"));
        files.add(file(
                directory,
                ImageKind.GHOST_FILE,
                GHOST.toBuilder().setChunks(true).setSize(1 << 20).build(),
                GhostChunkEntry.newBuilder().setOff(0).setLen(2).build(),
                "ab",
                GhostChunkEntry.newBuilder().setOff(8192).setLen(3).build(),
                "cde"));
        IpcShmEntry shm = IpcShmEntry.newBuilder().setDesc(DESC).setSize(6).build();
        files.add(file(
                directory,
                ImageKind.IPCNS_SHM,
                shm,
                "memory",
                shm.toBuilder().setInPagemaps(true).build(),
                shm,
                "memory"));
        IpcSemEntry sem = IpcSemEntry.newBuilder().setDesc(DESC).setNsems(3).build();
        files.add(file(directory, ImageKind.IPCNS_SEM, sem, "\1\0\2\0\3\0", sem, "\4\0\5\0\6\0"));
        IpcMsgEntry queue =
                IpcMsgEntry.newBuilder().setDesc(DESC).setQbytes(100).setQnum(2).build();
        files.add(file(
                directory,
                ImageKind.IPCNS_MSG,
                queue,
                queueOf("first", "second message"),
                queue.toBuilder().setQnum(0).build(),
                queue,
                queueOf("12345678", "")));
        BpfmapDataEntry map = BpfmapDataEntry.newBuilder()
                .setMapId(1)
                .setKeysBytes(1)
                .setValuesBytes(3)
                .setCount(1)
                .build();
        files.add(file(directory, ImageKind.BPFMAP_DATA, map, "kval"));
        return files;
    }

    @Test
    void shouldWriteAgainWhatWasRead() throws IOException {
        for (Path file : everyPayload(temporary)) {
            Path copy = temporary.resolve("copy");
            Fixtures.copy(file, Fixtures.kind(file), copy);
            assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy), file.toString());
        }
    }

    @Test
    void shouldShowPayloadsAsCritDoes() throws IOException {
        List<String> extras = new ArrayList<>();
        for (Path file : everyPayload(temporary)) {
            StringBuilder json = new StringBuilder();
            ImageJson.decode(file, json);
            java.util.regex.Matcher extra = java.util.regex.Pattern.compile(
                            "\"extra\": (\"[^\"]*\"|\\{[^}]*}|\\[[^]]*])")
                    .matcher(json);
            while (extra.find()) {
                extras.add(extra.group(1).replaceAll("\\s+", ""));
            }
        }
        assertEquals(
                List.of(
                        "\"YWJj\\n\"",
                        "\"ZGVm\\n\"",
                        "\"YWJj\\n\"",
                        "\"aGVsbG8=\\n\"",
                        "\"d29ybGQ=\\n\"",
                        "{\"inq\":\"aW4=\\n\",\"outq\":\"b3V0cQ==\\n\"}",
                        "\"d2hhdGV2ZXIgdGhlIGZpbGUgaGVsZA==\\n\"",
                        "\"YWI=\\n\"",
                        "\"Y2Rl\\n\"",
                        "\"bWVtb3J5\\n\"",
                        "\"bWVtb3J5\\n\"",
                        "[1,2,3]",
                        "[4,5,6]",
                        "[{\"mtype\":9,\"msize\":5},\"Zmlyc3Q=\\n\",{\"mtype\":9,\"msize\":14},\"c2Vjb25kIG1lc3NhZ2U=\\n\"]",
                        "[]",
                        "[{\"mtype\":9,\"msize\":8},\"MTIzNDU2Nzg=\\n\",{\"mtype\":9,\"msize\":0},\"\"]",
                        "\"a3ZhbA==\\n\""),
                extras);
    }

    @Test
    void shouldReadLargePayloadsInParts() throws IOException {
        byte[] contents = new byte[3 << 20];
        new java.util.Random(1).nextBytes(contents);
        Path file = temporary.resolve("ghost-file-f.img");
        try (ImageWriter writer = ImageWriter.create(file, ImageKind.GHOST_FILE)) {
            writer.write(GHOST, ByteBuffer.wrap(contents));
        }
        try (ImageReader reader = ImageReader.open(file, ImageKind.GHOST_FILE)) {
            ImageEntry entry = Objects.requireNonNull(reader.next());
            assertEquals(contents.length, entry.payloadSize());
            ByteBuffer part = ByteBuffer.allocate(1000);
            reader.payload(entry, 2 << 20, part);
            assertEquals(part.flip(), ByteBuffer.wrap(contents, 2 << 20, 1000));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> reader.payload(entry, contents.length, ByteBuffer.allocate(1)));
            assertEquals(null, reader.next());
        }
    }

    @Test
    void shouldRefuseToWriteLessOrMorePayloadThanAnnounced() throws IOException {
        PipeDataEntry pipe = PipeDataEntry.newBuilder().setPipeId(1).setBytes(3).build();
        ImageWriter less = ImageWriter.create(temporary.resolve("less"), ImageKind.PIPES_DATA);
        less.write(pipe, bytes("ab"));
        IllegalStateException error = assertThrows(IllegalStateException.class, less::close);
        assertEquals("payload missing: kind=PIPES_DATA bytes=1", error.getMessage());
        try (ImageWriter more = ImageWriter.create(temporary.resolve("more"), ImageKind.PIPES_DATA)) {
            assertThrows(IllegalArgumentException.class, () -> more.write(GHOST));
            more.write(pipe);
            assertThrows(IllegalArgumentException.class, () -> more.payload(bytes("abcd")));
            more.payload(bytes("abc"));
        }
    }
}
