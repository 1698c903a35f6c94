/* SPDX-License-Identifier: Apache-2.0
 * Fixed entry points of the runner: BATON_RUNNER_RESTORE_OFFSET 0, BATON_RUNNER_ASK_OFFSET 16. */
	.section .text.doors, "ax", @progbits
	.globl runner_doors
runner_doors:
	jmp runner_restore
	.balign 16
	jmp runner_ask
	.balign 16
	.section .note.GNU-stack, "", @progbits
