package io.baton.coordinator.tracking;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.UserFaultFd;

/** By what the kernel lets us know of writes. */
public enum WatchMethod {
    /** Page faults that the kernel resolves itself, Linux 6.7 or later. */
    USERFAULTFD,
    /** Bits in the page table, with CONFIG_MEM_SOFT_DIRTY. */
    SOFT_DIRTY;

    /** What a kernel must have. */
    public static final String REMEDY =
            "it takes Linux 6.7 with CONFIG_USERFAULTFD, or CONFIG_MEM_SOFT_DIRTY; without, dump in one go";

    /**
     * Finds what this kernel has; tried out.
     *
     * @throws BatonException NOT_PERMITTED if it has neither
     */
    public static WatchMethod find() {
        if (UserFaultFd.isSupported()) {
            return USERFAULTFD;
        } else if (SoftDirtyWatch.isSupported()) {
            return SOFT_DIRTY;
        }
        throw new BatonException(
                ErrorCode.NOT_PERMITTED, "memory cannot be watched for writes: the kernel does not offer it", REMEDY);
    }
}
