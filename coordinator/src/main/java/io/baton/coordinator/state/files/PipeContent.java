package io.baton.coordinator.state.files;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.TreeImage;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Pipe;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** What is in a pipe: copied out without taking it away by tee(2), and written back. */
final class PipeContent {
    private static final int FIONREAD = 0x541b;
    /** Fits a block of the context ring, and pages of the pipe evenly. */
    private static final int PIECE = 16 * 1024;

    private PipeContent() {}

    /** Packets of a pipe in packet mode would come back as one. */
    static void inspect(OpenFile end, FileInspection inspection) {
        if ((end.flags() & Files.O_DIRECT) == 0) {
            return;
        }
        try (Fd reader = openReader(end)) {
            if (pending(reader.number()) > 0) {
                inspection.refuse(end, "packets (O_DIRECT) in a pipe cannot be saved yet", "have them read first");
            }
        }
    }

    /** Reads a pipe through any of its ends, and saves what is in it. */
    static void capture(OpenFile end, int pipeId, boolean named, TreeImage tree) {
        try (Fd reader = openReader(end)) {
            int capacity = Descriptors.pipeSize(reader.number());
            int pending = pending(reader.number());
            byte[] bytes = pending == 0 ? new byte[0] : copy(end, reader, capacity, pending);
            tree.addPipeData(pipeId, named, capacity, bytes);
        } catch (LinuxException e) {
            throw failed(end, e);
        }
    }

    /** Opening the link of either end gives a reader of our own; it waits for nobody and takes nothing. */
    private static Fd openReader(OpenFile end) {
        return Files.open(end.procPath(), Files.O_RDONLY | Files.O_NONBLOCK | Files.O_CLOEXEC);
    }

    /** Bytes that are unread. */
    static int pending(int fd) {
        try (Memory count = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(fd, FIONREAD, count.address());
            return count.buffer().getInt(0);
        }
    }

    private static byte[] copy(OpenFile end, Fd reader, int capacity, int pending) {
        try (Pipe ours = Pipe.create(Files.O_CLOEXEC | Files.O_NONBLOCK);
                Memory memory = Memory.allocate(pending)) {
            // As many slots as theirs: a slot may hold less than a page, and tee copies slots.
            if (Descriptors.pipeSize(ours.writer().number()) < capacity) {
                Descriptors.setPipeSize(ours.writer().number(), capacity);
            }
            long copied = Pipe.tee(reader.number(), ours.writer().number(), capacity, Pipe.SPLICE_F_NONBLOCK);
            if (copied != pending) {
                throw new BatonException(
                        ErrorCode.TASK_FAILED,
                        "pid " + end.process().pid() + ": " + end.describe() + ": content changed meanwhile: bytes="
                                + copied + ", were=" + pending,
                        "stop whoever else has the pipe open");
            }
            int done = 0;
            while (done < pending) {
                done += Files.read(ours.reader().number(), memory.address() + done, pending - done);
            }
            byte[] bytes = new byte[pending];
            memory.buffer().getBytes(0, bytes);
            return bytes;
        }
    }

    private static BatonException failed(OpenFile end, LinuxException e) {
        return new BatonException(
                ErrorCode.TASK_FAILED,
                "pid " + end.process().pid() + ": " + end.describe() + ": " + e.getMessage(),
                e.errno() == Errno.EPERM ? "raise /proc/sys/fs/pipe-max-size" : "",
                e);
    }

    /** More than fits is no content. */
    static void validate(String pipe, ImageFiles.Content content, FileValidation validation) {
        if (content.capacity() != 0 && Integer.compareUnsigned(content.length(), content.capacity()) > 0) {
            validation.refuse(
                    pipe,
                    "the image has more content than the pipe holds: bytes=" + content.length() + ", capacity="
                            + Integer.toUnsignedString(content.capacity()),
                    "");
        }
    }

    /** Gives a new pipe its capacity and its content, through an end that does not block. */
    static void compile(ImageFiles.Content content, TaskDescriptors task, Handle writer) {
        if (content.capacity() != 0) {
            task.block()
                    .call(SyscallNumber.FCNTL)
                    .value(writer.fd())
                    .value(FileFlags.F_SETPIPE_SZ)
                    .value(content.capacity())
                    .expect(content.capacity());
        }
        for (int at = 0; at < content.length(); at += PIECE) {
            byte[] piece = new byte[Math.min(PIECE, content.length() - at)];
            content.bytes().get(at, piece);
            ProgramBuilder block = at == 0 ? task.block() : task.nextBlock();
            int data = block.bytes(piece);
            block.call(SyscallNumber.WRITE)
                    .value(writer.fd())
                    .data(data)
                    .value(piece.length)
                    .expect(piece.length);
        }
    }
}
