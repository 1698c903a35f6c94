/* SPDX-License-Identifier: Apache-2.0
 *
 * sysv DIR: System V shared memory, attached by a parent and its child, readable and writable, read only, in pieces,
 * removed while attached; in an ipc namespace of its own if there is a file DIR/own. See examined.h.
 */
#define _GNU_SOURCE
#include "examined.h"
#include <sched.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

#define PAGE 4096UL
#define PAGES 5UL
#define KEY 0x62617431

static volatile unsigned *named;
static volatile unsigned *removed;

static _Noreturn void mirror(int named_id)
{
	/* Its own attachment, besides the one it has from its parent. */
	volatile unsigned *view = shmat(named_id, 0, SHM_RDONLY);

	MUST(view != (void *)-1 && !shmdt((const void *)named));
	removed[2] = 1;
	for (;;) {
		removed[1] = view[0] + 1;
		usleep(5000);
	}
}

static void described(int id, struct shmid_ds *segment)
{
	MUST(!shmctl(id, IPC_STAT, segment));
}

static int same(const struct shmid_ds *one, const struct shmid_ds *other)
{
	return one->shm_perm.__key == other->shm_perm.__key && one->shm_perm.mode == other->shm_perm.mode &&
	       one->shm_perm.uid == other->shm_perm.uid && one->shm_perm.gid == other->shm_perm.gid &&
	       one->shm_segsz == other->shm_segsz && one->shm_nattch == other->shm_nattch;
}

int main(int argc, char **argv)
{
	struct shmid_ds before[2], after[2];
	int named_id, removed_id;

	enter(argc, argv);
	if (!access("own", F_OK))
		MUST(!unshare(CLONE_NEWIPC));
	named_id = shmget(KEY, PAGES * PAGE - 100, IPC_CREAT | IPC_EXCL | 0640);
	removed_id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	MUST(named_id >= 0 && removed_id >= 0);
	named = shmat(named_id, 0, 0);
	removed = shmat(removed_id, 0, 0);
	MUST(named != (void *)-1 && removed != (void *)-1);
	described(named_id, before);
	before->shm_perm.uid = 1234;
	MUST(!shmctl(named_id, IPC_SET, before) && !shmctl(removed_id, IPC_RMID, 0));
	memset((char *)named, 0x5a, PAGE);
	memset((char *)named + 3 * PAGE, 0xa5, PAGE);
	named[0] = 1;
	if (!fork())
		mirror(named_id);
	while (!removed[2])
		usleep(1000);
	MUST(!mprotect((char *)named + PAGE, PAGE, PROT_READ));
	described(named_id, before);
	described(removed_id, before + 1);
	await_examination();

	described(named_id, after);
	described(removed_id, after + 1);
	CHECK(same(before, after));
	CHECK(same(before + 1, after + 1));
	CHECK(((char *)named)[PAGE - 1] == 0x5a && !((char *)named)[PAGE]);
	CHECK(((unsigned char *)named)[3 * PAGE] == 0xa5);
	CHECK(!((char *)named)[4 * PAGE + 1]);
	named[0] = 41;
	for (int i = 0; i < 1000 && removed[1] != 42; i++)
		usleep(5000);
	CHECK(removed[1] == 42);
	CHECK(shmget(KEY, 0, 0) == named_id);
	CHECK(!mprotect((char *)named + PAGE, PAGE, PROT_READ | PROT_WRITE));
	CHECK(!shmctl(named_id, IPC_RMID, 0));
	tell_result();
}
