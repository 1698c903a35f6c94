package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CpuidTest {
    private static final int X87_AND_SSE = 3;

    @Test
    void shouldNameTheVendorAsTheKernelDoes() throws Exception {
        Cpuid.Answer answer = Cpuid.ask(0, 0);
        byte[] vendor = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(answer.ebx())
                .putInt(answer.edx())
                .putInt(answer.ecx())
                .array();

        String known = Files.readString(Path.of("/proc/cpuinfo"));
        assertTrue(known.contains(new String(vendor, StandardCharsets.US_ASCII)));
    }

    @Test
    void shouldTellWhatTheKernelHasSwitchedOn() {
        assertEquals(X87_AND_SSE, Cpuid.enabledComponents() & X87_AND_SSE);
    }
}
