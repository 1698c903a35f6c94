package io.baton.task.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Asks the CPU what it is, by the instructions CPUID and XGETBV, for which there is neither a system call nor a file.
 * Source: Intel SDM volume 2A, CPUID.
 *
 * <p>The instructions lie in a page of our own. The C library calls them: {@code bsearch(3)} in one element is one call
 * of the comparison function it is given. JNA could call them itself, but takes 20 ms to get ready for that.
 */
public final class Cpuid {
    private static final int LEAF_FEATURES = 1;
    private static final int ECX_OSXSAVE = 1 << 27;
    private static final int ANSWER_LENGTH = 16;
    private static final int CPUID_OFFSET = 0;
    private static final int XGETBV_OFFSET = 64;
    private static final int PAGE_LENGTH = 4096;

    /** int (int words[4]): leaf and subleaf in, the four registers out. System V calling convention. */
    private static final byte[] CPUID = code(
            0x53, // push rbx
            0x49, 0x89, 0xf8, // mov r8, rdi
            0x41, 0x8b, 0x00, // mov eax, [r8]
            0x41, 0x8b, 0x48, 0x04, // mov ecx, [r8 + 4]
            0x0f, 0xa2, // cpuid
            0x41, 0x89, 0x00, // mov [r8], eax
            0x41, 0x89, 0x58, 0x04, // mov [r8 + 4], ebx
            0x41, 0x89, 0x48, 0x08, // mov [r8 + 8], ecx
            0x41, 0x89, 0x50, 0x0c, // mov [r8 + 12], edx
            0x31, 0xc0, // xor eax, eax
            0x5b, // pop rbx
            0xc3); // ret

    /** int (int words[2]): the register XCR0 out. */
    private static final byte[] XGETBV = code(
            0x31, 0xc9, // xor ecx, ecx
            0x0f, 0x01, 0xd0, // xgetbv
            0x89, 0x07, // mov [rdi], eax
            0x89, 0x57, 0x04, // mov [rdi + 4], edx
            0x31, 0xc0, // xor eax, eax
            0xc3); // ret

    static {
        Platform.require(System.getProperty("os.name"), System.getProperty("os.arch"));
        Native.register(Cpuid.class, NativeLibrary.getProcess());
    }

    private Cpuid() {}

    private static native long bsearch(long key, long base, long count, long size, long comparison);

    /** The four registers the instruction answers in. */
    public record Answer(int eax, int ebx, int ecx, int edx) {}

    public static Answer ask(int leaf, int subleaf) {
        try (Memory memory = Memory.allocate(ANSWER_LENGTH)) {
            UnsafeBuffer words = memory.buffer();
            words.putInt(0, leaf);
            words.putInt(4, subleaf);
            run(CPUID_OFFSET, memory);
            return new Answer(words.getInt(0), words.getInt(4), words.getInt(8), words.getInt(12));
        }
    }

    /** The register components the kernel has switched on (XCR0); 0 on a CPU without XSAVE. */
    public static long enabledComponents() {
        if ((ask(LEAF_FEATURES, 0).ecx() & ECX_OSXSAVE) == 0) {
            return 0;
        }
        try (Memory memory = Memory.allocate(ANSWER_LENGTH)) {
            run(XGETBV_OFFSET, memory);
            return memory.buffer().getLong(0);
        }
    }

    private static void run(int offset, Memory words) {
        bsearch(words.address(), words.address(), 1, 1, Code.PAGE.address() + offset);
    }

    private static byte[] code(int... instructions) {
        byte[] bytes = new byte[instructions.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) instructions[i];
        }
        return bytes;
    }

    /** The instructions in memory; lives as long as the JVM. */
    private static final class Code {
        private static final Mapping PAGE = Mapping.anonymous(PAGE_LENGTH);

        static {
            PAGE.buffer().putBytes(CPUID_OFFSET, CPUID);
            PAGE.buffer().putBytes(XGETBV_OFFSET, XGETBV);
            PAGE.protect(Mapping.PROT_READ | Mapping.PROT_EXEC);
        }
    }
}
