package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MemFdTest {
    @Test
    void shouldShareMemoryBetweenMappings() {
        try (MemFd file = MemFd.create("shared", 8192);
                Mapping one = file.map();
                Mapping other = file.map()) {
            one.buffer().putLong(4096, 0x1122334455667788L);
            assertEquals(0x1122334455667788L, other.buffer().getLong(4096));
            assertEquals(0x1122334455667788L, other.buffer(4096, 8).getLong(0));
            assertThrows(IndexOutOfBoundsException.class, () -> other.buffer(8192, 1));
        }
    }

    @Test
    void shouldBeSealed() {
        try (MemFd file = MemFd.create("sealed", 4096)) {
            file.seal(MemFd.SEAL_SHRINK | MemFd.SEAL_GROW);
            assertEquals(
                    Errno.EPERM,
                    assertThrows(LinuxException.class, () -> file.resize(8192)).errno());
            assertEquals(4096, file.size());
        }
    }

    @Test
    void shouldCarryItsName() throws IOException {
        try (MemFd file = MemFd.create("ba\u00dfton", 4096)) {
            final String target = Files.readSymbolicLink(
                            Path.of("/proc/self/fd/" + file.fd().number()))
                    .toString();
            assertTrue(target.startsWith("/memfd:ba"), target);
        }
    }

    @Test
    void shouldReadAndWriteOffHeapMemory() {
        try (Memory text = Memory.cString("h\u00e4llo")) {
            assertEquals(7, text.length());
            assertEquals("h\u00e4llo", Memory.readCString(text.buffer(), 0, 100));
            assertEquals("h", Memory.readCString(Memory.wrap(text.address(), 7), 0, 1));
        }
    }
}
