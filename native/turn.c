/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages and the baton. A task sleeps until its slot's `turn` is set by its predecessor, runs its contexts out of
 * the ring in place, advances the ring's head, and only then passes the baton: the release store of the next
 * slot's `turn` is what makes the head visible to the next consumer.
 */
#include "runner.h"

#define GUARD_INTERVAL_NS 5000000
#define BATON_STAGE_BITS 31 /* the last bit is for a stage that never starts */
#define END_INTERVAL_NS 1000000
#define END_PATIENCE_NS 2000000000
#define SIGNAL_KILL 9
#define WAIT_NOT 1 /* WNOHANG */
#define EVERYBODY 0x7fffffff

void ring_bell(struct task *task)
{
	__atomic_fetch_add(&task->header->bell, 1, __ATOMIC_ACQ_REL);
	futex_wake(&task->header->bell, 1);
}

void tell(struct task *task, int32_t type, int32_t error)
{
	struct ring events = { (uint8_t *)task->header + task->header->event_ring,
			       task->header->event_ring_capacity };
	struct baton_event event = { task->index, task->slot->stage, monotonic_ns(), task->slot->tag, error };

	/* The coordinator sizes the ring for all events of an operation; losing one would lose a line of the journal. */
	ring_write(&events, type, &event, sizeof(event));
}

/* Sleeps until *word differs from `seen`; fails the task when the operation's deadline passes first. */
static void wait_for_change(struct task *task, uint32_t *word, uint32_t seen)
{
	while (load_acquire(word) == seen) {
		if (futex_wait(word, seen, task->header->deadline) == -ETIMEDOUT)
			fail(task, -ETIMEDOUT);
	}
}

void confirm(struct task *task, uint32_t stage)
{
	uint32_t count;

	task->slot->stage = stage;
	if (stage >= BATON_HEADER_STAGE_COUNT)
		return;
	/* Only the last one wakes the coordinator: it stores `expected` before it reads `confirmed`, we do the reverse. */
	count = __atomic_add_fetch(&task->header->confirmed[stage], 1, __ATOMIC_SEQ_CST);
	if (count == __atomic_load_n(&task->header->expected[stage], __ATOMIC_SEQ_CST))
		ring_bell(task);
}

/* A stage wakes those who await it, or an earlier one: see Segment.start(). With thousands of tasks, all is too many. */
void await(struct task *task, uint32_t stage)
{
	uint32_t bit = 1U << (stage < BATON_STAGE_BITS ? stage : BATON_STAGE_BITS);
	uint32_t started;

	while ((started = load_acquire(&task->header->stage)) < stage) {
		if (futex_wait_bits(&task->header->stage, started, task->header->deadline, bit) == -ETIMEDOUT)
			fail(task, -ETIMEDOUT);
	}
}

/* All that there is, also what was just being forked: it has become a child of ours, or its maker will be killed next. */
static _Noreturn void end_tree(struct task *task, const uint64_t *args)
{
	struct baton_header *header = task->header;
	struct baton_slot *slots = (struct baton_slot *)((uint8_t *)header + header->slots);
	uint64_t count = load_acquire(&header->stage) < args[4] ? args[3] : args[2];
	uint64_t until = monotonic_ns() + END_PATIENCE_NS;
	long reaped;

	do {
		for (uint64_t i = 0; i < count && i < header->slot_count; i++) {
			if (slots[i].tid > 0 && i != task->index)
				syscall4(SYS_KILL, slots[i].tid, SIGNAL_KILL, 0, 0);
		}
		do {
			reaped = syscall4(SYS_WAIT4, -1, 0, WAIT_ALL | WAIT_NOT, 0);
		} while (reaped > 0);
		futex_wait(&task->slot->state, task->slot->state, monotonic_ns() + END_INTERVAL_NS);
	} while (reaped != -ECHILD && monotonic_ns() < until);
	sys_exit_group(0);
}

/*
 * The helper outlives the coordinator to end what that leaves behind: what was just being made, whose parent dies
 * otherwise, or was let go already. args: 0 the coordinator's pid, as our parent · 1 the stage it starts when all is
 * done · 2 how many slots hold tasks of the tree, the first ones · 3 how many hold tasks at all, until stage 4
 * starts, from which on some leave and their pids may be given to others.
 */
void guard(struct task *task, const uint64_t *args)
{
	struct baton_header *header = task->header;
	uint32_t started;

	while ((started = load_acquire(&header->stage)) < args[1]) {
		if ((uint64_t)syscall4(SYS_GETPPID, 0, 0, 0, 0) != args[0])
			end_tree(task, args);
		futex_wait(&header->stage, started, monotonic_ns() + GUARD_INTERVAL_NS);
	}
}

/* For what goes its own way unless it needs another: sleeps until that task has passed its baton. */
void after(struct task *task, uint64_t slot)
{
	struct baton_slot *other =
		(struct baton_slot *)((uint8_t *)task->header + task->header->slots) + slot;
	uint32_t state;

	/* We store `awaited` before we read `state`, it does the reverse. */
	__atomic_store_n(&other->awaited, 1, __ATOMIC_SEQ_CST);
	while ((state = __atomic_load_n(&other->state, __ATOMIC_SEQ_CST)) < BATON_SLOT_STATE_DONE)
		wait_for_change(task, &other->state, state);
}

static struct ring_record *next_context(struct task *task, const struct ring *ring)
{
	struct baton_lane *lane = &task->header->lanes[task->slot->lane];

	for (;;) {
		uint32_t published = load_acquire(&lane->published);
		struct ring_record *record = ring_peek(ring);

		if (record)
			return record;
		__atomic_store_n(&lane->reader_waits, 1, __ATOMIC_SEQ_CST);
		record = ring_peek(ring);
		if (!record)
			wait_for_change(task, &lane->published, published);
		store_release(&lane->reader_waits, 0);
	}
}

static void copy(uint64_t *to, const uint64_t *from, uint64_t length)
{
	for (uint64_t i = 0; i < length / sizeof(uint64_t); i++)
		to[i] = from[i];
}

static void pass_baton(struct task *task)
{
	struct baton_header *header = task->header;
	uint32_t next = task->slot->next;

	if (__atomic_add_fetch(&header->position, 1, __ATOMIC_ACQ_REL) == header->task_count)
		ring_bell(task);
	if (next < header->task_count) {
		struct baton_slot *slot = (struct baton_slot *)((uint8_t *)header + header->slots) + next;

		store_release(&slot->turn, 1);
		futex_wake(&slot->turn, 1);
	}
}

/*
 * A fork does not copy the page tables of shared memory: each task takes a fault for each region it comes to first. While
 * it waits for its turn that is in nobody's way. Reading is enough, and the kernel maps the pages around it too.
 */
static void touch_rings(const struct baton_header *header, const struct ring *contexts)
{
	const volatile uint8_t *events = (const volatile uint8_t *)header + header->event_ring;

	(void)*(const volatile uint8_t *)contexts->records;
	(void)((const volatile uint8_t *)contexts->records)[contexts->capacity];
	(void)events[header->event_ring_capacity];
}

void take_turn(struct task *task)
{
	struct baton_header *header = task->header;
	struct ring ring = { (uint8_t *)header + header->context_ring +
				     task->slot->lane * header->context_ring_length,
			     header->context_ring_capacity };
	struct baton_program *kept = 0;
	uint64_t begun;
	uint32_t flags;

	touch_rings(header, &ring);
	wait_for_change(task, &task->slot->turn, 0);
	task->slot->start = monotonic_ns();
	begun = ticks();
	store_release(&task->slot->state, BATON_SLOT_STATE_RESTORING);
	do {
		struct ring_record *record = next_context(task, &ring);
		struct baton_program *program = (struct baton_program *)record->payload;

		if (program->position != task->index)
			fail(task, -EPROTO);
		flags = program->flags;
		if (flags & BATON_PROGRAM_FLAG_KEEP) {
			if (program->length > header->local_length - BATON_LOCAL_KEPT_OFFSET)
				fail(task, -EPROTO);
			kept = (struct baton_program *)(task->local + BATON_LOCAL_KEPT_OFFSET);
			copy((uint64_t *)kept, (const uint64_t *)program, program->length);
		} else {
			run_program(task, program);
		}
		ring_release(&ring, record);
		if (__atomic_load_n(&header->writer_waits, __ATOMIC_SEQ_CST) & (1U << task->slot->lane))
			ring_bell(task);
	} while (!(flags & BATON_PROGRAM_FLAG_LAST));

	task->slot->turn_ticks = ticks() - begun;
	task->slot->end = monotonic_ns();
	__atomic_store_n(&task->slot->state, BATON_SLOT_STATE_DONE, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&task->slot->awaited, __ATOMIC_SEQ_CST))
		futex_wake(&task->slot->state, EVERYBODY);
	tell(task, BATON_MESSAGE_DONE, 0);
	pass_baton(task);
	if (kept)
		run_program(task, kept);
}
