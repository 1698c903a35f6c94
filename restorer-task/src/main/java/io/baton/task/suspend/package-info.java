/** What an application links to be asked before a dump. Stands on nothing but JNA, and is packed in a jar of its own. */
@NullMarked
package io.baton.task.suspend;

import org.jspecify.annotations.NullMarked;
