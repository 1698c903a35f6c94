package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class SystemCallTest {
    @Test
    void shouldGiveTheResult() {
        assertEquals(ProcessHandle.current().pid(), SystemCall.call(SyscallNumber.GETPID));
    }

    @Test
    void shouldGiveNegativeErrno() {
        assertEquals(-Errno.EBADF, SystemCall.call(SyscallNumber.CLOSE, -1));
        assertEquals(-Errno.ENOSYS, SystemCall.call(5000));
    }

    @Test
    void shouldPassAllSixArguments() {
        final long address = SystemCall.call(
                SyscallNumber.MMAP, 0, 4096, Mapping.PROT_READ, Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS, -1, 1);
        assertEquals(-Errno.EINVAL, address, "the sixth argument is an offset, which must be whole pages");
    }

    @Test
    void shouldNameCallErrnoAndSubject() {
        final LinuxException e = assertThrows(
                LinuxException.class,
                () -> SystemCall.check(SystemCall.call(SyscallNumber.CLOSE, 9999), SyscallNumber.CLOSE, "fd", 9999));
        assertEquals("close", e.call());
        assertEquals(Errno.EBADF, e.errno());
        assertEquals("close failed: Bad file descriptor (EBADF): fd=9999", e.getMessage());
    }

    @Test
    void shouldRefuseOtherMachines() {
        assertThrows(UnsupportedOperationException.class, () -> Platform.require("Linux", "aarch64"));
        assertThrows(UnsupportedOperationException.class, () -> Platform.require("Mac OS X", "x86_64"));
    }

    @Test
    void shouldNameEveryNumber() throws IllegalAccessException {
        assertEquals("read", SyscallNumber.nameOf(0));
        assertEquals("rseq", SyscallNumber.nameOf(334));
        assertEquals("pidfd_send_signal", SyscallNumber.nameOf(424));
        assertEquals("set_mempolicy_home_node", SyscallNumber.nameOf(450));
        assertEquals("mseal", SyscallNumber.nameOf(462));
        assertNull(SyscallNumber.nameOf(400));
        assertNull(SyscallNumber.nameOf(-1));
        assertEquals("syscall_400", SyscallNumber.describe(400));
        assertEquals(-1, SyscallNumber.numberOf("nosuch"));
        for (final Field field : SyscallNumber.class.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers())) {
                assertEquals(field.getName().toLowerCase(Locale.ROOT), SyscallNumber.nameOf(field.getInt(null)));
                assertEquals(
                        field.getInt(null),
                        SyscallNumber.numberOf(field.getName().toLowerCase(Locale.ROOT)));
            }
        }
    }

    @Test
    void shouldNameEveryErrno() throws IllegalAccessException {
        for (final Field field : Errno.class.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers())) {
                assertEquals(field.getName(), Errno.nameOf(field.getInt(null)));
                assertEquals(field.getInt(null), Errno.numberOf(field.getName()));
                assertNotEquals("", Errno.messageOf(field.getInt(null)));
            }
        }
        assertEquals("E9999", Errno.nameOf(9999));
        assertEquals("E41", Errno.nameOf(41));
        assertEquals("No such file or directory", Errno.messageOf(2));
    }
}
