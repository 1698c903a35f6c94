package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Result;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.SyscallNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What the kernel knows of a process's layout: PR_SET_MM, the vDSO, the executable. */
final class LayoutChecks {
    private static final int PR_SET_MM = 35;
    private static final int PR_SET_MM_MAP = 14;
    private static final int PR_SET_MM_MAP_SIZE = 15;
    private static final int ARCH_MAP_VDSO_64 = 0x2003;
    private static final int MAP_LENGTH = 104;
    private static final int EXE_OFFSET = 100;
    private static final String REMEDY = "a kernel with CONFIG_CHECKPOINT_RESTORE";
    private static final String SET_MM = "kernel/sys.c prctl_set_mm_map(), PR_SET_MM(2const)";
    private static final String EXE = "kernel/fork.c replace_mm_exe_file(), PR_SET_MM(2const)";

    /** Addresses from start_code to env_end; any that grow will do. */
    private static final long FIRST = 0x50_0000;

    private LayoutChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "prctl.mm_map.size",
                                "PR_SET_MM_MAP_SIZE is that of the structure we know",
                                SET_MM,
                                LayoutChecks::size)
                        .neededBy(Need.RESTORE, REMEDY),
                Check.of(
                                "prctl.mm_map",
                                "PR_SET_MM_MAP sets the layout, and needs no CAP_SYS_RESOURCE",
                                SET_MM,
                                LayoutChecks::set)
                        .neededBy(Need.RESTORE, REMEDY),
                Check.of(
                        "prctl.mm_map.bounds",
                        "a layout that is none is refused: EINVAL",
                        "kernel/sys.c validate_prctl_map_addr()",
                        LayoutChecks::bounds),
                Check.of(
                                "prctl.mm_map.exe",
                                "PR_SET_MM_MAP sets the executable, while the old one is not mapped",
                                EXE,
                                LayoutChecks::executable)
                        .neededBy(Need.RESTORE, REMEDY),
                Check.of(
                        "prctl.mm_map.exe-mapped",
                        "while the old executable is mapped there is no new one: EBUSY",
                        EXE,
                        LayoutChecks::mapped),
                Check.of(
                                "prctl.mm_map.auxv",
                                "PR_SET_MM_MAP sets the auxiliary vector",
                                SET_MM,
                                LayoutChecks::auxiliary)
                        .neededBy(Need.RESTORE, REMEDY),
                Check.of(
                                "arch_prctl.map_vdso",
                                "ARCH_MAP_VDSO_64 maps a vDSO where it was wanted, once: EEXIST",
                                "arch/x86/entry/vdso/vma.c map_vdso_once()",
                                LayoutChecks::vdso)
                        .neededBy(Need.RESTORE, REMEDY),
                Check.of(
                        "brk",
                        "the heap grows from where the layout says",
                        "mm/mmap.c sys_brk(), brk(2)",
                        LayoutChecks::heap));
    }

    /** The structure, with no new executable. */
    private static Data layout(Lab lab) {
        Data map = lab.data(MAP_LENGTH);
        for (int i = 0; i < 11; i++) {
            map.put(i * Long.BYTES, FIRST + i * 0x1_0000L);
        }
        return map.put(EXE_OFFSET, -1);
    }

    private static void size(Lab lab) {
        Data size = lab.data(Integer.BYTES);
        lab.subject()
                .call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP_SIZE, size.at(), 0, 0)
                .skipOn(Errno.EINVAL, REMEDY)
                .shouldReturn(0);
        Should.be("size", MAP_LENGTH, size.intAt(0));
    }

    private static void set(Lab lab) {
        Subject child = lab.subject().fork();
        child.call(SyscallNumber.SETRESUID, Steps.NOBODY, Steps.NOBODY, Steps.NOBODY)
                .skipOn(Errno.EPERM, "needs CAP_SETUID")
                .shouldReturn(0);
        child.call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP, layout(lab).at(), MAP_LENGTH, 0)
                .skipOn(Errno.EINVAL, REMEDY)
                .shouldReturn(0);
        ProcStat stat = lab.proc().stat(child.pid());
        Should.be("start of code", FIRST, stat.startCode());
        Should.be("start of the heap", FIRST + 4 * 0x1_0000L, stat.startBrk());
        Should.be("start of the stack", FIRST + 6 * 0x1_0000L, stat.startStack());
        Should.be("end of the environment", FIRST + 10 * 0x1_0000L, stat.endEnvironment());
    }

    private static void bounds(Lab lab) {
        Data map = layout(lab).put(Long.BYTES, FIRST - 1); // end of code before its start
        lab.subject()
                .call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP, map.at(), MAP_LENGTH, 0)
                .shouldFailWith(Errno.EINVAL);
        map = layout(lab).put(0, -4096L);
        lab.subject()
                .call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP, map.at(), MAP_LENGTH, 0)
                .shouldFailWith(Errno.EINVAL);
    }

    private static String real(String file) {
        try {
            return Path.of(file).toRealPath().toString();
        } catch (IOException e) {
            throw new CheckSkipped("there is no " + file);
        }
    }

    private static long open(Lab lab, Subject subject, String file) {
        return subject.call(
                        SyscallNumber.OPENAT, Files.AT_FDCWD, lab.string(file).at(), Files.O_RDONLY)
                .value();
    }

    private static Result setExecutable(Lab lab, Subject subject, long fd) {
        return subject.call(
                        SyscallNumber.PRCTL,
                        PR_SET_MM,
                        PR_SET_MM_MAP,
                        layout(lab).put(EXE_OFFSET, (int) fd).at(),
                        MAP_LENGTH,
                        0)
                .skipOn(Errno.EPERM, "needs CAP_CHECKPOINT_RESTORE");
    }

    private static void executable(Lab lab) {
        Subject subject = lab.subject();
        String file = real("/bin/sleep");
        setExecutable(lab, subject, open(lab, subject, file)).shouldReturn(0);
        Should.be("/proc/PID/exe", file, lab.proc().readLink(subject.pid(), "exe"));
    }

    private static void mapped(Lab lab) {
        Subject subject = lab.subject();
        String first = real("/bin/sleep");
        String second = real("/bin/sh");
        long fd = open(lab, subject, first);
        setExecutable(lab, subject, fd).shouldReturn(0);
        long at = subject.call(SyscallNumber.MMAP, 0, Steps.PAGE, Mapping.PROT_READ, Mapping.MAP_PRIVATE, fd, 0)
                .value();
        long other = open(lab, subject, second);
        setExecutable(lab, subject, other).shouldFailWith(Errno.EBUSY);
        subject.call(SyscallNumber.MUNMAP, at, Steps.PAGE).shouldReturn(0);
        setExecutable(lab, subject, other).shouldReturn(0);
        Should.be("/proc/PID/exe", second, lab.proc().readLink(subject.pid(), "exe"));
    }

    private static void auxiliary(Lab lab) {
        Subject subject = lab.subject();
        Data vector = lab.longs(6, 4096, 23, 77, 0, 0);
        Data map = layout(lab).put(88, vector.at()).put(96, vector.length());
        subject.call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP, map.at(), MAP_LENGTH, 0)
                .shouldReturn(0);
        byte[] seen = lab.proc().read(subject.pid(), "auxv");
        Should.be("second key", 23, seen[16]);
        Should.be("second value", 77, seen[24]);
    }

    private static void vdso(Lab lab) {
        Subject subject = lab.subject();
        long wanted = 0x1234_5000_0000L;
        subject.call(SyscallNumber.ARCH_PRCTL, ARCH_MAP_VDSO_64, wanted)
                .skipOn(Errno.EINVAL, REMEDY)
                .shouldSucceed();
        List<ProcMap> maps = lab.proc().maps(subject.pid());
        Should.hold(
                "[vdso] or [vvar] begins at the address wanted",
                maps.stream()
                        .anyMatch(map -> map.start() == wanted && map.path().startsWith("[v")));
        Should.hold(
                "there is a [vdso]", maps.stream().anyMatch(map -> map.path().equals("[vdso]")));
        subject.call(SyscallNumber.ARCH_PRCTL, ARCH_MAP_VDSO_64, wanted + (1L << 30))
                .shouldFailWith(Errno.EEXIST);
    }

    private static void heap(Lab lab) {
        Subject subject = lab.subject();
        Data map = layout(lab);
        long brk = FIRST + 5 * 0x1_0000L;
        subject.call(SyscallNumber.PRCTL, PR_SET_MM, PR_SET_MM_MAP, map.at(), MAP_LENGTH, 0)
                .shouldReturn(0);
        subject.call(SyscallNumber.BRK, 0).shouldReturn(brk);
        subject.call(SyscallNumber.BRK, brk + Steps.PAGE).shouldReturn(brk + Steps.PAGE);
        Should.hold(
                "[heap] is mapped",
                lab.proc().maps(subject.pid()).stream()
                        .anyMatch(one -> one.path().equals("[heap]")));
    }
}
