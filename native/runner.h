/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the runner share. The runner is position independent, has no data section and no global
 * state: everything it knows is in the thread's `struct task`, on the thread's own stack.
 */
#ifndef BATON_RUNNER_H
#define BATON_RUNNER_H

#include "futex.h"
#include "layout.h"
#include "ring.h"
#include "syscall.h"

#define WAIT_ALL 0x40000000L /* __WALL: also children whose exit signal is not SIGCHLD */

struct task {
	struct baton_header *header; /* 0 when the runner asks a task on dump: there is no segment then */
	struct baton_slot *slot;
	uint32_t index; /* of the slot */
	uint8_t *local; /* this task's area */
	uint64_t registers[BATON_REGISTER_COUNT];
};

/* interpreter.c */
void run_program(struct task *task, struct baton_program *program);
_Noreturn void fail(struct task *task, long result);

/* turn.c */
void confirm(struct task *task, uint32_t stage);
void await(struct task *task, uint32_t stage);
void take_turn(struct task *task);
void guard(struct task *task, const uint64_t *args);
void after(struct task *task, uint64_t slot);
void tell(struct task *task, int32_t type, int32_t error);
void ring_bell(struct task *task);

/* hierarchy.c */
long make_task(struct task *task, const uint64_t *args);
_Noreturn void become_task(struct baton_header *header, uint32_t index, uint8_t *local);
_Noreturn void reap_until(struct task *task, long root);

/* runner.c */
_Noreturn void retire(uint32_t *word, uint64_t frame, uint64_t deadline);
void hold(uint32_t *word, const uint32_t *go, uint64_t deadline);

#endif
