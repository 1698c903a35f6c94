package io.baton.task.linux;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Asks the CPU what it is, by the instructions CPUID and XGETBV, for which there is neither a system call nor a file.
 * Source: Intel SDM volume 2A, CPUID.
 */
public final class Cpuid {
    private static final int LEAF_FEATURES = 1;
    private static final int ECX_OSXSAVE = 1 << 27;
    private static final int ANSWER_LENGTH = 16;
    private static final int CPUID_OFFSET = 0;
    private static final int XGETBV_OFFSET = 64;
    private static final int PAGE_LENGTH = 4096;

    /** void (int leaf, int subleaf, int answer[4]), in the System V calling convention. */
    private static final byte[] CPUID = code(
            0x53, // push rbx
            0x49, 0x89, 0xd0, // mov r8, rdx
            0x89, 0xf8, // mov eax, edi
            0x89, 0xf1, // mov ecx, esi
            0x0f, 0xa2, // cpuid
            0x41, 0x89, 0x00, // mov [r8], eax
            0x41, 0x89, 0x58, 0x04, // mov [r8 + 4], ebx
            0x41, 0x89, 0x48, 0x08, // mov [r8 + 8], ecx
            0x41, 0x89, 0x50, 0x0c, // mov [r8 + 12], edx
            0x5b, // pop rbx
            0xc3); // ret

    /** long (void): the register XCR0. */
    private static final byte[] XGETBV = code(
            0x31, 0xc9, // xor ecx, ecx
            0x0f, 0x01, 0xd0, // xgetbv
            0x48, 0xc1, 0xe2, 0x20, // shl rdx, 32
            0x48, 0x09, 0xd0, // or rax, rdx
            0xc3); // ret

    private Cpuid() {}

    /** The four registers the instruction answers in. */
    public record Answer(int eax, int ebx, int ecx, int edx) {}

    public static Answer ask(final int leaf, final int subleaf) {
        try (Memory answer = Memory.allocate(ANSWER_LENGTH)) {
            Function.getFunction(new Pointer(Code.PAGE.address() + CPUID_OFFSET))
                    .invokeVoid(new Object[] {leaf, subleaf, answer.address()});
            final UnsafeBuffer words = answer.buffer();
            return new Answer(words.getInt(0), words.getInt(4), words.getInt(8), words.getInt(12));
        }
    }

    /** The register components the kernel has switched on (XCR0); 0 on a CPU without XSAVE. */
    public static long enabledComponents() {
        if ((ask(LEAF_FEATURES, 0).ecx() & ECX_OSXSAVE) == 0) {
            return 0;
        }
        return Function.getFunction(new Pointer(Code.PAGE.address() + XGETBV_OFFSET))
                .invokeLong(new Object[0]);
    }

    private static byte[] code(final int... instructions) {
        final byte[] bytes = new byte[instructions.length];
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
