/** TCP connections that go on: what the kernel says of them in repair mode, and packets held off meanwhile. */
@NullMarked
package io.baton.coordinator.state.tcp;

import org.jspecify.annotations.NullMarked;
