/** How long an operation may take, who may stop it, and who hears and does something while it runs. */
@NullMarked
package io.baton.coordinator.supervision;

import org.jspecify.annotations.NullMarked;
