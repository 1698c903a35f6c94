/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting and waking across processes. Never FUTEX_PRIVATE: the words lie in a memfd that all tasks map.
 */
#ifndef BATON_FUTEX_H
#define BATON_FUTEX_H

#include "syscall.h"

#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9 /* unlike FUTEX_WAIT its timeout is absolute, on CLOCK_MONOTONIC */
#define FUTEX_BITSET_MATCH_ANY 0xffffffffU
#define FUTEX_ALL 0x7fffffff

static inline uint32_t load_acquire(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void store_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/*
 * Sleeps while *word is `seen`, until `deadline` (CLOCK_MONOTONIC ns; 0: none); is not woken for the sake of others, who
 * have none of these bits. Returns 0 or a negated errno.
 */
static inline long futex_wait_bits(uint32_t *word, uint32_t seen, uint64_t deadline, uint32_t bits)
{
	struct kernel_timespec until = { (int64_t)(deadline / NANOSECONDS_PER_SECOND),
					 (int64_t)(deadline % NANOSECONDS_PER_SECOND) };

	return syscall6(SYS_FUTEX, (long)word, FUTEX_WAIT_BITSET, (long)seen, deadline ? (long)&until : 0, 0,
			(long)bits);
}

static inline long futex_wait(uint32_t *word, uint32_t seen, uint64_t deadline)
{
	return futex_wait_bits(word, seen, deadline, FUTEX_BITSET_MATCH_ANY);
}

static inline void futex_wake(uint32_t *word, int count)
{
	syscall4(SYS_FUTEX, (long)word, FUTEX_WAKE, count, 0);
}

#endif
