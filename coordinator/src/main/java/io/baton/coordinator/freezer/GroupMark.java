package io.baton.coordinator.freezer;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ExtendedAttribute;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcessName;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * An attribute of the group's directory that says who works with it and how it was before. Only one operation at a time can
 * have it, and while it is there the group may not be as it was.
 *
 * @param owner the coordinator
 * @param frozen whether the group was asked to be frozen before
 */
record GroupMark(ProcessName owner, boolean frozen) {
    /** Its name. */
    static final String NAME = "user.baton.freezer";

    private static final String FROZEN = "FROZEN ";
    private static final String THAWED = "THAWED ";

    /**
     * Puts our mark on a group.
     *
     * @param frozen how it is now
     * @return how it was: as its last mark says, if that one's owner was killed; and what can be put back
     * @throws BatonException FREEZER if another operation has it
     */
    static boolean set(FreezerGroup group, Fd directory, boolean frozen) {
        boolean before = frozen;
        ProcessName own = ProcessName.own();
        try {
            while (!ExtendedAttribute.create(directory, NAME, new GroupMark(own, before).text())) {
                GroupMark other = read(directory);
                if (other == null) {
                    continue;
                }
                if (!other.owner.hasEnded() || !other.owner.isInOurNamespace()) {
                    throw new BatonException(
                            ErrorCode.FREEZER,
                            "group " + group + " is being used by another operation, of pid " + other.owner.pid(),
                            "wait for its end");
                }
                LoggerFactory.getLogger(GroupMark.class)
                        .warn(
                                "pid {} was killed and has left group {} {}; it will be {} as before",
                                other.owner.pid(),
                                group,
                                frozen ? "frozen" : "thawed",
                                other.frozen ? "frozen" : "thawed");
                before = other.frozen;
                ExtendedAttribute.remove(directory, NAME);
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EPERM) {
                throw e;
            }
            LoggerFactory.getLogger(GroupMark.class).warn("group {} cannot be marked: {}", group, e.getMessage());
        }
        return before;
    }

    /** The mark of a group; null if it has none. */
    static @Nullable GroupMark read(Fd directory) {
        String text = ExtendedAttribute.get(directory, NAME);
        if (text == null || !(text.startsWith(FROZEN) || text.startsWith(THAWED))) {
            return null;
        }
        ProcessName owner = ProcessName.parse(text.substring(FROZEN.length()));
        return owner == null ? null : new GroupMark(owner, text.startsWith(FROZEN));
    }

    /** Takes our mark off. */
    static void clear(Fd directory) {
        try {
            ExtendedAttribute.remove(directory, NAME);
        } catch (LinuxException e) {
            // There was none, as no file system may carry any.
        }
    }

    /** The directory of a group, for the calls above. */
    static Fd open(FreezerGroup group) {
        return Files.open(group.path().toString(), Files.O_RDONLY | Files.O_DIRECTORY | Files.O_CLOEXEC);
    }

    private String text() {
        return (frozen ? FROZEN : THAWED) + owner;
    }
}
