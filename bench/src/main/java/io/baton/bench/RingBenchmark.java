package io.baton.bench;

import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.EventDescriptor;
import io.baton.task.segment.MessageType;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A record into each of the two rings and out again, on one thread; run with {@code -prof gc}, for it must not allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"})
public class RingBenchmark {
    private static final int CAPACITY = 64 * 1024;

    private final OneToOneRingBuffer contexts = new OneToOneRingBuffer(buffer());
    private final ManyToOneRingBuffer events = new ManyToOneRingBuffer(buffer());
    private final UnsafeBuffer contextBuffer = new UnsafeBuffer(contexts.buffer());
    private final ProgramBuilder program = new ProgramBuilder().reset();
    private final UnsafeBuffer event = new UnsafeBuffer(new byte[EventDescriptor.LENGTH]);
    private long sum;
    private final MessageHandler reader =
            (type, buffer, index, length) -> sum += buffer.getInt(index + EventDescriptor.SLOT_OFFSET) + type;

    private static UnsafeBuffer buffer() {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(
                CAPACITY + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH));
    }

    /** Coordinator to tasks: an empty context claimed, encoded, committed; read and its room given back. */
    @Benchmark
    public long context() {
        int index = contexts.tryClaim(MessageType.CONTEXT, program.length());
        program.copyTo(contextBuffer, index, 0, 0);
        contexts.commit(index);
        contexts.read(reader, 1);
        return sum;
    }

    /** Tasks to coordinator: an event written, read, decoded. */
    @Benchmark
    public long event() {
        event.putInt(EventDescriptor.SLOT_OFFSET, 1);
        events.write(MessageType.DONE, event, 0, EventDescriptor.LENGTH);
        events.read(reader, 1);
        return sum;
    }
}
