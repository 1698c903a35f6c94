package io.baton.task.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.baton.task.program.Expect;
import io.baton.task.program.InstructionDescriptor;
import io.baton.task.program.Op;
import io.baton.task.program.OperandKind;
import io.baton.task.program.ProgramDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.Test;

/** What C sees is what Java sees: every number of native/layout.h is a constant here, and every constant is there. */
class LayoutTest {
    private static final Pattern DEFINE =
            Pattern.compile("^#define BATON_([A-Z0-9_]+) (-?(?:0x)?[0-9a-fA-F]+)(?:[ \\t].*)?$", Pattern.MULTILINE);

    @Test
    void shouldAgreeWithTheHeaderOfTheNativeCore() throws IOException, IllegalAccessException {
        final Map<String, Long> java = new TreeMap<>();
        constants(java, "LAYOUT_", LayoutDescriptor.class);
        constants(java, "HEADER_", HeaderDescriptor.class);
        constants(java, "LANE_", LaneDescriptor.class);
        constants(java, "SLOT_", SlotDescriptor.class);
        constants(java, "LOCAL_", LocalDescriptor.class);
        constants(java, "EVENT_", EventDescriptor.class);
        constants(java, "MESSAGE_", MessageType.class);
        constants(java, "PROGRAM_", ProgramDescriptor.class);
        constants(java, "INSTRUCTION_", InstructionDescriptor.class);
        constants(java, "OP_", Op.class);
        constants(java, "EXPECT_", Expect.class);
        constants(java, "OPERAND_", OperandKind.class);
        java.remove("INSTRUCTION_ARGS_COUNT");
        java.put("RING_TAIL_OFFSET", (long) RingBufferDescriptor.TAIL_POSITION_OFFSET);
        java.put("RING_HEAD_CACHE_OFFSET", (long) RingBufferDescriptor.HEAD_CACHE_POSITION_OFFSET);
        java.put("RING_HEAD_OFFSET", (long) RingBufferDescriptor.HEAD_POSITION_OFFSET);
        java.put("RING_TRAILER_LENGTH", (long) RingBufferDescriptor.TRAILER_LENGTH);
        java.put("RING_RECORD_HEADER_LENGTH", (long) RecordDescriptor.HEADER_LENGTH);
        java.put("RING_PADDING", -1L);
        java.put("REGISTER_COUNT", 16L);

        assertEquals(render(java), render(defines()));
    }

    private static Map<String, Long> defines() throws IOException {
        final Map<String, Long> defines = new TreeMap<>();
        try (InputStream stream = LayoutTest.class.getResourceAsStream("/io/baton/native/layout.h")) {
            assertNotNull(stream, "layout.h is not in the native module's jar");
            final Matcher matcher = DEFINE.matcher(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            while (matcher.find()) {
                defines.put(matcher.group(1), Long.decode(matcher.group(2)));
            }
        }
        return defines;
    }

    private static void constants(final Map<String, Long> constants, final String prefix, final Class<?> type)
            throws IllegalAccessException {
        for (final Field field : type.getFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                constants.put(prefix + field.getName(), ((Number) field.get(null)).longValue());
            }
        }
    }

    private static String render(final Map<String, Long> constants) {
        final StringBuilder text = new StringBuilder();
        constants.forEach(
                (name, value) -> text.append(name).append(" = ").append(value).append('\n'));
        return text.toString();
    }
}
