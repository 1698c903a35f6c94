/* SPDX-License-Identifier: Apache-2.0
 *
 * The page by which a process and a coordinator speak of a suspend: one memory file of that name, mapped shared. The same
 * numbers stand in io.baton.task.suspend.SuspendDescriptor; LayoutTest compares them.
 */
#ifndef BATON_SUSPEND_PAGE_H
#define BATON_SUSPEND_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define BATON_SUSPEND_NAME "baton-suspend"

#define BATON_SUSPEND_MAGIC 0x00505355534e5442 /* "BTNSUSP\0" */
#define BATON_SUSPEND_VERSION 1
#define BATON_SUSPEND_LENGTH 4096
/* F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW: nobody can take the page from under the other. */
#define BATON_SUSPEND_SEALS 7

#define BATON_SUSPEND_MAGIC_OFFSET 0
#define BATON_SUSPEND_VERSION_OFFSET 8
#define BATON_SUSPEND_OWNER_OFFSET 12
#define BATON_SUSPEND_ROUND_OFFSET 64
#define BATON_SUSPEND_HOLD_OFFSET 128
#define BATON_SUSPEND_STATE_OFFSET 192
#define BATON_SUSPEND_REASON_OFFSET 256
#define BATON_SUSPEND_REASON_LENGTH 256

/* The state word: the low bits say how far the process is in the suspend whose round the high bits are. */
#define BATON_SUSPEND_STATE_BITS 4
#define BATON_SUSPEND_IDLE 0
#define BATON_SUSPEND_ENTERED 1	     /* in the START SUSPEND callback */
#define BATON_SUSPEND_HOUSEKEEPING 2 /* it has said that it will call COMPLETE */
#define BATON_SUSPEND_POSTPONED 3    /* it has said that it wants to be halted with the others */
#define BATON_SUSPEND_COMPLETED 4    /* in COMPLETE, and sleeps there */
#define BATON_SUSPEND_RETURNED 5     /* back from there */

/* The hold word is the mark IN SUSPEND: the coordinator's thread, as a robust futex has it, so that the kernel takes the
 * mark away and wakes who sleeps on it should the coordinator die. */
#define BATON_SUSPEND_HOLD_WAITERS 0x80000000
#define BATON_SUSPEND_HOLD_DIED 0x40000000
#define BATON_SUSPEND_HOLD_TID_MASK 0x3fffffff

struct baton_suspend_page {
	uint64_t magic;
	uint32_t version;
	uint32_t
		owner; /* pid in its own namespace, 0: not registered any more; a child that shares the page is not it */
	uint8_t pad1[48];
	uint32_t round; /* by the coordinator: START SUSPEND number so and so; the process sleeps on it */
	uint8_t pad2[60];
	uint32_t hold; /* by the coordinator: IN SUSPEND; COMPLETE sleeps on it */
	uint8_t pad3[60];
	uint32_t state; /* by the process; the coordinator sleeps on it */
	uint8_t pad4[60];
	char reason[BATON_SUSPEND_REASON_LENGTH]; /* by the process: why it postpones, UTF-8, ends with NUL */
};

#define BATON_SUSPEND_AT(field, offset) \
	_Static_assert(offsetof(struct baton_suspend_page, field) == (offset), #field)
BATON_SUSPEND_AT(magic, BATON_SUSPEND_MAGIC_OFFSET);
BATON_SUSPEND_AT(version, BATON_SUSPEND_VERSION_OFFSET);
BATON_SUSPEND_AT(owner, BATON_SUSPEND_OWNER_OFFSET);
BATON_SUSPEND_AT(round, BATON_SUSPEND_ROUND_OFFSET);
BATON_SUSPEND_AT(hold, BATON_SUSPEND_HOLD_OFFSET);
BATON_SUSPEND_AT(state, BATON_SUSPEND_STATE_OFFSET);
BATON_SUSPEND_AT(reason, BATON_SUSPEND_REASON_OFFSET);
#undef BATON_SUSPEND_AT
_Static_assert(sizeof(struct baton_suspend_page) <= BATON_SUSPEND_LENGTH, "one page");

#endif
