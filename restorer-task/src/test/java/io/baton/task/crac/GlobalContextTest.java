package io.baton.task.crac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The properties {@code org.crac} gives its global context; and that its library finds ours. */
class GlobalContextTest {
    private final List<String> told = new ArrayList<>();
    private final GlobalContext context = new GlobalContext(() -> told.add("first"));

    /** Notes what it is told, and throws what it is given. */
    private final class Noting implements Resource {
        private final String name;
        private final List<? extends Exception> throwing;

        Noting(final String name, final Exception... throwing) {
            this.name = name;
            this.throwing = List.of(throwing);
        }

        @Override
        public void beforeCheckpoint(final Context<? extends Resource> with) throws Exception {
            told.add("before " + name);
            if (!throwing.isEmpty()) {
                throw throwing.get(0);
            }
        }

        @Override
        public void afterRestore(final Context<? extends Resource> with) throws Exception {
            told.add("after " + name);
            if (throwing.size() > 1) {
                throw throwing.get(1);
            }
        }
    }

    @Test
    void shouldTellInReverseOrderBeforeAndInOrderAfter() throws Exception {
        final Noting a = new Noting("a");
        final Noting b = new Noting("b");
        context.register(a);
        context.register(b);
        context.beforeCheckpoint(context);
        context.afterRestore(context);

        assertEquals(List.of("first", "before b", "before a", "after a", "after b"), told);
        assertEquals("ab", a.name + b.name); // they are referred to weakly
    }

    @Test
    void shouldTellAllWhateverOneThrows() {
        final Exception before = new Exception("before");
        final Exception after = new Exception("after");
        final Noting a = new Noting("a");
        final Noting b = new Noting("b", before, after);
        context.register(a);
        context.register(b);

        final Exception first = assertThrows(CheckpointException.class, () -> context.beforeCheckpoint(context));
        assertArrayEquals(new Throwable[] {before}, first.getSuppressed());
        final Exception second = assertThrows(RestoreException.class, () -> context.afterRestore(context));
        assertArrayEquals(new Throwable[] {after}, second.getSuppressed());
        assertEquals(List.of("first", "before b", "before a", "after a", "after b"), told);
        assertEquals("ab", a.name + b.name);
    }

    /** As the library's own tests have it. */
    @Test
    @SuppressWarnings("deprecation") // org.crac.Core is what programs use
    void shouldBeFoundByTheLibraryAndNotCheckpointAgainstAResource() {
        System.setProperty("org.crac.Core.Compat", "io.baton.task.crac");
        System.setProperty("baton.task.checkpointTo", "/nowhere");
        final Exception mine = new Exception("mine");
        final org.crac.Resource resource = new org.crac.Resource() {
            @Override
            public void beforeCheckpoint(final org.crac.Context<? extends org.crac.Resource> with) throws Exception {
                told.add("before");
                throw mine;
            }

            @Override
            public void afterRestore(final org.crac.Context<? extends org.crac.Resource> with) {
                told.add("after");
            }
        };
        org.crac.Core.getGlobalContext().register(resource);

        final Exception e = assertThrows(org.crac.CheckpointException.class, org.crac.Core::checkpointRestore);
        assertArrayEquals(new Throwable[] {mine}, e.getSuppressed());
        assertEquals(List.of("before", "after"), told);
    }
}
