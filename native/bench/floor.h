/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs of a floor share with Java (FloorDescriptor): a memory file, their descriptor 3. A header page, a line of
 * 128 bytes for each task, a stack of a page for each.
 */
#ifndef BATON_FLOOR_H
#define BATON_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#define FLOOR_FD 3

enum floor_kind {
	FLOOR_CREATE,
	FLOOR_FUTEX,
	FLOOR_PIPE,
	FLOOR_EVENTFD,
	FLOOR_SOCKET,
	FLOOR_SEMAPHORE,
};

enum floor_shape {
	FLOOR_STAR,
	FLOOR_CHAIN,
	FLOOR_THREADS,
};

struct floor_header {
	uint32_t kind;
	uint32_t shape;
	uint32_t tasks;
	int32_t first;	/* pid of the first task; 0: whatever the kernel gives */
	uint32_t ready; /* 1: all is prepared, or `error` says what went wrong */
	uint32_t go;	/* 1: make the tasks (FLOOR_CREATE; else the first line's turn begins it) */
	uint32_t done;	/* 1: the last task has arrived, or has had its turn */
	uint32_t quit;	/* 1: end all */
	uint32_t arrived;
	int32_t error; /* errno, negated */
};

struct floor_line {
	uint32_t turn;
	int32_t tid;
	int32_t in, out; /* descriptors it waits on and is woken by */
	uint8_t unused[48];
	uint8_t semaphore[64];
};

#define FLOOR_LINES_OFFSET 4096
#define FLOOR_LINE_LENGTH 128
#define FLOOR_STACK_LENGTH 4096

_Static_assert(offsetof(struct floor_header, ready) == 16, "FloorDescriptor.READY_OFFSET");
_Static_assert(offsetof(struct floor_header, error) == 36, "FloorDescriptor.ERROR_OFFSET");
_Static_assert(sizeof(struct floor_line) == FLOOR_LINE_LENGTH, "FloorDescriptor.LINE_LENGTH");

/* Where the stacks begin, after so many lines. */
static inline uint64_t floor_stacks(uint64_t tasks)
{
	return (FLOOR_LINES_OFFSET + tasks * FLOOR_LINE_LENGTH + 4095) & ~4095ULL;
}

#endif
