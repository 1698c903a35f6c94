/* SPDX-License-Identifier: Apache-2.0
 *
 * A process's side of the suspend protocol. The page may be written to by whoever may trace us, so nothing that is read
 * from it is used for more than a comparison.
 */
#define _GNU_SOURCE
#include "baton_task.h"

#include "suspend_page.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct baton_suspend_page *page;
static pid_t owner; /* who mapped the page: fork leaves it out of the child, but not this variable */
static int listening;
static uint32_t answered; /* the last round that was */
static baton_start_fn start_callback;
static void *start_context;

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Our page, or NULL if we have not registered: neither have children of who did. */
static struct baton_suspend_page *mine(void)
{
	struct baton_suspend_page *mapped = __atomic_load_n(&page, __ATOMIC_ACQUIRE);

	return mapped && __atomic_load_n(&owner, __ATOMIC_RELAXED) == getpid() ? mapped : NULL;
}

static uint32_t state_word(uint32_t round, uint32_t state)
{
	return round << BATON_SUSPEND_STATE_BITS | state;
}

/* From one state of the round that is on to another; whether it was in that state. Wakes the coordinator only for what
 * it waits for. */
static int step(struct baton_suspend_page *mapped, uint32_t round, uint32_t from, uint32_t to)
{
	uint32_t expected = state_word(round, from);

	if (!__atomic_compare_exchange_n(&mapped->state, &expected, state_word(round, to), 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	if (to == BATON_SUSPEND_COMPLETED || to == BATON_SUSPEND_POSTPONED)
		futex(&mapped->state, FUTEX_WAKE, INT_MAX, NULL);
	return 1;
}

static int make_page(struct baton_suspend_page **made)
{
	int fd = (int)syscall(SYS_memfd_create, BATON_SUSPEND_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct baton_suspend_page *mapped = MAP_FAILED;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, BATON_SUSPEND_LENGTH) == 0 && fcntl(fd, F_ADD_SEALS, BATON_SUSPEND_SEALS) == 0)
		mapped = mmap(NULL, BATON_SUSPEND_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int error = errno;

	close(fd);
	if (mapped == MAP_FAILED)
		return -error;
	/* Whoever forks has not registered his child. */
	madvise(mapped, BATON_SUSPEND_LENGTH, MADV_DONTFORK);
	mapped->magic = BATON_SUSPEND_MAGIC;
	mapped->version = BATON_SUSPEND_VERSION;
	*made = mapped;
	return 0;
}

/* With the lock held. */
static int open_page(void)
{
	struct baton_suspend_page *mapped = mine();

	if (mapped && load(&mapped->owner))
		return -EALREADY;
	if (!mapped) {
		int result = make_page(&mapped);

		if (result < 0)
			return result;
		listening = 0;
		__atomic_store_n(&owner, getpid(), __ATOMIC_RELAXED);
		__atomic_store_n(&page, mapped, __ATOMIC_RELEASE);
	}
	answered = load(&mapped->round);
	__atomic_store_n(&mapped->owner, (uint32_t)getpid(), __ATOMIC_RELEASE);
	return 0;
}

int baton_open(void)
{
	pthread_mutex_lock(&lock);
	int result = open_page();

	pthread_mutex_unlock(&lock);
	return result;
}

int baton_unregister(void)
{
	struct baton_suspend_page *mapped = mine();

	if (!mapped || !load(&mapped->owner))
		return -EINVAL;
	__atomic_store_n(&mapped->owner, 0, __ATOMIC_RELEASE);
	return 0;
}

/* Whether somebody who is alive has marked us IN SUSPEND. */
static int in_suspend(uint32_t hold)
{
	return (hold & BATON_SUSPEND_HOLD_TID_MASK) && !(hold & BATON_SUSPEND_HOLD_DIED);
}

int baton_asked(int timeout_ms)
{
	struct baton_suspend_page *mapped = mine();
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	if (!mapped)
		return -EINVAL;
	for (;;) {
		uint32_t round = load(&mapped->round);

		if (round != answered) {
			answered = round;
			if (in_suspend(load(&mapped->hold)) && load(&mapped->owner)) {
				mapped->reason[0] = 0;
				__atomic_store_n(&mapped->state, state_word(round, BATON_SUSPEND_ENTERED),
						 __ATOMIC_RELEASE);
				return 1;
			}
		} else if (timeout_ms == 0) {
			return 0;
		} else if (futex(&mapped->round, FUTEX_WAIT, round, timeout_ms < 0 ? NULL : &timeout) < 0) {
			if (errno != EAGAIN && timeout_ms > 0)
				return 0;
		}
	}
}

int baton_answer(int answer)
{
	struct baton_suspend_page *mapped = mine();
	uint32_t state = answer == BATON_HOUSEKEEPING ? BATON_SUSPEND_HOUSEKEEPING : BATON_SUSPEND_POSTPONED;

	if (!mapped)
		return -EINVAL;
	/* Unless COMPLETE was faster. */
	step(mapped, answered, BATON_SUSPEND_ENTERED, state);
	return 0;
}

void baton_reason(const char *text)
{
	struct baton_suspend_page *mapped = mine();

	if (!mapped)
		return;
	size_t length = strnlen(text, BATON_SUSPEND_REASON_LENGTH - 1);

	memcpy(mapped->reason, text, length);
	mapped->reason[length] = 0;
}

static void *listen_for_start(void *unused)
{
	(void)unused;
	for (;;) {
		if (baton_asked(-1) != 1)
			return NULL;
		baton_answer(start_callback(start_context));
	}
}

static int start_listener(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(&thread, &attributes, listen_for_start, NULL);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -result;
}

int baton_register(baton_start_fn start, void *context)
{
	pthread_mutex_lock(&lock);
	int result = open_page();

	if (result == 0) {
		start_callback = start;
		start_context = context;
		if (!listening)
			result = start_listener();
		if (result == 0)
			listening = 1;
		else
			baton_unregister();
	}
	pthread_mutex_unlock(&lock);
	return result;
}

/* When this process began, in ticks since boot: it begins anew by being restored. 0 if /proc does not tell. */
static unsigned long long birth(void)
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof text - 1);

	close(fd);
	text[length < 0 ? 0 : length] = 0;
	char *field = strrchr(text, ')'); /* ends the 2nd field; the 22nd is wanted */

	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

int baton_complete(void)
{
	struct baton_suspend_page *mapped = mine();

	if (!mapped)
		return BATON_IGNORED;
	uint32_t hold = load(&mapped->hold);
	uint32_t round = load(&mapped->round);

	if (!in_suspend(hold))
		return BATON_IGNORED;
	unsigned long long born = birth();

	if (!step(mapped, round, BATON_SUSPEND_HOUSEKEEPING, BATON_SUSPEND_COMPLETED) &&
	    !step(mapped, round, BATON_SUSPEND_ENTERED, BATON_SUSPEND_COMPLETED))
		return BATON_IGNORED;
	/* It is taken away when all are halted, or when nobody is there any more who could halt us. */
	while (load(&mapped->hold) == hold && load(&mapped->round) == round)
		futex(&mapped->hold, FUTEX_WAIT, hold, NULL);
	step(mapped, round, BATON_SUSPEND_COMPLETED, BATON_SUSPEND_RETURNED);
	return birth() == born ? BATON_CONTINUED : BATON_RESTORED;
}
