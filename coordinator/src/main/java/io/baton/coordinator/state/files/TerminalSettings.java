package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.TermiosEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * The kernel's {@code struct termios} (four words of flags, the line discipline, 19 control characters) and its entry in
 * the image. CRIU lists the characters as 19 numbers but copies the bytes as they are: four to a number, the first five
 * numbers hold them all.
 */
final class TerminalSettings {
    static final int LENGTH = 36;

    private static final int LINE_OFFSET = 16;
    private static final int CHARACTERS_OFFSET = 17;
    private static final int CHARACTERS = 19;

    private TerminalSettings() {}

    static TermiosEntry toImage(DirectBuffer termios) {
        TermiosEntry.Builder entry = TermiosEntry.newBuilder()
                .setCIflag(termios.getInt(0))
                .setCOflag(termios.getInt(4))
                .setCCflag(termios.getInt(8))
                .setCLflag(termios.getInt(12))
                .setCLine(termios.getByte(LINE_OFFSET) & 0xff)
                .setCIspeed(0)
                .setCOspeed(0);
        ByteBuffer packed = ByteBuffer.allocate(CHARACTERS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < CHARACTERS; i++) {
            packed.put(i, termios.getByte(CHARACTERS_OFFSET + i));
        }
        for (int i = 0; i < CHARACTERS; i++) {
            entry.addCCc(packed.getInt(i * Integer.BYTES));
        }
        return entry.build();
    }

    static byte[] toKernel(TermiosEntry entry) {
        ByteBuffer termios = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        termios.putInt(entry.getCIflag())
                .putInt(entry.getCOflag())
                .putInt(entry.getCCflag())
                .putInt(entry.getCLflag())
                .put((byte) entry.getCLine());
        for (int i = 0; i < CHARACTERS; i++) {
            int word = i / Integer.BYTES;
            int value = word < entry.getCCcCount() ? entry.getCCc(word) : 0;
            termios.put((byte) (value >>> (8 * (i % Integer.BYTES))));
        }
        return termios.array();
    }
}
