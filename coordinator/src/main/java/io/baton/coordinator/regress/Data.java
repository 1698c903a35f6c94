package io.baton.coordinator.regress;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/** Some bytes of memory that we share with all tasks of a lab, at one address for them and another for us. */
public final class Data {
    private final long address;
    private final UnsafeBuffer buffer;

    Data(long address, UnsafeBuffer buffer) {
        this.address = address;
        this.buffer = buffer;
    }

    /** Where the tasks have it. */
    public long at() {
        return address;
    }

    /** Where the tasks have what lies so far behind its beginning. */
    public long at(int offset) {
        return address + offset;
    }

    /** Where we have it. */
    public long ours() {
        return buffer.addressOffset();
    }

    public int length() {
        return buffer.capacity();
    }

    public Data put(int offset, int value) {
        buffer.putInt(offset, value);
        return this;
    }

    public Data put(int offset, long value) {
        buffer.putLong(offset, value);
        return this;
    }

    public Data put(int offset, short value) {
        buffer.putShort(offset, value);
        return this;
    }

    public Data put(int offset, byte value) {
        buffer.putByte(offset, value);
        return this;
    }

    public Data put(byte[] bytes) {
        buffer.putBytes(0, bytes);
        return this;
    }

    public Data put(int offset, byte[] bytes) {
        buffer.putBytes(offset, bytes);
        return this;
    }

    /** Everything written before can be seen by whoever sees this. */
    void putRelease(int offset, int value) {
        buffer.putIntRelease(offset, value);
    }

    /** All zeroes again. */
    public Data clear() {
        buffer.setMemory(0, buffer.capacity(), (byte) 0);
        return this;
    }

    public int intAt(int offset) {
        return buffer.getIntVolatile(offset);
    }

    public long longAt(int offset) {
        return buffer.getLongVolatile(offset);
    }

    public byte byteAt(int offset) {
        return buffer.getByte(offset);
    }

    public short shortAt(int offset) {
        return buffer.getShort(offset);
    }

    /** As many bytes as text. */
    public String text(int count) {
        byte[] bytes = new byte[count];
        buffer.getBytes(0, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
