package io.baton.coordinator.journal;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.LoggerFactory;

/**
 * The journal of an operation under way: records one after the other in a mapped file. A record that is stored is in the
 * kernel's hands, and survives whoever kills the coordinator; nothing is ever waited for. The file's pages are made by
 * write(2), a few at a time: a store into a page that a full disk has no room for would be a SIGBUS.
 */
final class Spool implements RecordSink {
    static final int LARGEST = 64 * 1024 * 1024;
    private static final int STEP = 64 * 1024;
    private static final int MODE = 0600;
    /** Room for what is said last, however much there was: of the largest size, and of pages that are made. */
    private static final int RESERVE = 16 * 1024;

    private final Fd file;
    private final Mapping mapping;
    private final UnsafeBuffer buffer;
    private final Memory zeros = Memory.allocate(STEP);
    private final int largest;
    private int made;
    private int end;
    private boolean full;
    private boolean closed;

    private Spool(final Fd file, final int largest) {
        this.file = file;
        this.largest = largest;
        // The mapping may be longer than the file, as long as nobody goes there.
        this.mapping =
                Mapping.map(0, LARGEST, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED, file.number(), 0);
        this.buffer = mapping.buffer();
    }

    /** Makes a spool; there must not be one yet. */
    static Spool create(final Path path, final int largest) {
        final int flags = Files.O_RDWR | Files.O_CREAT | Files.O_EXCL | Files.O_CLOEXEC;
        final Spool spool = new Spool(Files.open(path.toString(), flags, MODE), Math.min(largest, LARGEST));
        try {
            spool.grow();
            return spool;
        } catch (final LinuxException e) {
            spool.close();
            throw e;
        }
    }

    @Override
    public boolean append(final DirectBuffer record, final int length) {
        final int next = end + RecordDescriptor.aligned(length);
        final int type = record.getInt(RecordDescriptor.TYPE_OFFSET);
        final boolean last =
                type == RecordDescriptor.ENDED || type == RecordDescriptor.FAILED || type == RecordDescriptor.LOST;
        if (!makeRoom(next + Integer.BYTES + (last ? 0 : RESERVE))) {
            return false;
        }
        buffer.putInt(end + RecordDescriptor.TYPE_OFFSET, record.getInt(RecordDescriptor.TYPE_OFFSET));
        buffer.putBytes(
                end + RecordDescriptor.START_OFFSET,
                record,
                RecordDescriptor.START_OFFSET,
                length - RecordDescriptor.START_OFFSET);
        buffer.putIntRelease(end + RecordDescriptor.LENGTH_OFFSET, length);
        end = next;
        return true;
    }

    private boolean makeRoom(final int needed) {
        if (closed || needed > largest) {
            return false;
        }
        try {
            while (needed > made && !full) {
                grow();
            }
        } catch (final LinuxException e) {
            full = true;
            LoggerFactory.getLogger(Spool.class).warn("the journal will lack what comes now: {}", e.getMessage());
        }
        return needed <= made;
    }

    private void grow() {
        int done = 0;
        while (done < STEP) {
            done += Files.pwrite(file.number(), zeros.address() + done, STEP - done, (long) made + done);
        }
        made += STEP;
    }

    /** Lets the file be as long as what is in it. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            mapping.close();
            zeros.close();
            Files.truncate(file.number(), end);
            file.close();
        }
    }
}
