package io.baton.task.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.Test;

class DisassemblerTest {
    private static final int OFFSET = 24;

    private final ProgramBuilder program = new ProgramBuilder();

    @Test
    void shouldReadLikeTheSystemCallsOfAnOpen() {
        program.tag(ItemTag.of(2, 3));
        final int path = program.string("/etc/hosts");
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_RDONLY | Files.O_CLOEXEC)
                .store(0);
        program.call(SyscallNumber.DUP3).register(0).value(3).value(0).expect(3);
        program.call(SyscallNumber.CLOSE).register(0);
        assertEquals("""
                  0  openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = r0                # item 3
                  1  dup3(r0, 3, 0) -> 3
                  2  close(r0)
                """, text());
    }

    @Test
    void shouldNameFlagsOfMappings() {
        program.call(SyscallNumber.MMAP)
                .value(0x7f00_0000_0000L)
                .value(0x2000)
                .value(Mapping.PROT_READ | Mapping.PROT_WRITE)
                .value(Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_FIXED_NOREPLACE)
                .value(-1)
                .value(0)
                .expect(0x7f00_0000_0000L);
        program.call(SyscallNumber.MPROTECT).value(0x1000).value(0x1000).value(0);
        assertEquals("""
                  0  mmap(0x7f0000000000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) -> 0x7f0000000000
                  1  mprotect(0x1000, 0x1000, PROT_NONE)
                """, text());
    }

    @Test
    void shouldSayWhatIsTolerated() {
        program.call(SyscallNumber.UNLINKAT)
                .value(Files.AT_FDCWD)
                .data(program.string("x y"))
                .value(0)
                .orErrno(Errno.ENOENT);
        program.call(SyscallNumber.CLOSE).value(3).expectAnything();
        program.call(SyscallNumber.UMASK).value(18).result();
        assertEquals("""
                  0  unlinkat(AT_FDCWD, "x y", 0) -> or ENOENT
                  1  close(3) -> any
                  2  umask(022) = answer
                """, text());
    }

    @Test
    void shouldDecodeVectorsSetsAndActions() {
        final int vector = program.longs(0x1000, 4096, 0x5000, 8192);
        program.call(SyscallNumber.PREADV)
                .value(5)
                .data(vector)
                .value(2)
                .value(12288)
                .expect(12288);
        final int action = program.longs(0x401000, 0x1400_0000L, 0x402000, Signals.bit(Signals.SIGCHLD));
        program.call(SyscallNumber.RT_SIGACTION)
                .value(Signals.SIGUSR1)
                .data(action)
                .value(0)
                .value(8);
        final int set = program.longs(Signals.bit(Signals.SIGINT) | Signals.bit(Signals.SIGTERM));
        program.call(SyscallNumber.RT_SIGPROCMASK).value(2).data(set).value(0).value(8);
        assertEquals("""
                  0  preadv(5, [{0x1000, 4096}, {0x5000, 8192}], 2, 12288) -> 0x3000
                  1  rt_sigaction(SIGUSR1, {0x401000, SA_RESTORER|SA_RESTART, 0x402000, [CHLD]}, 0, 8)
                  2  rt_sigprocmask(SIG_SETMASK, [INT TERM], 0, 8)
                """, text());
    }

    @Test
    void shouldTellApartWhatPrctlAndFcntlDo() {
        program.call(SyscallNumber.PRCTL).value(15).data(program.string("worker"));
        program.call(SyscallNumber.PRCTL).value(1).value(Signals.SIGKILL);
        program.call(SyscallNumber.PRCTL)
                .value(35)
                .value(14)
                .data(program.reserve(104))
                .value(104);
        program.call(SyscallNumber.FCNTL).value(4).value(4).value(Files.O_APPEND | Files.O_NONBLOCK);
        program.call(SyscallNumber.FCNTL).value(4).value(2).value(1);
        program.call(SyscallNumber.ARCH_PRCTL).value(0x2003).value(0x7fff_0000_0000L);
        assertEquals("""
                  0  prctl(PR_SET_NAME, "worker")
                  1  prctl(PR_SET_PDEATHSIG, SIGKILL)
                  2  prctl(PR_SET_MM, PR_SET_MM_MAP, &data[8] (104 bytes), 104)
                  3  fcntl(4, F_SETFL, O_RDONLY|O_APPEND|O_NONBLOCK)
                  4  fcntl(4, F_SETFD, FD_CLOEXEC)
                  5  arch_prctl(ARCH_MAP_VDSO_64, 0x7fff00000000)
                """, text());
    }

    @Test
    void shouldShowScratchSegmentAndPokes() {
        program.call(SyscallNumber.PIPE2).local(16).value(0);
        program.call(SyscallNumber.DUP2).localInt(20).value(7).expect(7);
        final int structure = program.reserve(16);
        program.op(Op.POKE).data(structure + 8).register(2);
        program.op(Op.POKE).local(0).data(structure);
        program.call(SyscallNumber.FUTEX).segment(0x100).value(1).value(1);
        assertEquals("""
                  0  pipe2(&local[16], 0)
                  1  dup2(*local[20], 7) -> 7
                  2  poke data[8] = r2
                  3  poke *&local[0] = &data[0]
                  4  futex(&segment[0x100], FUTEX_WAKE, 1, 0)
                """, text());
    }

    @Test
    void shouldNameWhatIsNoSystemCall() {
        program.op(Op.CLONE)
                .value(4)
                .value(0)
                .value(Signals.SIGCHLD)
                .data(program.ints(1234))
                .value(1)
                .value(0);
        program.op(Op.CLONE)
                .value(5)
                .value(0x8000)
                .value(0)
                .data(program.ints(1235))
                .value(1)
                .value(0);
        program.op(Op.CLONE)
                .value(6)
                .value(0x10f00)
                .value(0)
                .data(program.ints(1236))
                .value(1)
                .value(2);
        program.op(Op.CONFIRM).value(3);
        program.op(Op.AWAIT).value(6);
        program.op(Op.TURN);
        program.op(Op.AWAIT).value(Integer.MAX_VALUE);
        program.op(Op.REAP).value(1);
        assertEquals("""
                  0  fork pid 1234 (slot 4)
                  1  fork pid 1235 (slot 5, CLONE_PARENT, exit signal 0)
                  2  start thread tid 1236 (slot 6, area 2)
                  3  confirm stage 3
                  4  await stage 6
                  5  take the baton, pass it on
                  6  await the end (released from outside)
                  7  reap until pid 1 ends
                """, text());
    }

    @Test
    void shouldGetByWithoutASignature() {
        program.call(SyscallNumber.numberOf("landlock_restrict_self")).value(3).value(0x10000);
        program.call(9999).value(1);
        assertEquals("""
                  0  landlock_restrict_self(3, 0x10000)
                  1  syscall_9999(1)
                """, text());
    }

    @Test
    void shouldKnowNoCallThatTheKernelLacks() {
        for (final String name : SyscallSignature.names()) {
            assertEquals(name, SyscallNumber.nameOf(SyscallNumber.numberOf(name)));
        }
    }

    private String text() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        program.copyTo(buffer, OFFSET, 0, 0);
        final StringBuilder out = new StringBuilder();
        new Disassembler(tag -> "item " + ItemTag.number(tag), stage -> "stage " + stage)
                .append(buffer, OFFSET, "", out);
        return out.toString();
    }
}
