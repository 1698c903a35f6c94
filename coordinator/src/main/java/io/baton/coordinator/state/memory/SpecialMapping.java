package io.baton.coordinator.state.memory;

import io.baton.task.linux.ProcMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a mapping is, by the name the kernel gives it in maps: no file has such a name. */
enum SpecialMapping {
    NONE(null, ""),
    HEAP(null, ""),
    VVAR(null, ""),
    VDSO(null, ""),
    VSYSCALL(null, ""),
    /** A file of the kernel's own that has no name. */
    SHARED_ANONYMOUS(null, ""),
    /** A file of memfd_create(2). */
    MEMFD(null, ""),
    SYSV(null, ""),
    HUGETLB(null, ""),
    AIO_RING("asynchronous I/O context (io_setup)", ""),
    ANON_INODE("kernel object without a file", "close it before the dump"),
    /** Memory that a socket has together with its process: the ring of a packet socket. */
    SOCKET(null, ""),
    UNKNOWN("special mapping that Baton does not know", "");

    /** The kernel's name for shared anonymous memory, and what CRIU, and in some cases we, restore it as. */
    private static final Set<String> SHARED_ANONYMOUS_NAMES =
            Set.of("/dev/zero (deleted)", "/memfd:/dev/zero (deleted)", "/memfd: (deleted)");

    private static final String STACK_NAME = "[stack";
    private static final String NAMED_PREFIX = "[anon:";

    private final @Nullable String reason;
    private final String remedy;

    SpecialMapping(@Nullable String reason, String remedy) {
        this.reason = reason;
        this.remedy = remedy;
    }

    /** Why it cannot be saved, or null. */
    @Nullable
    String reason() {
        return reason;
    }

    String remedy() {
        return remedy;
    }

    static SpecialMapping of(ProcMap map) {
        String name = map.path();
        if (name.isEmpty() || isOrdinaryPath(name)) {
            return NONE;
        }
        if (name.startsWith("[")) {
            return bracketed(name);
        } else if (SHARED_ANONYMOUS_NAMES.contains(name)) {
            return SHARED_ANONYMOUS;
        } else if (name.startsWith("/memfd:")) {
            return MEMFD;
        } else if (name.startsWith("/SYSV")) {
            return SYSV;
        } else if (name.startsWith("/anon_hugepage")) {
            return HUGETLB;
        } else if (name.startsWith("/[aio]")) {
            return AIO_RING;
        } else if (name.startsWith("anon_inode:")) {
            return ANON_INODE;
        } else if (name.startsWith("socket:")) {
            return SOCKET;
        }
        return name.startsWith("/") ? NONE : UNKNOWN;
    }

    private static SpecialMapping bracketed(String name) {
        return switch (name) {
            case "[heap]" -> HEAP;
            // Split in two since Linux 6.13: pages that depend on the clock device lie apart.
            case "[vvar]", "[vvar_vclock]" -> VVAR;
            case "[vdso]" -> VDSO;
            case "[vsyscall]" -> VSYSCALL;
            case "[anon_shmem]" -> SHARED_ANONYMOUS;
            default -> {
                if (name.startsWith("[anon_shmem:")) {
                    yield SHARED_ANONYMOUS;
                }
                yield name.startsWith(STACK_NAME) || name.startsWith(NAMED_PREFIX) ? NONE : UNKNOWN;
            }
        };
    }

    /** Special files have lost their names, or never had one: those printed with a slash end like this. */
    private static boolean isOrdinaryPath(String name) {
        return name.startsWith("/") && !name.endsWith(" (deleted)");
    }
}
