/* SPDX-License-Identifier: Apache-2.0
 *
 * Executes a program block: one instruction after the other, each checked against what it must return. No jumps,
 * no policy: what to do, in which order and what counts as success was decided in Java.
 */
#include "runner.h"

static uint64_t operand(struct task *task, struct baton_program *program, unsigned int kind, uint64_t value)
{
	switch (kind) {
	case BATON_OPERAND_VALUE:
		return value;
	case BATON_OPERAND_REGISTER:
		return value < BATON_REGISTER_COUNT ? task->registers[value] : 0;
	case BATON_OPERAND_DATA:
		return (uint64_t)program + value;
	case BATON_OPERAND_SEGMENT:
		return (uint64_t)task->header + value;
	case BATON_OPERAND_LOCAL:
		return (uint64_t)task->local + BATON_LOCAL_SCRATCH_OFFSET + value;
	case BATON_OPERAND_LOCAL_INT:
		return (uint64_t)(int64_t) * (int32_t *)(task->local + BATON_LOCAL_SCRATCH_OFFSET + value);
	case BATON_OPERAND_SEGMENT_INT:
		return (uint64_t)(int64_t) * (int32_t *)((uint8_t *)task->header + value);
	default:
		return 0;
	}
}

static int as_expected(const struct baton_instruction *instruction, long result)
{
	switch (instruction->expect) {
	case BATON_EXPECT_ANY:
		return 1;
	case BATON_EXPECT_SUCCESS:
		return !is_error(result);
	case BATON_EXPECT_EQUAL:
		return (uint64_t)result == instruction->want;
	case BATON_EXPECT_SUCCESS_OR:
		return !is_error(result) || (uint64_t)-result == instruction->want;
	default:
		return 0;
	}
}

/* First error wins: the slot says what happened, `abort` says who was first, and the coordinator does the rest. */
_Noreturn void fail(struct task *task, long result)
{
	uint32_t none = 0;

	if (task->slot) {
		task->slot->value = (uint64_t)result;
		task->slot->error = is_error(result) ? (int32_t)-result : EPROTO;
		store_release(&task->slot->state, BATON_SLOT_STATE_FAILED);
		__atomic_compare_exchange_n(&task->header->abort, &none, task->index + 1, 0, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
		tell(task, BATON_MESSAGE_FAILED, task->slot->error);
		ring_bell(task);
		/* The coordinator kills the tree; this only keeps a task from outliving a coordinator that cannot. */
		for (;;) {
			long waited = futex_wait(&task->slot->state, BATON_SLOT_STATE_FAILED,
						 task->header->deadline);

			if (waited == -ETIMEDOUT)
				break;
		}
	}
	sys_exit_group(BATON_SLOT_STATE_FAILED);
}

static long execute(struct task *task, struct baton_instruction *instruction, const uint64_t *args)
{
	switch (instruction->op) {
	case BATON_OP_SYSCALL:
		return syscall6(instruction->number, (long)args[0], (long)args[1], (long)args[2],
				(long)args[3], (long)args[4], (long)args[5]);
	case BATON_OP_CLONE:
		return make_task(task, args);
	case BATON_OP_CONFIRM:
		confirm(task, (uint32_t)args[0]);
		return 0;
	case BATON_OP_AWAIT:
		await(task, (uint32_t)args[0]);
		return 0;
	case BATON_OP_TURN:
		take_turn(task);
		return 0;
	case BATON_OP_REAP:
		reap_until(task, (long)args[0]);
	case BATON_OP_RETIRE:
		retire((uint32_t *)args[0], args[1], args[2]);
	case BATON_OP_GUARD:
		guard(task, args);
		return 0;
	case BATON_OP_AFTER:
		if (args[0] >= task->header->slot_count)
			return -EPROTO;
		after(task, args[0]);
		return 0;
	case BATON_OP_HOLD:
		hold((uint32_t *)args[0], (const uint32_t *)args[1], args[2]);
		return 0;
	case BATON_OP_POKE:
		*(uint64_t *)args[0] = args[1];
		return 0;
	default:
		return -EPROTO;
	}
}

/* Keeps the slowest one; what waits for others is not slow but early. */
static void note_duration(struct task *task, const struct baton_instruction *instruction, uint32_t index,
			  uint64_t ticks)
{
	struct baton_slot *slot = task->slot;

	if (ticks <= slot->slowest_ticks)
		return;
	slot->slowest_ticks = ticks;
	slot->slowest_tag = instruction->tag;
	slot->slowest_number = instruction->number;
	slot->slowest_instruction = index;
	slot->slowest_op = instruction->op;
}

void run_program(struct task *task, struct baton_program *program)
{
	struct baton_instruction *instruction = (struct baton_instruction *)(program + 1);

	for (uint32_t i = 0; i < program->count; i++, instruction++) {
		uint64_t args[6];
		uint64_t begun = 0;
		long result;

		for (int a = 0; a < 6; a++)
			args[a] = operand(task, program, (instruction->kinds >> (4 * a)) & 15,
					  instruction->args[a]);
		if (task->slot) {
			task->slot->instruction = i;
			task->slot->tag = instruction->tag;
			task->slot->number = instruction->number;
			task->slot->op = instruction->op;
			if (task->header->timing && instruction->op <= BATON_OP_CLONE)
				begun = ticks();
		}
		result = execute(task, instruction, args);
		if (begun)
			note_duration(task, instruction, i, ticks() - begun);
		if (!as_expected(instruction, result))
			fail(task, result);
		if (instruction->flags & BATON_INSTRUCTION_FLAG_RESULT)
			instruction->want = (uint64_t)result;
		if (instruction->store && instruction->store <= BATON_REGISTER_COUNT)
			task->registers[instruction->store - 1] = (uint64_t)result;
	}
}
