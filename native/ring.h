/* SPDX-License-Identifier: Apache-2.0
 *
 * The native ends of Agrona's rings: the consumer of OneToOneRingBuffer (contexts) and a producer of
 * ManyToOneRingBuffer (events). A record is { int32 length; int32 type; payload } aligned to 8 bytes; its length
 * is negative while it is being written and becomes positive, with release semantics, when it may be read.
 */
#ifndef BATON_RING_H
#define BATON_RING_H

#include "layout.h"

struct ring {
	uint8_t *records;
	uint64_t capacity; /* a power of two */
};

struct ring_record {
	int32_t length; /* with this header */
	int32_t type;
	uint8_t payload[];
};

static inline uint64_t *ring_counter(const struct ring *ring, uint64_t offset)
{
	return (uint64_t *)(ring->records + ring->capacity + offset);
}

static inline uint64_t ring_align(uint64_t length)
{
	return (length + 7) & ~7UL;
}

/* The record at the head, in place, or 0 when there is none yet. Only the holder of the baton may call. */
static inline struct ring_record *ring_peek(const struct ring *ring)
{
	uint64_t *head = ring_counter(ring, BATON_RING_HEAD_OFFSET);

	for (;;) {
		uint64_t position = *head;
		struct ring_record *record =
			(struct ring_record *)(ring->records + (position & (ring->capacity - 1)));
		int32_t length = __atomic_load_n(&record->length, __ATOMIC_ACQUIRE);

		if (length <= 0)
			return 0;
		if (record->type != BATON_RING_PADDING)
			return record;
		__atomic_store_n(head, position + ring_align((uint64_t)length), __ATOMIC_RELEASE);
	}
}

/* Gives the space of a record from ring_peek back to the producer. */
static inline void ring_release(const struct ring *ring, const struct ring_record *record)
{
	uint64_t *head = ring_counter(ring, BATON_RING_HEAD_OFFSET);

	__atomic_store_n(head, *head + ring_align((uint64_t)record->length), __ATOMIC_RELEASE);
}

/* Appends a message; 0 when the ring has no room for it. The consumer zeroes what it has read. */
static inline int ring_write(const struct ring *ring, int32_t type, const void *message, uint32_t length)
{
	uint64_t *tail_counter = ring_counter(ring, BATON_RING_TAIL_OFFSET);
	uint64_t *head_counter = ring_counter(ring, BATON_RING_HEAD_OFFSET);
	uint64_t record_length = BATON_RING_RECORD_HEADER_LENGTH + length;
	uint64_t required = ring_align(record_length);
	uint64_t tail = __atomic_load_n(tail_counter, __ATOMIC_ACQUIRE);
	uint64_t padding, index;

	do {
		uint64_t head = __atomic_load_n(head_counter, __ATOMIC_ACQUIRE);
		uint64_t to_end;

		index = tail & (ring->capacity - 1);
		to_end = ring->capacity - index;
		padding = required > to_end ? to_end : 0;
		if (required + padding > ring->capacity - (tail - head))
			return 0;
	} while (!__atomic_compare_exchange_n(tail_counter, &tail, tail + padding + required, 0,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));

	if (padding) {
		struct ring_record *filler = (struct ring_record *)(ring->records + index);

		filler->type = BATON_RING_PADDING;
		__atomic_store_n(&filler->length, (int32_t)padding, __ATOMIC_RELEASE);
		index = 0;
	}

	struct ring_record *record = (struct ring_record *)(ring->records + index);

	__atomic_store_n(&record->length, -(int32_t)record_length, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < length; i++)
		record->payload[i] = ((const uint8_t *)message)[i];
	record->type = type;
	__atomic_store_n(&record->length, (int32_t)record_length, __ATOMIC_RELEASE);
	return 1;
}

#endif
