/** System calls as one task makes them: numbers, errno, futex and memfd, through JNA direct mapping. */
@NullMarked
package io.baton.task.linux;

import org.jspecify.annotations.NullMarked;
