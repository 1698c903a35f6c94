/* SPDX-License-Identifier: Apache-2.0
 *
 * Making tasks. Each runs on the stack in its own area, processes too: all areas are shared memory, for were they
 * private, every fork would add to the chain of anonymous mappings that the next fork below it has to walk.
 */
#include "runner.h"

#define CLONE_PARENT_SETTID 0x100000

struct clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

/* In the new task the stack is empty, so nothing may return: it goes straight into become_task. */
static long clone_task(struct clone_args *args, struct baton_header *header, uint32_t index, uint8_t *local)
{
	register struct baton_header *r12 __asm__("r12") = header;
	register uint64_t r13 __asm__("r13") = index;
	register uint8_t *r14 __asm__("r14") = local;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "mov %%r13, %%rsi\n\t"
			 "mov %%r14, %%rdx\n\t"
			 "call become_task\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"((long)SYS_CLONE3), "D"(args), "S"(sizeof(*args)), "r"(r12), "r"(r13), "r"(r14)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
	return result;
}

/*
 * args: 0 slot of the child · 1 clone flags · 2 exit signal · 3 address of the pids to use, innermost namespace
 * first · 4 how many
 */
long make_task(struct task *task, const uint64_t *args)
{
	struct baton_header *header = task->header;
	struct baton_slot *slot = (struct baton_slot *)((uint8_t *)header + header->slots) + args[0];
	uint8_t *local = (uint8_t *)(header->local_address + args[0] * header->local_length);
	struct clone_args clone = { 0 };

	if (args[0] >= header->slot_count)
		return -EPROTO;
	/* The kernel tells the slot its tid before anybody can be killed in between. */
	clone.flags = args[1] | CLONE_PARENT_SETTID;
	clone.parent_tid = (uint64_t)&slot->tid;
	clone.exit_signal = args[2];
	clone.set_tid = args[4] ? args[3] : 0;
	clone.set_tid_size = args[4];
	clone.stack = (uint64_t)local;
	clone.stack_size = BATON_LOCAL_STACK_LENGTH;
	return clone_task(&clone, header, (uint32_t)args[0], local);
}

__attribute__((used)) _Noreturn void become_task(struct baton_header *header, uint32_t index, uint8_t *local)
{
	struct task task = { 0 };

	task.header = header;
	task.slot = (struct baton_slot *)((uint8_t *)header + header->slots) + index;
	task.index = index;
	task.local = local;
	store_release(&task.slot->state, BATON_SLOT_STATE_ARRIVED);
	tell(&task, BATON_MESSAGE_ARRIVED, 0);
	run_program(&task, (struct baton_program *)((uint8_t *)header + task.slot->program));
	fail(&task, -EPROTO); /* a program ends in exit, in a wait for the gate, or here */
}

/* The init of a new pid namespace when the tree's root is not it: reaps what is orphaned and ends as the root ended. */
_Noreturn void reap_until(struct task *task, long root)
{
	sys_munmap((uint64_t)task->header, task->header->segment_length);
	for (;;) {
		int32_t status = 0;
		long pid = syscall4(SYS_WAIT4, -1, (long)&status, WAIT_ALL, 0);

		if (pid == root)
			sys_exit_group((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
		if (pid == -ECHILD)
			sys_exit_group(0);
	}
}
