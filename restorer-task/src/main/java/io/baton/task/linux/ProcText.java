package io.baton.task.linux;

import java.nio.charset.StandardCharsets;

/** A reader's place in the text of a {@code /proc} file, in ASCII but for names. Past the end it finds nothing. */
final class ProcText {
    private byte[] bytes = new byte[0];
    private int position;
    private int limit;

    void reset(final byte[] text, final int length) {
        bytes = text;
        position = 0;
        limit = length;
    }

    boolean atEnd() {
        return position >= limit;
    }

    int position() {
        return position;
    }

    void position(final int newPosition) {
        position = newPosition;
    }

    /** The byte here, or -1. */
    int peek() {
        return position < limit ? bytes[position] : -1;
    }

    int next() {
        return position < limit ? bytes[position++] : -1;
    }

    boolean atLineEnd() {
        return position >= limit || bytes[position] == '\n';
    }

    /** Goes past this byte if it is here. */
    boolean skip(final char c) {
        if (peek() == c) {
            position++;
            return true;
        }
        return false;
    }

    void skipBlanks() {
        while (position < limit && (bytes[position] == ' ' || bytes[position] == '\t')) {
            position++;
        }
    }

    /** Goes past the next of this byte in this line; to the line's end if there is none. */
    void skipPast(final char c) {
        while (!atLineEnd()) {
            if (bytes[position++] == c) {
                return;
            }
        }
    }

    void skipLine() {
        while (!atLineEnd()) {
            position++;
        }
        position++;
    }

    /** Goes past a word if it is what comes. */
    boolean skipWord(final String word) {
        final int length = word.length();
        if (position + length > limit) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (bytes[position + i] != word.charAt(i)) {
                return false;
            }
        }
        position += length;
        return true;
    }

    /**
     * A decimal number after blanks, perhaps negative; 0 if there is none. Larger than 2^63 wraps, as unsigned does.
     */
    long decimal() {
        skipBlanks();
        final boolean negative = skip('-');
        long value = 0;
        int digit;
        while ((digit = peek() - '0') >= 0 && digit <= 9) {
            value = value * 10 + digit;
            position++;
        }
        return negative ? -value : value;
    }

    int integer() {
        return (int) decimal();
    }

    long octal() {
        skipBlanks();
        long value = 0;
        int digit;
        while ((digit = peek() - '0') >= 0 && digit <= 7) {
            value = value << 3 | digit;
            position++;
        }
        return value;
    }

    long hex() {
        skipBlanks();
        long value = 0;
        int digit;
        while ((digit = Character.digit(peek(), 16)) >= 0) {
            value = value << 4 | digit;
            position++;
        }
        return value;
    }

    /** The decimal numbers up to the line's end. */
    int[] integers() {
        int[] values = new int[4];
        int count = 0;
        skipBlanks();
        while (!atLineEnd()) {
            if (count == values.length) {
                values = java.util.Arrays.copyOf(values, 2 * count);
            }
            final int before = position;
            values[count++] = integer();
            if (position == before) {
                throw new IllegalStateException("not a number: text=" + line());
            }
            skipBlanks();
        }
        return count == values.length ? values : java.util.Arrays.copyOf(values, count);
    }

    /** What comes up to the line's end, without blanks before it. */
    String line() {
        skipBlanks();
        final int start = position;
        while (!atLineEnd()) {
            position++;
        }
        return string(start, position);
    }

    /** What comes up to a blank or the line's end. */
    String word() {
        skipBlanks();
        final int start = position;
        while (!atLineEnd() && bytes[position] != ' ' && bytes[position] != '\t') {
            position++;
        }
        return string(start, position);
    }

    String string(final int from, final int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /** Place of the last of this byte in the whole text, or -1. */
    int lastIndexOf(final char c) {
        int i = limit - 1;
        while (i >= 0 && bytes[i] != c) {
            i--;
        }
        return i;
    }
}
