package io.baton.coordinator.state.signals;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SignalActionsTest {
    @Test
    void shouldLeaveOutTheTwoSignalsWithoutAction() {
        assertEquals(1, SignalActions.signal(0));
        assertEquals(8, SignalActions.signal(7));
        assertEquals(10, SignalActions.signal(8));
        assertEquals(18, SignalActions.signal(16));
        assertEquals(20, SignalActions.signal(17));
        assertEquals(64, SignalActions.signal(61));
    }

    @Test
    void shouldFindEachSignalWhereItIs() {
        for (int index = 0; index < 62; index++) {
            assertEquals(index, SignalActions.index(SignalActions.signal(index)));
        }
    }
}
