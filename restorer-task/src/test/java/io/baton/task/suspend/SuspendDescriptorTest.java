package io.baton.task.suspend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What C sees of the page is what Java sees: every constant is in native/task/suspend_page.h, and every number of that here. */
class SuspendDescriptorTest {
    private static final Pattern DEFINE =
            Pattern.compile("^#define BATON_SUSPEND_([A-Z0-9_]+) (0x[0-9a-f]+|[0-9]+|\"[^\"]+\")", Pattern.MULTILINE);

    @Test
    void shouldAgreeWithTheHeaderOfTheLibrary() throws IOException, IllegalAccessException {
        final Map<String, String> c = new TreeMap<>();
        try (InputStream header = getClass().getResourceAsStream("/io/baton/native/suspend_page.h")) {
            assertNotNull(header, "suspend_page.h is not in the native module's jar");
            final Matcher matcher = DEFINE.matcher(new String(header.readAllBytes(), StandardCharsets.UTF_8));
            while (matcher.find()) {
                final String value = matcher.group(2);
                c.put(
                        matcher.group(1),
                        value.startsWith("\"")
                                ? value.replace("\"", "")
                                : Long.decode(value).toString());
            }
        }
        final Map<String, String> java = new TreeMap<>();
        for (final Field field : SuspendDescriptor.class.getFields()) {
            final Object value = field.get(null);
            // C has no sign there.
            java.put(
                    field.getName(), value instanceof Integer word ? Integer.toUnsignedString(word) : value.toString());
        }

        assertEquals(c, java);
    }

    @Test
    void shouldTellWhichRoundAStateIsOf() {
        final int last = (1 << (Integer.SIZE - SuspendDescriptor.STATE_BITS)) - 1;
        final int word = SuspendDescriptor.stateWord(last, SuspendDescriptor.COMPLETED);

        assertEquals(SuspendDescriptor.COMPLETED, SuspendDescriptor.state(word));
        assertTrue(SuspendDescriptor.isOf(word, last));
        assertFalse(SuspendDescriptor.isOf(word, last - 1));
    }
}
