/* SPDX-License-Identifier: Apache-2.0
 *
 * The shared segment and the instruction, as C sees them. The same numbers stand in the Java descriptors of
 * io.baton.task.segment and io.baton.task.program; LayoutTest compares every #define here with the Java constant
 * of that name, and the assertions below tie the numbers to the structures.
 */
#ifndef BATON_LAYOUT_H
#define BATON_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define BATON_LAYOUT_VERSION 3
#define BATON_LAYOUT_MAGIC 0x474553004e4f5442 /* "BTON\0SEG" */

/* ---- header: the first page of the segment --------------------------------------------------------------- */

#define BATON_HEADER_LENGTH 4096
#define BATON_HEADER_MAGIC_OFFSET 0
#define BATON_HEADER_VERSION_OFFSET 8
#define BATON_HEADER_SLOT_COUNT_OFFSET 12
#define BATON_HEADER_TASK_COUNT_OFFSET 16
#define BATON_HEADER_HELPER_SLOT_OFFSET 20
#define BATON_HEADER_SEGMENT_ADDRESS_OFFSET 24
#define BATON_HEADER_SEGMENT_LENGTH_OFFSET 32
#define BATON_HEADER_HOLE_ADDRESS_OFFSET 40
#define BATON_HEADER_HOLE_LENGTH_OFFSET 48
#define BATON_HEADER_RUNNER_ADDRESS_OFFSET 56
#define BATON_HEADER_RUNNER_LENGTH_OFFSET 64
#define BATON_HEADER_RUNNER_SOURCE_OFFSET 72
#define BATON_HEADER_LOCAL_ADDRESS_OFFSET 80
#define BATON_HEADER_LOCAL_LENGTH_OFFSET 88
#define BATON_HEADER_LOCAL_COUNT_OFFSET 96
#define BATON_HEADER_SLOTS_OFFSET 104
#define BATON_HEADER_CONTEXT_RING_OFFSET 112
#define BATON_HEADER_CONTEXT_RING_CAPACITY_OFFSET 120
#define BATON_HEADER_EVENT_RING_OFFSET 128
#define BATON_HEADER_EVENT_RING_CAPACITY_OFFSET 136
#define BATON_HEADER_DEADLINE_OFFSET 144
#define BATON_HEADER_TIMING_OFFSET 152
#define BATON_HEADER_CONTEXT_RING_LENGTH_OFFSET 160
#define BATON_HEADER_STAGE_OFFSET 256
#define BATON_HEADER_CONFIRMED_OFFSET 384
#define BATON_HEADER_EXPECTED_OFFSET 448
#define BATON_HEADER_BELL_OFFSET 512
#define BATON_HEADER_POSITION_OFFSET 640
#define BATON_HEADER_ABORT_OFFSET 768
#define BATON_HEADER_WRITER_WAITS_OFFSET 896
#define BATON_HEADER_LANES_OFFSET 1024
#define BATON_HEADER_STAGE_COUNT 16
#define BATON_HEADER_LANE_COUNT 8

/* One of the batons that go round at the same time; each has its own context ring and cache lines. */
#define BATON_LANE_LENGTH 128
#define BATON_LANE_PUBLISHED_OFFSET 0
#define BATON_LANE_READER_WAITS_OFFSET 4

struct baton_lane {
	uint32_t published;    /* futex: bumped when a context is in the ring */
	uint32_t reader_waits; /* the holder of the baton sleeps on published */
	uint8_t pad0[BATON_LANE_LENGTH - 8];
};

struct baton_header {
	uint64_t magic;
	uint32_t version;
	uint32_t slot_count; /* tasks, then ghosts and placeholders, then the helper */
	uint32_t task_count; /* entries of the PID array: positions 0..task_count-1 */
	uint32_t helper_slot;
	uint64_t segment_address; /* where every task sees the segment */
	uint64_t segment_length;
	uint64_t hole_address; /* runner, locals and segment: all that goes at the gate */
	uint64_t hole_length;
	uint64_t runner_address;
	uint64_t runner_length;
	uint64_t runner_source; /* offset of the runner's text in the segment */
	uint64_t local_address;
	uint64_t local_length; /* of one task's area */
	uint64_t local_count;
	uint64_t slots;
	uint64_t context_ring; /* of lane 0, the others after it */
	uint64_t context_ring_capacity;
	uint64_t event_ring;
	uint64_t event_ring_capacity;
	uint64_t deadline; /* CLOCK_MONOTONIC ns, 0: none */
	uint32_t timing;   /* 1: tasks keep their slowest instruction */
	uint8_t pad0[4];
	uint64_t context_ring_length; /* from one lane's ring to the next */
	uint8_t pad1[256 - 168];
	uint32_t stage; /* futex: the stage the coordinator has started */
	uint8_t pad2[124];
	uint32_t confirmed[BATON_HEADER_STAGE_COUNT]; /* per stage, how many tasks have confirmed it */
	uint32_t expected[BATON_HEADER_STAGE_COUNT];  /* and how many the coordinator waits for */
	uint32_t bell;				      /* futex: rung for the coordinator */
	uint8_t pad3[124];
	uint32_t
		position; /* how many tasks have passed the baton; in saved order, the index of who holds it */
	uint8_t pad4[124];
	uint32_t abort; /* 0, or 1 + slot of the first task that failed */
	uint8_t pad5[124];
	uint32_t
		writer_waits; /* a bit for each lane in whose ring the coordinator wants room, asleep on the bell */
	uint8_t pad6[124];
	struct baton_lane lanes[BATON_HEADER_LANE_COUNT];
	uint8_t pad7[BATON_HEADER_LENGTH - BATON_HEADER_LANES_OFFSET -
		     BATON_HEADER_LANE_COUNT * BATON_LANE_LENGTH];
};

/* ---- slot: two cache lines for each task ------------------------------------------------------------------ */

#define BATON_SLOT_LENGTH 128
#define BATON_SLOT_TURN_OFFSET 0
#define BATON_SLOT_STATE_OFFSET 4
#define BATON_SLOT_STAGE_OFFSET 8
#define BATON_SLOT_INSTRUCTION_OFFSET 12
#define BATON_SLOT_TAG_OFFSET 16
#define BATON_SLOT_NUMBER_OFFSET 20
#define BATON_SLOT_ERROR_OFFSET 24
#define BATON_SLOT_TID_OFFSET 28
#define BATON_SLOT_VALUE_OFFSET 32
#define BATON_SLOT_PROGRAM_OFFSET 40
#define BATON_SLOT_OP_OFFSET 48
#define BATON_SLOT_LANE_OFFSET 52
#define BATON_SLOT_NEXT_OFFSET 56
#define BATON_SLOT_AWAITED_OFFSET 60
#define BATON_SLOT_START_OFFSET 64
#define BATON_SLOT_END_OFFSET 72
#define BATON_SLOT_FLAGS_OFFSET 80
#define BATON_SLOT_SLOWEST_TICKS_OFFSET 96
#define BATON_SLOT_SLOWEST_TAG_OFFSET 104
#define BATON_SLOT_SLOWEST_NUMBER_OFFSET 108
#define BATON_SLOT_TURN_TICKS_OFFSET 112
#define BATON_SLOT_SLOWEST_INSTRUCTION_OFFSET 120
#define BATON_SLOT_SLOWEST_OP_OFFSET 124

#define BATON_SLOT_STATE_ABSENT 0
#define BATON_SLOT_STATE_ARRIVED 1
#define BATON_SLOT_STATE_RESTORING 2
#define BATON_SLOT_STATE_DONE 3
#define BATON_SLOT_STATE_FAILED 4

struct baton_slot {
	uint32_t turn;	/* futex: 1 when the baton is here */
	uint32_t state; /* futex while `awaited` */
	uint32_t stage; /* last confirmed */
	uint32_t instruction;
	uint32_t tag;
	uint32_t number; /* system call of the instruction */
	int32_t error;
	int32_t tid;		/* as its creator sees it */
	uint64_t value;		/* result that was not expected */
	uint64_t program;	/* offset of its hierarchy program in the segment */
	uint32_t op;		/* of the instruction */
	uint32_t lane;		/* whose baton it takes */
	uint32_t next;		/* position that gets the baton after it; none if there is no such task */
	uint32_t awaited;	/* 1: somebody sleeps on `state` until it is done */
	uint64_t start;		/* CLOCK_MONOTONIC ns when it took the baton */
	uint64_t end;		/* and when it passed it */
	uint32_t flags[4];	/* futexes: what hierarchy programs say about a placeholder */
	uint64_t slowest_ticks; /* of the time stamp counter, in the slowest instruction */
	uint32_t slowest_tag;
	uint32_t slowest_number;
	uint64_t turn_ticks; /* from start to end, to make times of ticks */
	uint32_t slowest_instruction;
	uint32_t slowest_op;
};

/* ---- program block: a header, instructions, then the data they point to ----------------------------------- */

#define BATON_PROGRAM_HEADER_LENGTH 16
#define BATON_PROGRAM_COUNT_OFFSET 0
#define BATON_PROGRAM_LENGTH_OFFSET 4
#define BATON_PROGRAM_POSITION_OFFSET 8
#define BATON_PROGRAM_FLAGS_OFFSET 12
#define BATON_PROGRAM_FLAG_LAST 1 /* no further context for this task */
#define BATON_PROGRAM_FLAG_KEEP 2 /* to be run after the baton is passed */

struct baton_program {
	uint32_t count;
	uint32_t length; /* of the whole block, bytes */
	uint32_t position;
	uint32_t flags;
};

#define BATON_INSTRUCTION_LENGTH 72
#define BATON_INSTRUCTION_OP_OFFSET 0
#define BATON_INSTRUCTION_FLAGS_OFFSET 1
#define BATON_INSTRUCTION_EXPECT_OFFSET 2
#define BATON_INSTRUCTION_STORE_OFFSET 3
#define BATON_INSTRUCTION_KINDS_OFFSET 4
#define BATON_INSTRUCTION_NUMBER_OFFSET 8
#define BATON_INSTRUCTION_TAG_OFFSET 12
#define BATON_INSTRUCTION_ARGS_OFFSET 16
#define BATON_INSTRUCTION_WANT_OFFSET 64
#define BATON_INSTRUCTION_FLAG_RESULT 1 /* leave the result in `want` */

#define BATON_OP_SYSCALL 1
#define BATON_OP_CLONE 2
#define BATON_OP_CONFIRM 3
#define BATON_OP_AWAIT 4
#define BATON_OP_TURN 5
#define BATON_OP_REAP 6
#define BATON_OP_RETIRE 7
#define BATON_OP_POKE 8
#define BATON_OP_GUARD 9
#define BATON_OP_HOLD 10
#define BATON_OP_AFTER 11

#define BATON_EXPECT_ANY 0
#define BATON_EXPECT_SUCCESS 1
#define BATON_EXPECT_EQUAL 2
#define BATON_EXPECT_SUCCESS_OR 3 /* success, or the errno in `want` */

#define BATON_OPERAND_VALUE 0	    /* the number itself */
#define BATON_OPERAND_REGISTER 1    /* what an earlier instruction stored */
#define BATON_OPERAND_DATA 2	    /* address: offset from the program block */
#define BATON_OPERAND_SEGMENT 3	    /* address: offset from the segment */
#define BATON_OPERAND_LOCAL 4	    /* address: offset from the thread's scratch */
#define BATON_OPERAND_LOCAL_INT 5   /* the 32-bit number at that scratch offset */
#define BATON_OPERAND_SEGMENT_INT 6 /* the 32-bit number at that offset in the segment */

#define BATON_REGISTER_COUNT 16

struct baton_instruction {
	uint8_t op;
	uint8_t flags;
	uint8_t expect;
	uint8_t store;	/* 0, or 1 + register */
	uint32_t kinds; /* four bits for each argument */
	uint32_t number;
	uint32_t tag;
	uint64_t args[6];
	uint64_t want;
};

/* ---- a task's area: stack, scratch, kept program ------------------------------------------------ */

#define BATON_LOCAL_STACK_LENGTH 2048
#define BATON_LOCAL_SCRATCH_OFFSET 2048
#define BATON_LOCAL_SCRATCH_LENGTH 512
#define BATON_LOCAL_KEPT_OFFSET 2560

/* ---- messages --------------------------------------------------------------------------------------------- */

#define BATON_MESSAGE_CONTEXT 1
#define BATON_MESSAGE_ARRIVED 2
#define BATON_MESSAGE_DONE 3
#define BATON_MESSAGE_FAILED 4

#define BATON_EVENT_LENGTH 24
#define BATON_EVENT_SLOT_OFFSET 0
#define BATON_EVENT_STAGE_OFFSET 4
#define BATON_EVENT_TIME_OFFSET 8
#define BATON_EVENT_TAG_OFFSET 16
#define BATON_EVENT_ERROR_OFFSET 20

struct baton_event {
	uint32_t slot;
	uint32_t stage;
	uint64_t time; /* CLOCK_MONOTONIC ns */
	uint32_t tag;
	int32_t error;
};

/* ---- Agrona's rings: what follows `capacity` bytes of records --------------------------------------------- */

#define BATON_RING_TAIL_OFFSET 128
#define BATON_RING_HEAD_CACHE_OFFSET 256
#define BATON_RING_HEAD_OFFSET 384
#define BATON_RING_TRAILER_LENGTH 768
#define BATON_RING_RECORD_HEADER_LENGTH 8
#define BATON_RING_PADDING -1

#define BATON_ASSERT(structure, field, offset) \
	_Static_assert(offsetof(struct structure, field) == (offset), #structure "." #field)

_Static_assert(sizeof(struct baton_header) == BATON_HEADER_LENGTH, "header");
BATON_ASSERT(baton_header, magic, BATON_HEADER_MAGIC_OFFSET);
BATON_ASSERT(baton_header, version, BATON_HEADER_VERSION_OFFSET);
BATON_ASSERT(baton_header, slot_count, BATON_HEADER_SLOT_COUNT_OFFSET);
BATON_ASSERT(baton_header, task_count, BATON_HEADER_TASK_COUNT_OFFSET);
BATON_ASSERT(baton_header, helper_slot, BATON_HEADER_HELPER_SLOT_OFFSET);
BATON_ASSERT(baton_header, segment_address, BATON_HEADER_SEGMENT_ADDRESS_OFFSET);
BATON_ASSERT(baton_header, segment_length, BATON_HEADER_SEGMENT_LENGTH_OFFSET);
BATON_ASSERT(baton_header, hole_address, BATON_HEADER_HOLE_ADDRESS_OFFSET);
BATON_ASSERT(baton_header, hole_length, BATON_HEADER_HOLE_LENGTH_OFFSET);
BATON_ASSERT(baton_header, runner_address, BATON_HEADER_RUNNER_ADDRESS_OFFSET);
BATON_ASSERT(baton_header, runner_length, BATON_HEADER_RUNNER_LENGTH_OFFSET);
BATON_ASSERT(baton_header, runner_source, BATON_HEADER_RUNNER_SOURCE_OFFSET);
BATON_ASSERT(baton_header, local_address, BATON_HEADER_LOCAL_ADDRESS_OFFSET);
BATON_ASSERT(baton_header, local_length, BATON_HEADER_LOCAL_LENGTH_OFFSET);
BATON_ASSERT(baton_header, local_count, BATON_HEADER_LOCAL_COUNT_OFFSET);
BATON_ASSERT(baton_header, slots, BATON_HEADER_SLOTS_OFFSET);
BATON_ASSERT(baton_header, context_ring, BATON_HEADER_CONTEXT_RING_OFFSET);
BATON_ASSERT(baton_header, context_ring_capacity, BATON_HEADER_CONTEXT_RING_CAPACITY_OFFSET);
BATON_ASSERT(baton_header, event_ring, BATON_HEADER_EVENT_RING_OFFSET);
BATON_ASSERT(baton_header, event_ring_capacity, BATON_HEADER_EVENT_RING_CAPACITY_OFFSET);
BATON_ASSERT(baton_header, deadline, BATON_HEADER_DEADLINE_OFFSET);
BATON_ASSERT(baton_header, timing, BATON_HEADER_TIMING_OFFSET);
BATON_ASSERT(baton_header, stage, BATON_HEADER_STAGE_OFFSET);
BATON_ASSERT(baton_header, confirmed, BATON_HEADER_CONFIRMED_OFFSET);
BATON_ASSERT(baton_header, expected, BATON_HEADER_EXPECTED_OFFSET);
BATON_ASSERT(baton_header, bell, BATON_HEADER_BELL_OFFSET);
BATON_ASSERT(baton_header, position, BATON_HEADER_POSITION_OFFSET);
BATON_ASSERT(baton_header, abort, BATON_HEADER_ABORT_OFFSET);
BATON_ASSERT(baton_header, context_ring_length, BATON_HEADER_CONTEXT_RING_LENGTH_OFFSET);
BATON_ASSERT(baton_header, writer_waits, BATON_HEADER_WRITER_WAITS_OFFSET);
BATON_ASSERT(baton_header, lanes, BATON_HEADER_LANES_OFFSET);

_Static_assert(sizeof(struct baton_lane) == BATON_LANE_LENGTH, "lane");
BATON_ASSERT(baton_lane, published, BATON_LANE_PUBLISHED_OFFSET);
BATON_ASSERT(baton_lane, reader_waits, BATON_LANE_READER_WAITS_OFFSET);

_Static_assert(sizeof(struct baton_slot) == BATON_SLOT_LENGTH, "slot");
BATON_ASSERT(baton_slot, turn, BATON_SLOT_TURN_OFFSET);
BATON_ASSERT(baton_slot, state, BATON_SLOT_STATE_OFFSET);
BATON_ASSERT(baton_slot, stage, BATON_SLOT_STAGE_OFFSET);
BATON_ASSERT(baton_slot, instruction, BATON_SLOT_INSTRUCTION_OFFSET);
BATON_ASSERT(baton_slot, tag, BATON_SLOT_TAG_OFFSET);
BATON_ASSERT(baton_slot, number, BATON_SLOT_NUMBER_OFFSET);
BATON_ASSERT(baton_slot, error, BATON_SLOT_ERROR_OFFSET);
BATON_ASSERT(baton_slot, tid, BATON_SLOT_TID_OFFSET);
BATON_ASSERT(baton_slot, value, BATON_SLOT_VALUE_OFFSET);
BATON_ASSERT(baton_slot, program, BATON_SLOT_PROGRAM_OFFSET);
BATON_ASSERT(baton_slot, op, BATON_SLOT_OP_OFFSET);
BATON_ASSERT(baton_slot, lane, BATON_SLOT_LANE_OFFSET);
BATON_ASSERT(baton_slot, next, BATON_SLOT_NEXT_OFFSET);
BATON_ASSERT(baton_slot, awaited, BATON_SLOT_AWAITED_OFFSET);
BATON_ASSERT(baton_slot, start, BATON_SLOT_START_OFFSET);
BATON_ASSERT(baton_slot, end, BATON_SLOT_END_OFFSET);
BATON_ASSERT(baton_slot, flags, BATON_SLOT_FLAGS_OFFSET);
BATON_ASSERT(baton_slot, slowest_ticks, BATON_SLOT_SLOWEST_TICKS_OFFSET);
BATON_ASSERT(baton_slot, slowest_tag, BATON_SLOT_SLOWEST_TAG_OFFSET);
BATON_ASSERT(baton_slot, slowest_number, BATON_SLOT_SLOWEST_NUMBER_OFFSET);
BATON_ASSERT(baton_slot, turn_ticks, BATON_SLOT_TURN_TICKS_OFFSET);
BATON_ASSERT(baton_slot, slowest_instruction, BATON_SLOT_SLOWEST_INSTRUCTION_OFFSET);
BATON_ASSERT(baton_slot, slowest_op, BATON_SLOT_SLOWEST_OP_OFFSET);

_Static_assert(sizeof(struct baton_program) == BATON_PROGRAM_HEADER_LENGTH, "program");
BATON_ASSERT(baton_program, count, BATON_PROGRAM_COUNT_OFFSET);
BATON_ASSERT(baton_program, length, BATON_PROGRAM_LENGTH_OFFSET);
BATON_ASSERT(baton_program, position, BATON_PROGRAM_POSITION_OFFSET);
BATON_ASSERT(baton_program, flags, BATON_PROGRAM_FLAGS_OFFSET);

_Static_assert(sizeof(struct baton_instruction) == BATON_INSTRUCTION_LENGTH, "instruction");
BATON_ASSERT(baton_instruction, op, BATON_INSTRUCTION_OP_OFFSET);
BATON_ASSERT(baton_instruction, flags, BATON_INSTRUCTION_FLAGS_OFFSET);
BATON_ASSERT(baton_instruction, expect, BATON_INSTRUCTION_EXPECT_OFFSET);
BATON_ASSERT(baton_instruction, store, BATON_INSTRUCTION_STORE_OFFSET);
BATON_ASSERT(baton_instruction, kinds, BATON_INSTRUCTION_KINDS_OFFSET);
BATON_ASSERT(baton_instruction, number, BATON_INSTRUCTION_NUMBER_OFFSET);
BATON_ASSERT(baton_instruction, tag, BATON_INSTRUCTION_TAG_OFFSET);
BATON_ASSERT(baton_instruction, args, BATON_INSTRUCTION_ARGS_OFFSET);
BATON_ASSERT(baton_instruction, want, BATON_INSTRUCTION_WANT_OFFSET);

_Static_assert(sizeof(struct baton_event) == BATON_EVENT_LENGTH, "event");
BATON_ASSERT(baton_event, slot, BATON_EVENT_SLOT_OFFSET);
BATON_ASSERT(baton_event, stage, BATON_EVENT_STAGE_OFFSET);
BATON_ASSERT(baton_event, time, BATON_EVENT_TIME_OFFSET);
BATON_ASSERT(baton_event, tag, BATON_EVENT_TAG_OFFSET);
BATON_ASSERT(baton_event, error, BATON_EVENT_ERROR_OFFSET);

#endif
