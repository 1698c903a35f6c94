package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.CheckSkipped;
import io.baton.coordinator.regress.Data;
import io.baton.coordinator.regress.Lab;
import io.baton.coordinator.regress.Need;
import io.baton.coordinator.regress.Should;
import io.baton.coordinator.regress.Subject;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserFaultFd;
import java.util.ArrayList;
import java.util.List;

/** Memory: mapping it exactly, seeing what is in it, watching it. */
final class MemoryChecks {
    private static final int PAGE = Steps.PAGE;
    private static final int DONTFORK = 10;
    private static final int WIPEONFORK = 18;
    private static final String MAP = "mm/mmap.c do_mmap(), mmap(2)";
    private static final String SCAN = "fs/proc/task_mmu.c do_pagemap_scan(), admin-guide/mm/pagemap, ioctl(2)";

    private MemoryChecks() {}

    static List<Check> list() {
        return List.of(
                Check.of(
                                "mmap.fixed_noreplace",
                                "MAP_FIXED_NOREPLACE takes nobody's place: EEXIST",
                                MAP,
                                MemoryChecks::noReplace)
                        .neededBy(Need.RESTORE, "Linux 4.17"),
                Check.of(
                        "mremap.dontunmap",
                        "MREMAP_DONTUNMAP moves pages and leaves the mapping",
                        "mm/mremap.c move_vma(), mremap(2)",
                        MemoryChecks::dontUnmap),
                Check.of(
                        "mremap.fixed",
                        "a private mapping with its pages can be moved to an exact place",
                        "mm/mremap.c mremap_to(), mremap(2)",
                        MemoryChecks::moved),
                Check.of(
                        "madvise.wipeonfork",
                        "a child has zeros where MADV_WIPEONFORK was said, and inherits that",
                        "mm/madvise.c, madvise(2)",
                        MemoryChecks::wipeOnFork),
                Check.of(
                        "madvise.dontfork",
                        "a child has nothing where MADV_DONTFORK was said",
                        "kernel/fork.c dup_mmap(), madvise(2)",
                        MemoryChecks::dontFork),
                Check.of(
                        "madvise.populate",
                        "MADV_POPULATE_WRITE makes pages",
                        "mm/madvise.c madvise_populate(), madvise(2)",
                        MemoryChecks::populate),
                Check.of(
                        "process_madvise",
                        "advice can be given to another process",
                        "mm/madvise.c sys_process_madvise(), process_madvise(2)",
                        MemoryChecks::processAdvice),
                Check.of(
                                "process_vm.readv",
                                "memory of others is read up to the first page that is not there",
                                "mm/process_vm_access.c, process_vm_readv(2)",
                                MemoryChecks::readOthers)
                        .neededBy(Need.DUMP, "a kernel with CONFIG_CROSS_MEMORY_ATTACH"),
                Check.of("pagemap.scan", "PAGEMAP_SCAN tells which pages are there", SCAN, MemoryChecks::scan)
                        .neededBy(Need.SPEED, "Linux 6.7; without it memory is dumped more slowly"),
                Check.of(
                        "pagemap.scan.zero",
                        "PAGEMAP_SCAN tells pages of zeros from others",
                        SCAN,
                        MemoryChecks::scanZero),
                Check.of(
                                "userfaultfd.wp_async",
                                "a page that is written to after it was protected is told of, and only that",
                                SCAN,
                                MemoryChecks::watch)
                        .neededBy(
                                Need.SPEED,
                                "Linux 6.7 with CONFIG_USERFAULTFD; without it there is no pre-dump, unless the kernel has"
                                        + " CONFIG_MEM_SOFT_DIRTY"),
                Check.of(
                        "userfaultfd.fork",
                        "a child's memory is not watched",
                        "mm/userfaultfd.c, userfaultfd(2)",
                        MemoryChecks::watchFork),
                Check.of(
                                "map_files",
                                "another process's shared memory can be opened by its place",
                                "fs/proc/base.c proc_map_files_get_link(), proc(5)",
                                MemoryChecks::mapFiles)
                        .neededBy(Need.RESTORE, "run as root, or with CAP_CHECKPOINT_RESTORE"),
                Check.of(
                                "memfd.create",
                                "memory files can be made, and stay mapped without a descriptor",
                                "mm/memfd.c, memfd_create(2)",
                                MemoryChecks::memoryFile)
                        .neededBy(Need.RESTORE, "Linux 3.17"),
                Check.of(
                        "memfd.seals",
                        "seals forbid what they say, and F_SEAL_SEAL more seals",
                        "mm/memfd.c memfd_add_seals(), fcntl(2)",
                        MemoryChecks::seals),
                Check.of(
                        "smaps.flags",
                        "smaps tells what advice a mapping has had",
                        "fs/proc/task_mmu.c show_smap_vma_flags(), proc(5)",
                        MemoryChecks::flags));
    }

    private static void noReplace(Lab lab) {
        Subject subject = lab.subject();
        long there = Steps.map(subject, 3);
        subject.call(SyscallNumber.MUNMAP, there + PAGE, PAGE).shouldReturn(0);
        int flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_FIXED_NOREPLACE;
        subject.call(SyscallNumber.MMAP, there + PAGE, 2 * PAGE, 3, flags, -1, 0)
                .shouldFailWith(Errno.EEXIST);
        subject.call(SyscallNumber.MMAP, there + PAGE, PAGE, 3, flags, -1, 0).shouldReturn(there + PAGE);
    }

    private static void dontUnmap(Lab lab) {
        int mayMoveDontUnmap = 1 | 4;
        Subject subject = lab.subject();
        long from = Steps.map(subject, 1);
        Steps.write(subject, from, 42);
        long to = subject.call(SyscallNumber.MREMAP, from, PAGE, PAGE, mayMoveDontUnmap, 0)
                .skipOn(Errno.EINVAL, "a kernel before Linux 5.7")
                .value();
        Should.be("word at the new place", 42, Steps.read(subject, to));
        Should.be("word at the old place", 0, Steps.read(subject, from));
    }

    private static void moved(Lab lab) {
        int mayMoveFixed = 1 | 2;
        Subject subject = lab.subject();
        long from = Steps.map(subject, 1);
        Steps.write(subject, from, 42);
        long to = 0x1111_0000_0000L;
        subject.call(SyscallNumber.MREMAP, from, PAGE, PAGE, mayMoveFixed, to).shouldReturn(to);
        Should.be("word at the new place", 42, Steps.read(subject, to));
    }

    private static void wipeOnFork(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 1);
        Steps.write(subject, at, 42);
        subject.call(SyscallNumber.MADVISE, at, PAGE, WIPEONFORK).shouldReturn(0);
        Subject child = subject.fork();
        Should.be("word of the child", 0, Steps.read(child, at));
        Steps.write(child, at, 43);
        Should.be("word of the grandchild", 0, Steps.read(child.fork(), at));
        Should.be("word of the parent", 42, Steps.read(subject, at));
    }

    private static void dontFork(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 1);
        subject.call(SyscallNumber.MADVISE, at, PAGE, DONTFORK).shouldReturn(0);
        Subject child = subject.fork();
        child.call(SyscallNumber.MADVISE, at, PAGE, 0).shouldFailWith(Errno.ENOMEM);
        subject.call(SyscallNumber.MADVISE, at, PAGE, 0).shouldReturn(0);
    }

    private static int present(Lab lab, Subject subject, long at, int pages) {
        Data entries = lab.data(pages * Long.BYTES);
        try (PageMap map = PageMap.open(subject.pid())) {
            map.entries(at, pages, entries.ours());
        }
        int found = 0;
        for (int i = 0; i < pages; i++) {
            found += (entries.longAt(i * Long.BYTES) & PageMap.ENTRY_PRESENT) != 0 ? 1 : 0;
        }
        return found;
    }

    private static void populate(Lab lab) {
        int populateWrite = 23;
        Subject subject = lab.subject();
        long at = Steps.map(subject, 4);
        Should.be("pages before", 0, present(lab, subject, at, 4));
        subject.call(SyscallNumber.MADVISE, at, 3 * PAGE, populateWrite)
                .skipOn(Errno.EINVAL, "a kernel before Linux 5.14")
                .shouldReturn(0);
        Should.be("pages after", 3, present(lab, subject, at, 4));
    }

    private static void processAdvice(Lab lab) {
        int cold = 20;
        Subject subject = lab.subject();
        long at = Steps.map(subject, 2);
        Steps.write(subject, at, 1);
        try (PidFd handle = PidFd.open(subject.pid())) {
            Data vector = lab.longs(at, 2 * PAGE);
            lab.own(SyscallNumber.PROCESS_MADVISE, handle.fd().number(), vector.ours(), 1, cold, 0)
                    .skipOn(Errno.ENOSYS, "a kernel before Linux 5.10")
                    .skipOn(Errno.EPERM, "needs CAP_SYS_NICE")
                    .shouldReturn(2 * PAGE);
        }
    }

    private static void readOthers(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 3);
        subject.call(SyscallNumber.MUNMAP, at + 2 * PAGE, PAGE).shouldReturn(0);
        Steps.write(subject, at + PAGE, 42);
        Data ours = lab.pages(3);
        Data local = lab.longs(ours.ours(), 3 * PAGE);
        Data remote = lab.longs(at, 3 * PAGE);
        lab.own(SyscallNumber.PROCESS_VM_READV, subject.pid(), local.ours(), 1, remote.ours(), 1, 0)
                .shouldReturn(2 * PAGE);
        Should.be("word read", 42, ours.longAt(PAGE));
        remote.put(0, at + 2 * PAGE);
        lab.own(SyscallNumber.PROCESS_VM_READV, subject.pid(), local.ours(), 1, remote.ours(), 1, 0)
                .shouldFailWith(Errno.EFAULT);
    }

    /** Runs of pages, as "from-to" in pages of the range. */
    private static List<String> runs(
            Subject subject, long at, int pages, PageMap.Selection selection, boolean protect) {
        List<String> runs = new ArrayList<>();
        PageMap.RegionConsumer add = (start, end, kinds) -> runs.add((start - at) / PAGE + "-" + (end - at) / PAGE);
        long end = at + (long) pages * PAGE;
        try (PageMap map = PageMap.open(subject.pid())) {
            if (protect) {
                map.scanAndProtect(at, end, selection, add);
            } else {
                map.scan(at, end, selection, add);
            }
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOTTY) {
                throw new CheckSkipped("PAGEMAP_SCAN: ENOTTY: a kernel before Linux 6.7");
            }
            throw e;
        }
        return runs;
    }

    private static void scan(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 8);
        Steps.write(subject, at + PAGE, 1);
        Steps.write(subject, at + 2 * PAGE, 1);
        Steps.write(subject, at + 7 * PAGE, 1);
        PageMap.Selection there = new PageMap.Selection(0, 0, PageMap.PRESENT, PageMap.PRESENT);
        Should.be("pages there", List.of("1-3", "7-8"), runs(subject, at, 8, there, false));
    }

    private static void scanZero(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 4);
        Steps.write(subject, at, 1);
        int populateRead = 22;
        subject.call(SyscallNumber.MADVISE, at + PAGE, PAGE, populateRead)
                .skipOn(Errno.EINVAL, "a kernel before Linux 5.14")
                .shouldReturn(0);
        Should.be("pages in the page table", 2, present(lab, subject, at, 4));
        Should.be("pages with data", List.of("0-1"), runs(subject, at, 4, PageMap.Selection.POPULATED, false));
    }

    /** Watches a range of a process; the descriptor is ours then. */
    private static Fd watch(Lab lab, Subject subject, long at, int pages) {
        int theirs = (int) subject.call(SyscallNumber.USERFAULTFD, UserFaultFd.FLAGS)
                .skipOn(Errno.ENOSYS, "a kernel without CONFIG_USERFAULTFD")
                .value();
        Fd fd;
        try (PidFd handle = PidFd.open(subject.pid())) {
            fd = lab.keep(handle.fetch(theirs));
        }
        try {
            UserFaultFd.begin(fd);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                throw new CheckSkipped("UFFDIO_API: EINVAL: a kernel before Linux 6.7");
            }
            throw e;
        }
        Should.hold("the range can be watched", UserFaultFd.watch(fd, at, at + (long) pages * PAGE));
        return fd;
    }

    private static void watch(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 4);
        for (int i = 0; i < 4; i++) {
            Steps.write(subject, at + (long) i * PAGE, 1);
        }
        watch(lab, subject, at, 4);
        PageMap.Selection written = new PageMap.Selection(0, PageMap.WRITTEN, 0, PageMap.WRITTEN);
        Should.be("pages written before they are protected", List.of("0-4"), runs(subject, at, 4, written, true));
        Should.be("pages written since", List.of(), runs(subject, at, 4, written, false));
        Steps.write(subject, at + 2 * PAGE, 2);
        Should.be("pages written since, after a write", List.of("2-3"), runs(subject, at, 4, written, true));
        Should.be("pages written since then", List.of(), runs(subject, at, 4, written, false));
    }

    private static void watchFork(Lab lab) {
        Subject subject = lab.subject();
        long at = Steps.map(subject, 2);
        Steps.write(subject, at, 1);
        watch(lab, subject, at, 2);
        Subject child = subject.fork();
        try (PageMap ofParent = PageMap.open(subject.pid());
                PageMap ofChild = PageMap.open(child.pid())) {
            Should.hold("the parent's memory is watched", ofParent.isWatched(at));
            Should.hold("the child's memory is not", !ofChild.isWatched(at));
        }
    }

    private static void mapFiles(Lab lab) {
        Subject owner = lab.subject();
        Subject other = owner.fork();
        long at = Steps.map(owner, 2, Mapping.MAP_SHARED);
        Steps.write(owner, at, 42);
        String path =
                "/proc/" + owner.pid() + "/map_files/" + Long.toHexString(at) + "-" + Long.toHexString(at + 2 * PAGE);
        long fd = other.call(
                        SyscallNumber.OPENAT, Files.AT_FDCWD, lab.string(path).at(), Files.O_RDWR)
                .skipOn(Errno.EPERM, "needs CAP_CHECKPOINT_RESTORE")
                .value();
        long there = other.call(SyscallNumber.MMAP, 0, 2 * PAGE, 3, Mapping.MAP_SHARED, fd, 0)
                .value();
        Should.be("word of the other process", 42, Steps.read(other, there));
        Steps.write(other, there, 43);
        Should.be("word of the owner", 43, Steps.read(owner, at));
    }

    private static void memoryFile(Lab lab) {
        Subject subject = lab.subject();
        long fd = subject.call(
                        SyscallNumber.MEMFD_CREATE, lab.string("baton-regress").at(), 0)
                .value();
        subject.call(SyscallNumber.FTRUNCATE, fd, 2 * PAGE).shouldReturn(0);
        long at = subject.call(SyscallNumber.MMAP, 0, 2 * PAGE, 3, Mapping.MAP_SHARED, fd, 0)
                .value();
        subject.call(SyscallNumber.CLOSE, fd).shouldReturn(0);
        String path = lab.proc().maps(subject.pid()).stream()
                .filter(map -> map.start() == at)
                .map(ProcMap::path)
                .findFirst()
                .orElse("none");
        Should.be("path of the mapping", "/memfd:baton-regress (deleted)", path);
    }

    private static void seals(Lab lab) {
        Subject subject = lab.subject();
        long fd = subject.call(SyscallNumber.MEMFD_CREATE, lab.string("sealed").at(), MemFd.MFD_ALLOW_SEALING)
                .value();
        subject.call(SyscallNumber.FTRUNCATE, fd, PAGE).shouldReturn(0);
        int sizes = MemFd.SEAL_SHRINK | MemFd.SEAL_GROW;
        subject.call(SyscallNumber.FCNTL, fd, MemFd.F_ADD_SEALS, sizes).shouldReturn(0);
        subject.call(SyscallNumber.FTRUNCATE, fd, 0).shouldFailWith(Errno.EPERM);
        subject.call(SyscallNumber.FTRUNCATE, fd, 2 * PAGE).shouldFailWith(Errno.EPERM);
        subject.call(SyscallNumber.WRITE, fd, lab.data(8).at(), 8).shouldReturn(8);
        subject.call(SyscallNumber.FCNTL, fd, MemFd.F_ADD_SEALS, MemFd.SEAL_WRITE | MemFd.SEAL_SEAL)
                .shouldReturn(0);
        subject.call(SyscallNumber.WRITE, fd, lab.data(8).at(), 8).shouldFailWith(Errno.EPERM);
        subject.call(SyscallNumber.FCNTL, fd, MemFd.F_ADD_SEALS, sizes).shouldFailWith(Errno.EPERM);
        subject.call(SyscallNumber.FCNTL, fd, MemFd.F_GET_SEALS)
                .shouldReturn(sizes | MemFd.SEAL_WRITE | MemFd.SEAL_SEAL);
    }

    private static void flags(Lab lab) {
        int dontDump = 16;
        Subject subject = lab.subject();
        long at = Steps.map(subject, 1);
        for (int advice : new int[] {DONTFORK, WIPEONFORK, dontDump}) {
            subject.call(SyscallNumber.MADVISE, at, PAGE, advice).shouldReturn(0);
        }
        String flags = lab.proc().smaps(subject.pid()).stream()
                .filter(one -> one.map().start() == at)
                .map(ProcSmap::flags)
                .findFirst()
                .orElse("none");
        for (String flag : List.of("dc", "wf", "dd")) {
            Should.contain("VmFlags", flag, flags);
        }
    }
}
