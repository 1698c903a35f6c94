/** JMH benchmarks, synthetic trees and comparisons. */
@NullMarked
package io.baton.bench;

import org.jspecify.annotations.NullMarked;
