/* SPDX-License-Identifier: Apache-2.0
 *
 * A process asks for a checkpoint of itself. The coordinator is a child that the tree does not have: no exit signal, no
 * descriptor of ours, not part of the image. The caller waits for its end in wait4(2), and what that call returns tells
 * which life goes on: the coordinator lets it return the checkpoint's id here, and 0 in the image; should the
 * coordinator fail or die, it returns what it always does.
 */
#define _GNU_SOURCE
#include "baton_task.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_BIT 40 /* io.baton.coordinator.ptrace.Caller has the same: no pid and no errno reaches it */
#define STACK_LENGTH (64 * 1024)
#define NUMBER_LENGTH 12
#define OWN_ARGUMENTS 12
#define NOT_STARTED 127

struct start {
	const char *path;
	char *const *arguments;
	const char *log;
	const sigset_t *mask;
	int error; /* memory is shared with the child until it has called exec */
};

/* In the child, on a stack of its own but in our memory: nothing but system calls. */
static int become_coordinator(void *context)
{
	struct start *start = context;
	struct sigaction action = { .sa_handler = SIG_DFL };
	int log = start->log ? open(start->log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
	int nothing = open("/dev/null", O_RDWR);

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &action, NULL);
	if (nothing < 0 || (start->log && log < 0) || dup2(nothing, STDIN_FILENO) < 0 ||
	    dup2(nothing, STDOUT_FILENO) < 0 || dup2(log < 0 ? nothing : log, STDERR_FILENO) < 0) {
		start->error = errno;
		_exit(NOT_STARTED);
	}
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	setsid();
	sigprocmask(SIG_SETMASK, start->mask, NULL);
	execve(start->path, start->arguments, environ);
	start->error = errno;
	_exit(NOT_STARTED);
}

/* Not the C library's: it would cut the result to an int. */
static long wait_for(pid_t child, int *status)
{
	register long r10 __asm__("r10") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"((long)SYS_wait4), "D"((long)child), "S"(status), "d"((long)__WALL), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static int find(const char *command, char *path)
{
	const char *from = getenv("PATH");

	if (strchr(command, '/')) {
		if (strlen(command) >= PATH_MAX)
			return -ENAMETOOLONG;
		strcpy(path, command);
		return access(path, X_OK) ? -errno : 0;
	}
	while (from && *from) {
		int length = (int)strcspn(from, ":");

		if (length && snprintf(path, PATH_MAX, "%.*s/%s", length, from, command) < PATH_MAX &&
		    !access(path, X_OK))
			return 0;
		from += length + (from[length] == ':');
	}
	return -ENOENT;
}

static int run(struct start *start)
{
	void *stack = mmap(NULL, STACK_LENGTH, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int status = 0;
	pid_t child;
	long result;

	if (stack == MAP_FAILED)
		return -errno;
	child = clone(become_coordinator, (char *)stack + STACK_LENGTH, CLONE_VM | CLONE_VFORK, start);
	result = child < 0 ? -errno : 0;
	munmap(stack, STACK_LENGTH);
	if (result)
		return (int)result;
	do {
		result = wait_for(child, &status);
	} while (result == -EINTR);
	if (result == 0)
		return 0; /* in the life after: there never was a child */
	if (result >> ID_BIT == 1) {
		int id = (int)(result & INT_MAX);

		while (wait_for(child, &status) == -EINTR)
			;
		return id;
	}
	if (result < 0)
		return (int)result;
	if (start->error)
		return -start->error;
	return -(BATON_NOT_DUMPED | (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
}

int baton_checkpoint(const char *images, const struct baton_checkpoint_options *options)
{
	static const struct baton_checkpoint_options none;
	const struct baton_checkpoint_options *chosen = options ? options : &none;
	const char *command = chosen->command ? chosen->command : getenv("BATON");
	char path[PATH_MAX];
	char root[NUMBER_LENGTH];
	char caller[NUMBER_LENGTH];
	const char *argv[OWN_ARGUMENTS + BATON_CHECKPOINT_ARGUMENTS] = { "baton", "dump" };
	int count = 2;
	sigset_t everything;
	sigset_t mask;
	struct start start = { path, (char *const *)argv, chosen->log, &mask, 0 };
	int result = find(command ? command : "baton", path);

	if (!images || !*images)
		return -EINVAL;
	if (result)
		return result;
	snprintf(root, sizeof(root), "%d", (int)(chosen->root > 0 ? chosen->root : getpid()));
	snprintf(caller, sizeof(caller), "%d", (int)syscall(SYS_gettid));
	argv[0] = path;
	argv[count++] = "--leave-running";
	argv[count++] = "--tree";
	argv[count++] = root;
	argv[count++] = "--images-dir";
	argv[count++] = images;
	argv[count++] = "--caller";
	argv[count++] = caller;
	for (int i = 0; chosen->arguments && chosen->arguments[i]; i++) {
		if (i == BATON_CHECKPOINT_ARGUMENTS)
			return -E2BIG;
		argv[count++] = chosen->arguments[i];
	}
	sigfillset(&everything);
	pthread_sigmask(SIG_BLOCK, &everything, &mask);
	result = run(&start);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return result;
}
