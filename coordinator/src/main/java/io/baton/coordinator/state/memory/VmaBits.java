package io.baton.coordinator.state.memory;

/** The numbers in a {@code VmaEntry}: its {@code status}, which is CRIU's own, and {@code flags}, which are mmap's. */
final class VmaBits {
    /** The contents matter. */
    static final int REGULAR = 1;

    static final int VSYSCALL = 1 << 2;
    static final int VDSO = 1 << 3;
    static final int HEAP = 1 << 5;
    static final int FILE_PRIVATE = 1 << 6;
    static final int FILE_SHARED = 1 << 7;
    static final int ANON_SHARED = 1 << 8;
    static final int ANON_PRIVATE = 1 << 9;
    static final int SYSV_IPC = 1 << 10;
    static final int SOCKET = 1 << 11;
    static final int VVAR = 1 << 12;
    static final int AIO_RING = 1 << 13;
    static final int MEMFD = 1 << 14;
    static final int SHADOW_STACK = 1 << 15;
    /** No mapping of its own: a range of guard pages within one. These come last. */
    static final int GUARD = 1 << 16;

    static final int MAP_SHARED = 0x1;
    static final int MAP_PRIVATE = 0x2;
    static final int MAP_DROPPABLE = 0x8;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_GROWSDOWN = 0x100;
    static final int MAP_LOCKED = 0x2000;
    static final int MAP_NORESERVE = 0x4000;
    static final int MAP_HUGETLB = 0x4_0000;
    static final int MAP_FIXED_NOREPLACE = 0x10_0000;

    static final int MADV_RANDOM = 1;
    static final int MADV_SEQUENTIAL = 2;
    static final int MADV_DONTNEED = 4;
    static final int MADV_DONTFORK = 10;
    static final int MADV_MERGEABLE = 12;
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_NOHUGEPAGE = 15;
    static final int MADV_DONTDUMP = 16;
    static final int MADV_WIPEONFORK = 18;
    static final int MADV_GUARD_INSTALL = 102;

    /** Advice a mapping may have kept, a bit for each. Others act at once: MADV_REMOVE would cut a hole into a file. */
    static final long KNOWN_ADVICE = 1L << MADV_RANDOM
            | 1L << MADV_SEQUENTIAL
            | 1L << MADV_DONTFORK
            | 1L << MADV_MERGEABLE
            | 1L << MADV_HUGEPAGE
            | 1L << MADV_NOHUGEPAGE
            | 1L << MADV_DONTDUMP
            | 1L << MADV_WIPEONFORK;

    private VmaBits() {}

    /** Whether a status has one of some bits. */
    static boolean has(int status, int bits) {
        return (status & bits) != 0;
    }
}
