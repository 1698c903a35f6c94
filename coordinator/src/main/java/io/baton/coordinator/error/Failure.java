package io.baton.coordinator.error;

import io.baton.mktree.image.ImageException;
import io.baton.mktree.plan.PlanException;
import io.baton.mktree.tree.TreeException;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Turns whatever an operation ends with into the one exception that users see. */
public final class Failure {
    private static final String BAD_IMAGE_REMEDY = "dump again, or use a good copy";
    private static final String BUG_REMEDY = "this is a defect of Baton: run again with -v and report what it prints";

    private Failure() {}

    /** As {@link #of(Exception)}, with a line more. */
    public static BatonException of(final Exception e, final String note) {
        final BatonException failure = of(e);
        if (note.isEmpty()) {
            return failure;
        }
        return new BatonException(
                failure.code(),
                failure.message() + System.lineSeparator() + "  " + note,
                failure.remedy(),
                failure.details(),
                failure);
    }

    /** Gives a code to what came up from the rooms below, which know none. */
    public static BatonException of(final Exception e) {
        if (e instanceof BatonException failure) {
            return failure;
        }
        if (e instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
            return of(unchecked.getCause());
        }
        if (e instanceof ImageException || e instanceof TreeException || e instanceof PlanException) {
            return failure(ErrorCode.BAD_IMAGE, e.getMessage(), BAD_IMAGE_REMEDY, e);
        }
        if (e instanceof VanishedException) {
            return failure(ErrorCode.NO_SUCH_PROCESS, e.getMessage(), "", e);
        }
        if (e instanceof LinuxException linux) {
            return ofErrno(linux);
        }
        if (e instanceof NoSuchFileException) {
            return failure(ErrorCode.IMAGE_IO, "no such file: " + e.getMessage(), "", e);
        }
        if (e instanceof AccessDeniedException) {
            return failure(ErrorCode.NOT_PERMITTED, "permission denied: " + e.getMessage(), "", e);
        }
        if (e instanceof IOException) {
            return failure(ErrorCode.IMAGE_IO, "input or output failed: " + e.getMessage(), "", e);
        }
        return failure(ErrorCode.INTERNAL, "internal error: " + e, BUG_REMEDY, e);
    }

    private static BatonException ofErrno(final LinuxException e) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                failure(ErrorCode.NOT_PERMITTED, e.getMessage(), "run as root or with the capabilities it needs", e);
            case Errno.ESRCH -> failure(ErrorCode.NO_SUCH_PROCESS, e.getMessage(), "", e);
            case Errno.ENOSPC -> failure(ErrorCode.IMAGE_IO, e.getMessage(), "free some space", e);
            case Errno.EMFILE, Errno.ENFILE ->
                failure(ErrorCode.TASK_FAILED, e.getMessage(), "raise the limit of open files (ulimit -n)", e);
            case Errno.EAGAIN, Errno.ENOMEM ->
                failure(ErrorCode.TASK_FAILED, e.getMessage(), "make room: processes, pids or memory ran out", e);
            default -> failure(ErrorCode.INTERNAL, "a system call failed: " + e.getMessage(), BUG_REMEDY, e);
        };
    }

    private static BatonException failure(
            final ErrorCode code, final @Nullable String message, final String remedy, final Exception cause) {
        return new BatonException(code, message == null ? cause.toString() : message, remedy, cause);
    }
}
