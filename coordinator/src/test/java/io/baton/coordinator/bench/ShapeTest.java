package io.baton.coordinator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapeTest {
    @Test
    void shouldReadEveryShape() {
        assertEquals(1000, Shape.parse("star:1000").count());
        assertEquals(9, Shape.parse("random:20:9").seed());
        assertEquals(4L << 30, Shape.parse("memory:4G").bytes());
        Shape prefork = Shape.parse("prefork:20:200M");
        assertEquals(20, prefork.count());
        assertEquals(200L << 20, prefork.bytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "star",
                "star:",
                "star:0",
                "star:-1",
                "star:x",
                "star:1:2",
                "ring:3",
                "memory:4X",
                "prefork:3",
                "star:99999999999",
                "memory:99999999999G",
                "random:1:2:3"
            })
    void shouldRefuseWhatIsNone(String text) {
        UsageException refused = assertThrows(UsageException.class, () -> Shape.parse(text));
        assertTrue(String.valueOf(refused.getMessage()).contains("star:N"), refused::getMessage);
    }

    @Test
    void shouldDivideACommandIntoWords() {
        assertEquals(List.of("a", "b c", "d'e", ""), Words.split(" a 'b c'  \"d'e\" ''"));
        assertThrows(UsageException.class, () -> Words.split("a 'b"));
        assertThrows(UsageException.class, () -> Words.split("  "));
        assertEquals(
                List.of("-D", "/x/1"), Words.fill(List.of("-D", "{images}/{pid}"), Map.of("images", "/x", "pid", "1")));
    }

    @Test
    void shouldReadBars() {
        Bars bars = Bars.parse("# nothing\nstar:10 restore.cold <= 350ms # why\n\nstar:10 image >= 1.5MB\n");
        assertEquals(List.of("star:10"), bars.shapes().stream().map(Shape::text).toList());
        ShapeResult result = new ShapeResult(Shape.parse("star:10"));
        result.metrics().put("restore.cold", 0.3);
        List<Bars.Verdict> verdicts = bars.verdicts(List.of(result));
        assertTrue(verdicts.get(0).isMet());
        assertTrue(!verdicts.get(1).isMet(), "what was not measured is not met");
        for (String bad :
                List.of("star:10", "star:10 x = 1", "star:10 x <= 1h", "ring:1 x <= 1", "star:1 x <= 1.2.3")) {
            assertThrows(UsageException.class, () -> Bars.parse(bad), bad);
        }
    }

    @Test
    void shouldBringBarsAlong() throws Exception {
        assertTrue(Bars.of(Bars.SCALE).shapes().size() > 10);
        assertThrows(UsageException.class, () -> Bars.of("/no/such/file"));
    }

    @Test
    void shouldShowUnits() {
        assertEquals("150 ms", Units.time(150e6));
        assertEquals("1.20 s", Units.time(1.2e9));
        assertEquals("2.0 GiB", Units.size(2L << 30));
    }
}
