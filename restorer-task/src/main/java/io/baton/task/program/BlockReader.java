package io.baton.task.program;

import java.util.Arrays;
import org.agrona.DirectBuffer;

/** One program block, read field by field, and what its data seem to be: only their beginnings are known. */
final class BlockReader {
    private static final int KIND_BITS = 4;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;

    private final DirectBuffer buffer;
    private final int start;
    private final int[] boundaries;

    BlockReader(final DirectBuffer buffer, final int start) {
        this.buffer = buffer;
        this.start = start;
        buffer.boundsCheck(start, length());
        this.boundaries = findBoundaries();
    }

    int count() {
        return buffer.getInt(start + ProgramDescriptor.COUNT_OFFSET);
    }

    int length() {
        return buffer.getInt(start + ProgramDescriptor.LENGTH_OFFSET);
    }

    int op(final int index) {
        return buffer.getByte(instruction(index) + InstructionDescriptor.OP_OFFSET);
    }

    int flags(final int index) {
        return buffer.getByte(instruction(index) + InstructionDescriptor.FLAGS_OFFSET);
    }

    int expect(final int index) {
        return buffer.getByte(instruction(index) + InstructionDescriptor.EXPECT_OFFSET);
    }

    /** Register that gets the result, or -1. */
    int store(final int index) {
        return buffer.getByte(instruction(index) + InstructionDescriptor.STORE_OFFSET) - 1;
    }

    int number(final int index) {
        return buffer.getInt(instruction(index) + InstructionDescriptor.NUMBER_OFFSET);
    }

    int tag(final int index) {
        return buffer.getInt(instruction(index) + InstructionDescriptor.TAG_OFFSET);
    }

    long want(final int index) {
        return buffer.getLong(instruction(index) + InstructionDescriptor.WANT_OFFSET);
    }

    int kind(final int index, final int argument) {
        final int kinds = buffer.getInt(instruction(index) + InstructionDescriptor.KINDS_OFFSET);
        return (kinds >>> (argument * KIND_BITS)) & KIND_MASK;
    }

    long argument(final int index, final int argument) {
        return buffer.getLong(instruction(index) + InstructionDescriptor.ARGS_OFFSET + argument * Long.BYTES);
    }

    /** Where the data begin, from the block's start. */
    int dataStart() {
        return ProgramDescriptor.HEADER_LENGTH + count() * InstructionDescriptor.LENGTH;
    }

    /** Bytes from that offset to where the next thing in the data begins, or the block ends; 0 outside of the data. */
    int extent(final long offset) {
        if (offset < dataStart() || offset >= length()) {
            return 0;
        }
        final int found = Arrays.binarySearch(boundaries, (int) offset + 1);
        return boundaries[found < 0 ? -found - 1 : found] - (int) offset;
    }

    byte byteAt(final long offset) {
        return buffer.getByte(start + (int) offset);
    }

    int intAt(final long offset) {
        return buffer.getInt(start + (int) offset);
    }

    long longAt(final long offset) {
        return buffer.getLong(start + (int) offset);
    }

    byte[] bytesAt(final long offset, final int count) {
        final byte[] bytes = new byte[count];
        buffer.getBytes(start + (int) offset, bytes);
        return bytes;
    }

    /** Every offset that an instruction points to; a POKE points into a structure that another one begins. */
    private int[] findBoundaries() {
        final int[] found = new int[count() * InstructionDescriptor.ARGS_COUNT + 1];
        int size = 0;
        found[size++] = length();
        for (int i = 0; i < count(); i++) {
            for (int a = op(i) == Op.POKE ? 1 : 0; a < InstructionDescriptor.ARGS_COUNT; a++) {
                if (kind(i, a) == OperandKind.DATA) {
                    found[size++] = (int) argument(i, a);
                }
            }
        }
        Arrays.sort(found, 0, size);
        return Arrays.copyOf(found, size);
    }

    private int instruction(final int index) {
        return start + ProgramDescriptor.HEADER_LENGTH + index * InstructionDescriptor.LENGTH;
    }
}
