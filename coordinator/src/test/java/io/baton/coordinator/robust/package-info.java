/** Failing well: what dumps and restores leave behind when they are cut short or fed with damaged images. */
@NullMarked
package io.baton.coordinator.robust;

import org.jspecify.annotations.NullMarked;
