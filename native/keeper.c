/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper: holds descriptors open between two dumps of a tree, until the tree's root is dead. It takes a pidfd of
 * the root as descriptor 3 and does nothing with the others but have them.
 */
#include "syscall.h"

#define ROOT_FD 3
#define POLLIN 1
#define PR_SET_NAME 15

struct poll_entry {
	int fd;
	short events;
	short returned;
};

__attribute__((used)) _Noreturn void keeper_main(void)
{
	struct poll_entry root = { ROOT_FD, POLLIN, 0 };
	long result;

	syscall4(SYS_PRCTL, PR_SET_NAME, (long)"baton-keeper", 0, 0);
	syscall4(SYS_CHDIR, (long)"/", 0, 0, 0); /* or nobody could unmount where we were started */
	do
		result = syscall6(SYS_PPOLL, (long)&root, 1, 0, 0, 0, 0);
	while (result == 0 || result == -EINTR);
	sys_exit_group(0);
}

__asm__(".globl _start\n"
	"_start:\n\t"
	"xor %ebp, %ebp\n\t"
	"and $-16, %rsp\n\t"
	"call keeper_main\n\t"
	"ud2\n");
