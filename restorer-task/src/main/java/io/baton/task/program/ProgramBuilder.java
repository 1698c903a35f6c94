package io.baton.task.program;

import static io.baton.task.program.InstructionDescriptor.ARGS_COUNT;
import static io.baton.task.program.InstructionDescriptor.ARGS_OFFSET;
import static io.baton.task.program.InstructionDescriptor.EXPECT_OFFSET;
import static io.baton.task.program.InstructionDescriptor.FLAGS_OFFSET;
import static io.baton.task.program.InstructionDescriptor.FLAG_RESULT;
import static io.baton.task.program.InstructionDescriptor.KINDS_OFFSET;
import static io.baton.task.program.InstructionDescriptor.NUMBER_OFFSET;
import static io.baton.task.program.InstructionDescriptor.OP_OFFSET;
import static io.baton.task.program.InstructionDescriptor.STORE_OFFSET;
import static io.baton.task.program.InstructionDescriptor.TAG_OFFSET;
import static io.baton.task.program.InstructionDescriptor.WANT_OFFSET;

import java.nio.charset.StandardCharsets;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The assembler: builds one program block. An instruction is begun by {@link #call(int)} or {@link #op(int)}, takes its
 * arguments from left to right, and ends where the next one begins. Unless told otherwise it must succeed.
 *
 * <pre>{@code
 * int path = builder.string("/etc/hosts");
 * builder.call(SyscallNumber.OPENAT).value(AT_FDCWD).data(path).value(O_RDONLY).store(0);
 * builder.call(SyscallNumber.DUP3).register(0).value(3).value(0).expect(3);
 * builder.call(SyscallNumber.CLOSE).register(0);
 * }</pre>
 *
 * <p>Reusable and free of garbage after its buffers have grown: {@link #reset()} begins the next block.
 */
public final class ProgramBuilder {
    private static final int KIND_BITS = 4;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;
    private static final int INITIAL_CAPACITY = 4096;

    private final ExpandableArrayBuffer instructions = new ExpandableArrayBuffer(INITIAL_CAPACITY);
    private final ExpandableArrayBuffer data = new ExpandableArrayBuffer(INITIAL_CAPACITY);
    private int count;
    private int dataLength;
    private int argument;
    private int tag;

    /** Forgets everything but the capacity of the buffers. */
    public ProgramBuilder reset() {
        count = 0;
        dataLength = 0;
        argument = 0;
        tag = ItemTag.NONE;
        return this;
    }

    /** The item that the instructions from here on are about. */
    public ProgramBuilder tag(final int newTag) {
        tag = newTag;
        return this;
    }

    /** Begins a system call that must succeed. */
    public ProgramBuilder call(final int number) {
        op(Op.SYSCALL);
        instructions.putInt(current() + NUMBER_OFFSET, number);
        return this;
    }

    /** Begins an instruction of any kind. */
    public ProgramBuilder op(final int op) {
        final int at = count++ * InstructionDescriptor.LENGTH;
        instructions.checkLimit(at + InstructionDescriptor.LENGTH - 1);
        instructions.setMemory(at, InstructionDescriptor.LENGTH, (byte) 0);
        instructions.putByte(at + OP_OFFSET, (byte) op);
        instructions.putByte(at + EXPECT_OFFSET, (byte) Expect.SUCCESS);
        instructions.putInt(at + TAG_OFFSET, tag);
        argument = 0;
        return this;
    }

    public ProgramBuilder value(final long value) {
        return argument(OperandKind.VALUE, value);
    }

    public ProgramBuilder register(final int register) {
        return argument(OperandKind.REGISTER, register);
    }

    /** Address of what {@link #string}, {@link #longs}, {@link #bytes} or {@link #reserve} returned. */
    public ProgramBuilder data(final int offset) {
        return argument(OperandKind.DATA, offset);
    }

    public ProgramBuilder segment(final long offset) {
        return argument(OperandKind.SEGMENT, offset);
    }

    public ProgramBuilder local(final int offset) {
        return argument(OperandKind.LOCAL, offset);
    }

    public ProgramBuilder segmentInt(final long offset) {
        return argument(OperandKind.SEGMENT_INT, offset);
    }

    public ProgramBuilder localInt(final int offset) {
        return argument(OperandKind.LOCAL_INT, offset);
    }

    /** Only this result will do. */
    public ProgramBuilder expect(final long result) {
        return expectation(Expect.EQUAL, result);
    }

    /** Success will do, and so will this errno. */
    public ProgramBuilder orErrno(final int errno) {
        return expectation(Expect.SUCCESS_OR, errno);
    }

    /** Whatever comes back will do. */
    public ProgramBuilder expectAnything() {
        return expectation(Expect.ANY, 0);
    }

    /** Puts the result into a register, 0 to 15. */
    public ProgramBuilder store(final int register) {
        instructions.putByte(current() + STORE_OFFSET, (byte) (register + 1));
        return this;
    }

    /** Leaves the result in the block, errors too, to be read by whoever asks; returns the instruction's index. */
    public int result() {
        instructions.putByte(current() + FLAGS_OFFSET, (byte) FLAG_RESULT);
        instructions.putByte(current() + EXPECT_OFFSET, (byte) Expect.ANY);
        return count - 1;
    }

    /** Appends a NUL-terminated string to the data; returns its offset for {@link #data}. */
    public int string(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final int at = reserve(bytes.length + 1);
        data.putBytes(at, bytes);
        return at;
    }

    /** Appends 64-bit numbers to the data; returns their offset. */
    public int longs(final long... values) {
        final int at = reserve(values.length * Long.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.putLong(at + i * Long.BYTES, values[i]);
        }
        return at;
    }

    /** Appends 32-bit numbers to the data; returns their offset. */
    public int ints(final int... values) {
        final int at = reserve(values.length * Integer.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.putInt(at + i * Integer.BYTES, values[i]);
        }
        return at;
    }

    /** Appends bytes to the data; returns their offset. */
    public int bytes(final DirectBuffer source, final int offset, final int length) {
        final int at = reserve(length);
        data.putBytes(at, source, offset, length);
        return at;
    }

    /** Appends bytes to the data; returns their offset. */
    public int bytes(final byte[] source) {
        final int at = reserve(source.length);
        data.putBytes(at, source);
        return at;
    }

    /** Appends zeroes to the data, 8-byte aligned; returns their offset. */
    public int reserve(final int length) {
        final int at = dataLength;
        dataLength = BitUtil.align(at + length, Long.BYTES);
        data.checkLimit(dataLength);
        data.setMemory(at, dataLength - at, (byte) 0);
        return at;
    }

    /** Takes back every instruction from that {@link #count()} on; their data stays. */
    public ProgramBuilder rollback(final int toCount) {
        count = toCount;
        return this;
    }

    /** The op of an instruction. */
    public int opAt(final int index) {
        return instructions.getByte(index * InstructionDescriptor.LENGTH + OP_OFFSET);
    }

    /** The value that an instruction has as its first argument. */
    public long firstValueAt(final int index) {
        return instructions.getLong(index * InstructionDescriptor.LENGTH + ARGS_OFFSET);
    }

    /** Puts a system call that must succeed before an instruction; it is about the same item. */
    public ProgramBuilder insertCall(final int index, final int number, final long value) {
        final int at = index * InstructionDescriptor.LENGTH;
        final int length = (count - index) * InstructionDescriptor.LENGTH;
        final int about = instructions.getInt(at + TAG_OFFSET);
        final int before = tag;
        call(number);
        instructions.putBytes(at + InstructionDescriptor.LENGTH, instructions, at, length);
        final int end = count;
        count = index;
        tag(about).call(number).value(value);
        count = end;
        return tag(before);
    }

    /** Makes another system call, one without arguments, of an instruction. */
    public ProgramBuilder replaceByCall(final int index, final int number) {
        final int end = count;
        final int before = tag;
        final int about = instructions.getInt(index * InstructionDescriptor.LENGTH + TAG_OFFSET);
        count = index;
        tag(about).call(number);
        count = end;
        return tag(before);
    }

    /** Becomes a copy of another program. */
    public ProgramBuilder copyFrom(final ProgramBuilder other) {
        reset();
        count = other.count;
        dataLength = other.dataLength;
        instructions.putBytes(0, other.instructions, 0, count * InstructionDescriptor.LENGTH);
        data.putBytes(0, other.data, 0, dataLength);
        return this;
    }

    /** The data written so far, to be filled in place. */
    public MutableDirectBuffer dataBuffer() {
        return data;
    }

    /** Instructions so far. */
    public int count() {
        return count;
    }

    /** Bytes of the block if it were finished now. */
    public int length() {
        return dataStart() + dataLength;
    }

    /** Offset from the block's start of the data at {@code dataOffset}, once the last instruction is in. */
    public int blockOffset(final int dataOffset) {
        return dataStart() + dataOffset;
    }

    /** Offset from the block's start of an instruction's result. */
    public static int resultOffset(final int index) {
        return ProgramDescriptor.HEADER_LENGTH + index * InstructionDescriptor.LENGTH + WANT_OFFSET;
    }

    /** Writes the finished block; returns its length. */
    public int copyTo(final MutableDirectBuffer target, final int offset, final int position, final int flags) {
        final int length = length();
        target.putInt(offset + ProgramDescriptor.COUNT_OFFSET, count);
        target.putInt(offset + ProgramDescriptor.LENGTH_OFFSET, length);
        target.putInt(offset + ProgramDescriptor.POSITION_OFFSET, position);
        target.putInt(offset + ProgramDescriptor.FLAGS_OFFSET, flags);
        final int start = offset + ProgramDescriptor.HEADER_LENGTH;
        target.putBytes(start, instructions, 0, count * InstructionDescriptor.LENGTH);
        for (int i = 0; i < count; i++) {
            relocate(target, start + i * InstructionDescriptor.LENGTH);
        }
        target.putBytes(offset + dataStart(), data, 0, dataLength);
        return length;
    }

    /** Data offsets were counted from the data's start; in the block they count from the block's. */
    private void relocate(final MutableDirectBuffer target, final int at) {
        final int kinds = target.getInt(at + KINDS_OFFSET);
        for (int i = 0; i < ARGS_COUNT; i++) {
            if (((kinds >>> (i * KIND_BITS)) & KIND_MASK) == OperandKind.DATA) {
                final int argumentAt = at + ARGS_OFFSET + i * Long.BYTES;
                target.putLong(argumentAt, target.getLong(argumentAt) + dataStart());
            }
        }
    }

    private int dataStart() {
        return ProgramDescriptor.HEADER_LENGTH + count * InstructionDescriptor.LENGTH;
    }

    private int current() {
        return (count - 1) * InstructionDescriptor.LENGTH;
    }

    private ProgramBuilder argument(final int kind, final long value) {
        if (argument == ARGS_COUNT) {
            throw new IllegalStateException("too many arguments: instruction=" + (count - 1));
        }
        final int at = current();
        instructions.putLong(at + ARGS_OFFSET + argument * Long.BYTES, value);
        final int kinds = instructions.getInt(at + KINDS_OFFSET) | (kind << (argument * KIND_BITS));
        instructions.putInt(at + KINDS_OFFSET, kinds);
        argument++;
        return this;
    }

    private ProgramBuilder expectation(final int expect, final long want) {
        instructions.putByte(current() + EXPECT_OFFSET, (byte) expect);
        instructions.putLong(current() + WANT_OFFSET, want);
        return this;
    }
}
