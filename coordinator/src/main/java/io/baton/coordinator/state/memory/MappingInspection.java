package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;
import io.baton.task.linux.Sockets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says which mappings of a process cannot be saved, and why. */
final class MappingInspection {
    private static final String KEEP_FILE = "restart the program, and keep its files in place as long as it runs";

    /** Others depend on how it was mapped before it was sealed. */
    private static final int RESTORED_SEALS = MemFd.SEAL_SEAL | MemFd.SEAL_SHRINK | MemFd.SEAL_GROW | MemFd.SEAL_EXEC;

    /** What may be of huge pages. */
    private static final Set<SpecialMapping> HUGE = EnumSet.of(SpecialMapping.HUGETLB, SpecialMapping.MEMFD);

    private final SeizedProcess process;
    private final Refusals refusals;
    private final FileOptions options;
    /** By path, device and inode in one string: programs map the same few files again and again. */
    private final Map<String, FileLookup> files = new HashMap<>();

    MappingInspection(SeizedProcess process, Refusals refusals) {
        this(process, refusals, FileOptions.DEFAULT);
    }

    /**
     * Of a process.
     *
     * @param options what is done about files that have lost their names
     */
    MappingInspection(SeizedProcess process, Refusals refusals, FileOptions options) {
        this.process = process;
        this.refusals = refusals;
        this.options = options;
    }

    void inspect(Iterable<ProcSmap> maps) {
        for (ProcSmap map : maps) {
            inspect(map);
        }
        if (FileLookup.ofLink(process.procPath("exe")).status() == null) {
            inspectLost(executable(process), MappedFiles.lostExecutable(process));
        }
    }

    /** What is not at its path may be saved all the same. */
    private void inspectLost(String object, MappedFiles.@Nullable Lost lost) {
        LostNames.Fault fault = lost == null
                ? new LostNames.Fault("file has been deleted or replaced", "")
                : LostNames.fault(lost.link(), lost.status(), options);
        if (fault != null) {
            add(object, fault.reason(), fault.remedyOr(KEEP_FILE));
        }
    }

    /** The name of what a process runs. */
    static String executable(SeizedProcess process) {
        return "executable " + FileLookup.ofLink(process.procPath("exe")).path();
    }

    private void inspect(ProcSmap smap) {
        ProcMap map = smap.map();
        SpecialMapping special = SpecialMapping.of(map);
        if (special == SpecialMapping.VVAR || special == SpecialMapping.VDSO || special == SpecialMapping.VSYSCALL) {
            return;
        }
        String reason = reasonByFlags(smap);
        if (reason == null && waits(smap)) {
            reason = "watched by userfaultfd";
        }
        String remedy = "";
        if (reason == null) {
            reason = special.reason();
            remedy = special.remedy();
        }
        if (reason == null && special == SpecialMapping.SHARED_ANONYMOUS) {
            inspectShared(map, "shared anonymous memory");
        } else if (reason == null && special == SpecialMapping.SYSV) {
            inspectShared(map, "System V shared memory");
        } else if (reason == null && special == SpecialMapping.HUGETLB) {
            inspectShared(map, "huge pages");
        } else if (reason == null && special == SpecialMapping.MEMFD) {
            inspectShared(map, "memory file (memfd)");
        } else if (reason == null && special == SpecialMapping.SOCKET) {
            inspectRing(map);
        } else if (reason == null && !map.isAnonymous()) {
            inspectFile(map);
        } else if (reason != null) {
            add(name(map), reason, remedy);
        }
    }

    private static @Nullable String reasonByFlags(ProcSmap map) {
        if (VmFlags.isHuge(map) && !HUGE.contains(SpecialMapping.of(map.map()))) {
            return "huge pages of a file or of System V shared memory";
        } else if (map.has("io") || map.has("pf")) {
            return "memory of a device";
        } else if (map.has("ss")) {
            return "shadow stack (CET)";
        } else if (map.protectionKey() != 0) {
            return "memory protection key " + map.protectionKey();
        }
        return null;
    }

    /** Whether faults in it wait for somebody. Who only watches, asynchronously, does so from outside, as we do. */
    private boolean waits(ProcSmap map) {
        if (map.has("um") || map.has("ui")) {
            return true;
        } else if (!map.has("uw")) {
            return false;
        }
        try (PageMap pages = PageMap.open(process.procId())) {
            return !pages.isWatched(map.map().start());
        }
    }

    private void inspectShared(ProcMap map, String kind) {
        try (Fd memory = SharedMemoryCapture.open(process, map)) {
            if (map.shared() && (MemFd.seals(memory) & ~RESTORED_SEALS) != 0) {
                add(name(map), kind + " sealed against writing", "");
            }
        } catch (LinuxException e) {
            String reason = kind + " cannot be read: " + Errno.messageOf(e.errno());
            add(name(map), reason, "run as root or with CAP_CHECKPOINT_RESTORE");
        }
    }

    /** Only who has the socket open can map its ring again. */
    private void inspectRing(ProcMap map) {
        for (int fd : process.descriptors()) {
            if (process.readLink("fd/" + fd).equals(map.path())) {
                try (Fd socket = process.pidFd().fetch(fd)) {
                    int family = Sockets.option(socket.number(), Sockets.SOL_SOCKET, Sockets.SO_DOMAIN);
                    if (family != Sockets.AF_PACKET) {
                        add(name(map), "memory of a socket that is no packet socket", "unmap it before the dump");
                    }
                    return;
                }
            }
        }
        add(name(map), "ring of a packet socket that is not open any more", "unmap it before the dump");
    }

    private void inspectFile(ProcMap map) {
        String key = map.device() + ":" + map.inode() + ":" + map.path();
        FileLookup file = files.get(key);
        if (file == null) {
            file = FileLookup.ofMapping(process.procId(), map);
            files.put(key, file);
        }
        FileStatus status = file.status();
        if (status == null && map.isDeleted()) {
            inspectLost(name(map), MappedFiles.lost(process, map));
        } else if (status == null) {
            add(name(map), "file is not at its path any more, or another one is", KEEP_FILE);
        } else if (!file.isRegular() && (map.shared() || !file.isZeroDevice())) {
            add(name(map), "not a regular file", "");
        }
    }

    static String name(ProcMap map) {
        return "mapping " + map.mapFile() + (map.path().isEmpty() ? "" : " (" + map.path() + ")");
    }

    private void add(String object, String reason, String remedy) {
        refusals.add(process.pid(), object, reason, remedy);
    }
}
