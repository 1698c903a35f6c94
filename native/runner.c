/* SPDX-License-Identifier: Apache-2.0
 *
 * The runner's two doors. `runner_restore` is where the helper arrives, once per restore; `runner_ask` is where a
 * seized thread is sent, on dump. Both stand at fixed offsets at the start of the text (runner.ld).
 */
#include "runner.h"

#define ADDRESS_END \
	0x7ffffffff000UL /* TASK_SIZE with four-level page tables: nothing above is ours to unmap */

/* A fork copies what is mapped: leave nothing but runner, areas and segment. */
static void drop_everything_else(const struct baton_header *header)
{
	uint64_t end = header->hole_address + header->hole_length;

	sys_munmap(0, header->hole_address);
	sys_munmap(end, ADDRESS_END - end);
}

__attribute__((section(".text.restore"), used)) _Noreturn void runner_restore(struct baton_header *header)
{
	drop_everything_else(header);
	become_task(header, header->helper_slot,
		    (uint8_t *)(header->local_address + header->helper_slot * header->local_length));
}

__attribute__((section(".text.ask"), used)) _Noreturn void runner_ask(struct baton_program *program,
								      uint8_t *local)
{
	struct task task = { 0 };

	task.local = local;
	run_program(&task, program);
	fail(&task, -EPROTO); /* the last instruction is always RETIRE */
}

#define HOLD_STEP 100000 /* ns */

/*
 * Sleeps until that time (CLOCK_MONOTONIC ns; 0: for ever). Not by futex, poll or nanosleep: interrupted, those would
 * overwrite the thread's restart_block, which belongs to the system call that the ask has interrupted.
 */
static void sleep_until(uint64_t time)
{
	for (;;) {
		uint64_t now = monotonic_ns();
		uint64_t left = time > now ? time - now : 0;
		struct kernel_timespec timeout = { (int64_t)(left / NANOSECONDS_PER_SECOND),
						   (int64_t)(left % NANOSECONDS_PER_SECOND) };

		if (time && !left)
			return;
		syscall4(SYS_PPOLL, 0, 0, time ? (long)&timeout : 0, 0);
	}
}

/*
 * In the middle of an ask: tell the coordinator that something is there to be taken, and stand still until it has. Should
 * it be dead, go on at the deadline. In small steps, because nothing that could wake us leaves the restart_block alone.
 */
void hold(uint32_t *word, const uint32_t *go, uint64_t deadline)
{
	store_release(word, 1);
	while (!load_acquire(go)) {
		uint64_t now = monotonic_ns();

		if (now >= deadline)
			break;
		sleep_until(now + HOLD_STEP);
	}
}

/*
 * The end of an ask: tell the coordinator, then stand still until it takes over by ptrace. Should it be dead, nobody
 * will: after the deadline the thread gives itself back the registers it had, from the signal frame prepared for it.
 */
_Noreturn void retire(uint32_t *word, uint64_t frame, uint64_t deadline)
{
	store_release(word, 1);
	futex_wake(word, 1);
	sleep_until(deadline);
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "mov %1, %%eax\n\t"
			 "syscall\n\t"
			 "ud2"
			 :
			 : "r"(frame), "i"(SYS_RT_SIGRETURN)
			 : "memory", "rax");
	__builtin_unreachable();
}
