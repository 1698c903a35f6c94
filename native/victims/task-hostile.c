/* SPDX-License-Identifier: Apache-2.0
 *
 * A process whose suspend page is none, or that does with it what it can:
 *
 *	task-hostile MODE READY
 *
 * small, unsealed, writesealed, kind, version, stranger (of another pid), private, readonly, many (a thousand of them), flip
 * (all bytes change all the time), truncate (tries to, all the time), punch (takes its memory away, all the time). Makes the
 * file READY when it is at it.
 */
#define _GNU_SOURCE
#include "suspend_page.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEAL_SEAL 1
#define SEAL_SHRINK 2
#define SEAL_GROW 4
#define SEAL_WRITE 8

static const char *mode;
static int file;
static volatile unsigned char *bytes;

static int is(const char *name)
{
	return !strcmp(mode, name);
}

static void check(int good)
{
	if (!good) {
		perror(mode);
		_exit(1);
	}
}

static void *disturb(void *unused)
{
	unsigned seed = (unsigned)(size_t)unused + 1;

	for (;;) {
		if (is("flip")) {
			bytes[rand_r(&seed) % BATON_SUSPEND_LENGTH] = (unsigned char)rand_r(&seed);
			/* What is looked at first of all stays good now and then. */
			if (rand_r(&seed) % 4 == 0) {
				((volatile struct baton_suspend_page *)bytes)->magic = BATON_SUSPEND_MAGIC;
				((volatile struct baton_suspend_page *)bytes)->version =
					BATON_SUSPEND_VERSION;
				((volatile struct baton_suspend_page *)bytes)->owner = (uint32_t)getpid();
			}
			if (rand_r(&seed) % 256 == 0)
				usleep(100);
		} else if (is("truncate")) {
			if (ftruncate(file, 0) == 0 || ftruncate(file, BATON_SUSPEND_LENGTH) == 0)
				usleep(10);
			usleep(10);
		} else if (is("punch")) {
			fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, BATON_SUSPEND_LENGTH);
			usleep(10);
		} else {
			pause();
		}
	}
	return NULL;
}

static void *make(void)
{
	struct baton_suspend_page page = { .magic = BATON_SUSPEND_MAGIC, .version = BATON_SUSPEND_VERSION };
	int sharing = is("private") ? MAP_PRIVATE : MAP_SHARED;
	int seals = is("unsealed") ? 0 : SEAL_SEAL | SEAL_SHRINK | SEAL_GROW;

	page.magic += is("kind");
	page.version += is("version");
	page.owner = (uint32_t)(is("stranger") ? getppid() : getpid());
	file = (int)syscall(SYS_memfd_create, BATON_SUSPEND_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	check(file >= 0);
	check(is("small") || ftruncate(file, BATON_SUSPEND_LENGTH) == 0);
	check(is("small") || write(file, &page, sizeof page) == sizeof page);
	if (is("writesealed"))
		seals |= SEAL_WRITE;
	check(fcntl(file, F_ADD_SEALS, seals) == 0);
	void *mapped = mmap(NULL, BATON_SUSPEND_LENGTH,
			    is("readonly") || is("writesealed") ? PROT_READ : PROT_READ | PROT_WRITE, sharing,
			    file, 0);

	check(mapped != MAP_FAILED);
	return mapped;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return 2;
	mode = argv[1];
	bytes = make();
	for (int i = 0; is("many") && i < 1000; i++) {
		close(file);
		make();
	}
	if (!is("truncate") && !is("punch"))
		close(file);
	for (size_t i = 0; i < 2; i++)
		check(pthread_create(&thread, NULL, disturb, (void *)i) == 0);
	check(close(open(argv[2], O_CREAT | O_WRONLY, 0666)) == 0);
	for (;;)
		pause();
}
