package io.baton.task.linux;

/**
 * One mapping of {@code /proc/PID/smaps}.
 *
 * @param resident bytes in memory.
 * @param anonymous bytes that belong to no file.
 * @param swapped bytes swapped out.
 * @param protectionKey 0 unless set by {@code pkey_mprotect}.
 * @param flags two letters each, such as {@code rd wr mr mw me gd ac}.
 */
public record ProcSmap(ProcMap map, long resident, long anonymous, long swapped, int protectionKey, String flags) {
    private static final int KIB = 1024;

    static ProcSmap parse(final ProcText text) {
        final ProcMap map = ProcMap.parse(text);
        long resident = 0;
        long anonymous = 0;
        long swapped = 0;
        int protectionKey = 0;
        String flags = "";
        // The next mapping begins with a hex digit in lower case, a line of this one with a capital.
        while (text.peek() >= 'A' && text.peek() <= 'Z') {
            if (text.skipWord("Rss:")) {
                resident = text.decimal() * KIB;
            } else if (text.skipWord("Anonymous:")) {
                anonymous = text.decimal() * KIB;
            } else if (text.skipWord("Swap:")) {
                swapped = text.decimal() * KIB;
            } else if (text.skipWord("ProtectionKey:")) {
                protectionKey = (int) text.decimal();
            } else if (text.skipWord("VmFlags:")) {
                flags = text.line().stripTrailing();
            }
            text.skipLine();
        }
        return new ProcSmap(map, resident, anonymous, swapped, protectionKey, flags);
    }

    /** Whether it has a flag of two letters, such as {@code gd}: grows down; {@code io}: of a device. */
    public boolean has(final String flag) {
        return flags.contains(flag);
    }
}
