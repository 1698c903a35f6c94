package io.baton.mktree.image;

import com.google.protobuf.Message;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every kind of file in a CRIU 4.2 image: how it is named, and the magic it begins with.
 *
 * <p>All but {@link #INVENTORY} begin with two little-endian words: {@link #IMAGE_MAGIC} or {@link #SERVICE_MAGIC}, then
 * the kind's own magic. The inventory begins with its own alone. Pages files ({@code pages-%u.img}) are no kind: they
 * hold raw pages without magic or messages, see {@link PagemapImage}.
 */
public enum ImageKind {
    INVENTORY("inventory.img", 0x58313116),
    CORE("core-%u.img", 0x55053847),
    IDS("ids-%u.img", 0x54432030),
    CREDS("creds-%u.img", 0x54023547),
    UTSNS("utsns-%u.img", 0x54473203),
    TIMENS("timens-%u.img", 0x43114433),
    PIDNS("pidns-%u.img", 0x61157326),
    IPC_VAR("ipcns-var-%u.img", 0x53115007),
    FS("fs-%u.img", 0x51403912),
    GHOST_FILE("ghost-file-%x.img", 0x52583605),
    MM("mm-%u.img", 0x57492820),
    CGROUP("cgroup.img", 0x59383330),
    TCP_STREAM("tcp-stream-%x.img", 0x51465506),
    STATS_DUMP("stats-dump", 0x57093306, "STATS"),
    STATS_RESTORE("stats-restore", 0x57093306, "STATS"),
    PAGEMAP("pagemap-%u.img", 0x56084025),
    PAGEMAP_SHMEM("pagemap-shmem-%u.img", 0x56084025, "PAGEMAP"),
    PSTREE("pstree.img", 0x50273030),
    REG_FILES("reg-files.img", 0x50363636),
    NS_FILES("ns-files.img", 0x61394011),
    EVENTFD_FILE("eventfd.img", 0x44523722),
    EVENTPOLL_FILE("eventpoll.img", 0x45023858),
    EVENTPOLL_TFD("eventpoll-tfd.img", 0x44433746),
    SIGNALFD("signalfd.img", 0x57323820),
    TIMERFD("timerfd.img", 0x50493712),
    INOTIFY_FILE("inotify.img", 0x48424431),
    INOTIFY_WD("inotify-wd.img", 0x54562009),
    FANOTIFY_FILE("fanotify.img", 0x55096122),
    FANOTIFY_MARK("fanotify-mark.img", 0x56506035),
    VMAS("vmas-%u.img", 0x54123737),
    PIPES("pipes.img", 0x56513555),
    FIFO("fifo.img", 0x58364939),
    SIGACT("sigacts-%u.img", 0x55344201),
    NETLINK_SK("netlinksk.img", 0x58005614),
    REMAP_FPATH("remap-fpath.img", 0x59133954),
    MNTS("mountpoints-%u.img", 0x55563928),
    TTY_FILES("tty.img", 0x59433025),
    TTY_INFO("tty-info.img", 0x59453036),
    TTY_DATA("tty-data.img", 0x59413026),
    RLIMIT("rlimit-%u.img", 0x57113925),
    TUNFILE("tunfile.img", 0x57143751),
    EXT_FILES("ext-files.img", 0x59255641),
    IRMAP_CACHE("irmap-cache", 0x57004059),
    FILE_LOCKS("filelocks.img", 0x54323616),
    FDINFO("fdinfo-%u.img", 0x56213732),
    UNIXSK("unixsk.img", 0x54373943),
    INETSK("inetsk.img", 0x56443851),
    PACKETSK("packetsk.img", 0x60454618),
    ITIMERS("itimers-%u.img", 0x57464056),
    POSIX_TIMERS("posix-timers-%u.img", 0x52603957),
    NETDEV("netdev-%u.img", 0x57373951),
    PIPES_DATA("pipes-data.img", 0x56453709),
    FIFO_DATA("fifo-data.img", 0x59333054),
    SK_QUEUES("sk-queues.img", 0x56264026),
    IPCNS_SHM("ipcns-shm-%u.img", 0x46283044),
    IPCNS_SEM("ipcns-sem-%u.img", 0x59573019),
    IPCNS_MSG("ipcns-msg-%u.img", 0x55453737),
    NETNS("netns-%u.img", 0x55933752),
    USERNS("userns-%u.img", 0x55474906),
    SECCOMP("seccomp.img", 0x64413049),
    AUTOFS("autofs-%u.img", 0x49353943),
    FILES("files.img", 0x56303138),
    CPUINFO("cpuinfo.img", 0x61404013),
    MEMFD_INODE("memfd.img", 0x48453499),
    BPFMAP_FILE("bpfmap-file.img", 0x57506142),
    BPFMAP_DATA("bpfmap-data.img", 0x64324033),
    APPARMOR("apparmor.img", 0x59423047);

    /** First word of the files that hold state. */
    public static final int IMAGE_MAGIC = 0x54564319;
    /** First word of the files about the dump itself: statistics and caches. */
    public static final int SERVICE_MAGIC = 0x55105940;

    private static final ImageKind[] ALL = values();
    private static final Map<String, ImageKind> BY_PREFIX = new HashMap<>(2 * ALL.length);

    static {
        for (ImageKind kind : ALL) {
            BY_PREFIX.put(kind.prefix, kind);
        }
    }

    private final String prefix;
    private final String suffix;
    private final int radix;
    private final int magic;
    private final String magicName;

    ImageKind(String pattern, int magic) {
        this(pattern, magic, null);
    }

    ImageKind(String pattern, int magic, @Nullable String magicName) {
        int percent = pattern.indexOf('%');
        prefix = percent < 0 ? pattern : pattern.substring(0, percent);
        suffix = percent < 0 ? "" : pattern.substring(percent + 2);
        radix = percent < 0 ? 0 : pattern.charAt(percent + 1) == 'x' ? 16 : 10;
        this.magic = magic;
        this.magicName = magicName == null ? name() : magicName;
    }

    /** {@return the kind's own magic, the second word of its files (the inventory's first)} */
    public int magic() {
        return magic;
    }

    /** {@return the magic's name, which crit prints; two kinds may share one} */
    public String magicName() {
        return magicName;
    }

    /** {@return whether there may be several such files in an image, told apart by an id} */
    public boolean hasId() {
        return radix != 0;
    }

    /** {@return file name of the only file of this kind} */
    public String fileName() {
        if (hasId()) {
            throw new IllegalArgumentException("an id is needed to name the file: kind=" + this);
        }
        return prefix;
    }

    /**
     * Names a file of this kind.
     *
     * @param id the pid, or the object id, that the file belongs to; ignored for a kind without ids
     * @return file name of this kind for that id
     */
    public String fileName(long id) {
        return hasId() ? prefix + Long.toUnsignedString(id, radix) + suffix : prefix;
    }

    /** {@return the word before the kind's own magic, or 0 if there is none} */
    int commonMagic() {
        return switch (this) {
            case INVENTORY -> 0;
            case STATS_DUMP, STATS_RESTORE, IRMAP_CACHE -> SERVICE_MAGIC;
            default -> IMAGE_MAGIC;
        };
    }

    /** {@return bytes before the first entry} */
    int headerSize() {
        return this == INVENTORY ? 4 : 8;
    }

    /**
     * Tells what message stands where.
     *
     * @param index of the entry in its file; the first of a pagemap and of a ghost file is another message
     * @return default instance of the message in that place
     */
    Message prototype(long index) {
        return ImagePrototypes.of(this, index);
    }

    /** Name and id of a file, or null if the name is none of an image file with entries. */
    static @Nullable ImageName parse(String fileName) {
        ImageKind single = BY_PREFIX.get(fileName);
        if (single != null && !single.hasId()) {
            return new ImageName(single, 0, fileName);
        }
        ImageKind kind = BY_PREFIX.get(fileName.substring(0, fileName.lastIndexOf('-') + 1));
        if (kind == null || !kind.hasId() || !fileName.endsWith(kind.suffix)) {
            return null;
        }
        String digits = fileName.substring(kind.prefix.length(), fileName.length() - kind.suffix.length());
        try {
            long id = Long.parseUnsignedLong(digits, kind.radix);
            return kind.fileName(id).equals(fileName) ? new ImageName(kind, id, fileName) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
