package io.baton.task.program;

import io.baton.task.linux.Signals;
import java.nio.charset.StandardCharsets;

/** Writes one argument: a number by its type, a place by its name, small data by what is in it. */
final class OperandText {
    private static final int LONGEST_STRING = 120;
    private static final int LONGEST_STRUCTURE = 64;
    private static final int MOST_RANGES = 3;
    private static final int RANGE_LENGTH = 16;
    private static final int ACTION_LENGTH = 32;

    private final BlockReader block;

    OperandText(final BlockReader block) {
        this.block = block;
    }

    /** The argument in words. */
    String text(final int index, final int argument, final ArgumentType type) {
        final long value = block.argument(index, argument);
        return switch (block.kind(index, argument)) {
            case OperandKind.VALUE -> type.text(value);
            case OperandKind.REGISTER -> "r" + value;
            case OperandKind.DATA -> data(value, type, count(index, argument + 1));
            case OperandKind.SEGMENT -> "&segment[0x" + Long.toHexString(value) + "]";
            case OperandKind.LOCAL -> "&local[" + value + "]";
            case OperandKind.LOCAL_INT -> "*local[" + value + "]";
            case OperandKind.SEGMENT_INT -> "segment[0x" + Long.toHexString(value) + "]";
            default -> "?" + value;
        };
    }

    /** The place in the data, without what is there. */
    String place(final long offset) {
        return "data[" + (offset - block.dataStart()) + "]";
    }

    private long count(final int index, final int argument) {
        return argument < InstructionDescriptor.ARGS_COUNT && block.kind(index, argument) == OperandKind.VALUE
                ? block.argument(index, argument)
                : -1;
    }

    private String data(final long offset, final ArgumentType type, final long count) {
        final int extent = block.extent(offset);
        if (extent == 0) {
            return "&" + place(offset);
        }
        if (type == ArgumentType.PATH) {
            final int length = count > 0 && count <= extent ? (int) count : stringLength(offset, extent);
            return quoted(block.bytesAt(offset, Math.min(length, LONGEST_STRING)), length > LONGEST_STRING);
        }
        if (type == ArgumentType.VECTOR && count > 0 && count <= extent / RANGE_LENGTH) {
            return vector(offset, (int) count);
        }
        if (type == ArgumentType.SIGNAL_ACTION && extent >= ACTION_LENGTH) {
            return action(offset);
        }
        if (type == ArgumentType.SIGNAL_SET && extent >= Long.BYTES) {
            return signals(block.longAt(offset));
        }
        return anything(offset, extent);
    }

    private String anything(final long offset, final int extent) {
        final int length = stringLength(offset, extent);
        if (length > 1 && length < extent && isPrintable(offset, length)) {
            return quoted(block.bytesAt(offset, Math.min(length, LONGEST_STRING)), length > LONGEST_STRING);
        }
        if (extent > LONGEST_STRUCTURE || extent % Long.BYTES != 0) {
            return "&" + place(offset) + " (" + extent + " bytes)";
        }
        final StringBuilder text = new StringBuilder("{");
        for (int at = 0; at < extent; at += Long.BYTES) {
            text.append(at == 0 ? "" : ", ").append(SymbolicNames.number(block.longAt(offset + at)));
        }
        return text.append('}').toString();
    }

    private String vector(final long offset, final int count) {
        final StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < Math.min(count, MOST_RANGES); i++) {
            final long at = offset + (long) i * RANGE_LENGTH;
            text.append(i == 0 ? "" : ", ")
                    .append("{0x")
                    .append(Long.toHexString(block.longAt(at)))
                    .append(", ")
                    .append(block.longAt(at + Long.BYTES))
                    .append('}');
        }
        return text.append(count > MOST_RANGES ? ", ...]" : "]").toString();
    }

    private String action(final long offset) {
        final long handler = block.longAt(offset);
        final String name = handler == 0 ? "SIG_DFL" : handler == 1 ? "SIG_IGN" : ArgumentType.HEX.text(handler);
        return "{" + name + ", " + SymbolicNames.SIGNAL_ACTION.text(block.longAt(offset + Long.BYTES)) + ", "
                + ArgumentType.HEX.text(block.longAt(offset + 2 * Long.BYTES)) + ", "
                + signals(block.longAt(offset + 3 * Long.BYTES)) + "}";
    }

    private static String signals(final long set) {
        if (set == -1) {
            return "[all]";
        }
        final StringBuilder text = new StringBuilder("[");
        for (int signal = 1; signal <= Signals.COUNT; signal++) {
            if ((set & Signals.bit(signal)) != 0) {
                text.append(text.length() == 1 ? "" : " ")
                        .append(Signals.nameOf(signal).substring("SIG".length()));
            }
        }
        return text.append(']').toString();
    }

    /** Bytes before the first NUL, at most {@code extent}. */
    private int stringLength(final long offset, final int extent) {
        int length = 0;
        while (length < extent && block.byteAt(offset + length) != 0) {
            length++;
        }
        return length;
    }

    private boolean isPrintable(final long offset, final int length) {
        for (int i = 0; i < length; i++) {
            final byte b = block.byteAt(offset + i);
            if (b < ' ' || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    private static String quoted(final byte[] bytes, final boolean cut) {
        final StringBuilder text = new StringBuilder("\"");
        final String string = new String(bytes, StandardCharsets.UTF_8);
        for (int i = 0; i < string.length(); i++) {
            final char c = string.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default -> text.append(c < ' ' || c == 0x7f ? String.format("\\%03o", (int) c) : c);
            }
        }
        return text.append(cut ? "\"..." : "\"").toString();
    }
}
