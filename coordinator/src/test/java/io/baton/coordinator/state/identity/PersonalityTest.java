package io.baton.coordinator.state.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PersonalityTest {
    @Test
    void shouldKeepWhatIsOne() {
        assertEquals(0, Personality.repair(0));
        assertEquals(0x40000, Personality.repair(0x40000));
        assertEquals(0x440008, Personality.repair(0x440008));
    }

    @Test
    void shouldReadCriusDecimalsAsHexadecimal() {
        assertEquals(0x40000, Personality.repair(40000));
        assertEquals(0x40008, Personality.repair(40008));
        assertEquals(0x440000, Personality.repair(440000));
    }

    @Test
    void shouldLetBeWhatItDoesNotUnderstand() {
        assertEquals(-1, Personality.repair(-1));
        assertEquals(0x7, Personality.repair(0x7));
    }
}
