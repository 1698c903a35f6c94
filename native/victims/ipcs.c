/* SPDX-License-Identifier: Apache-2.0
 *
 * ipcs DIR: System V semaphores, message queues and shared memory that nobody has attached, and POSIX message queues, all in
 * an ipc namespace of its own, some of them used by a child. Files in DIR ask for what is refused: undo, notify, nameless.
 * With a file DIR/ours nothing but a POSIX queue of that namespace which it was started in, "/baton-ipcs"; with DIR/sysv no POSIX queues, which
 * CRIU does not know. See examined.h.
 */
#define _GNU_SOURCE
#include "examined.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>

#define KEY 0x62617432
#define PAGE 4096UL
#define LONGEST 8192

struct message {
	long type;
	char text[LONGEST];
};

static struct message message;
static int set, other_set, queue, other_queue, segment;
static pid_t child;

static void send(int id, long type, int length, char fill)
{
	message.type = type;
	memset(message.text, fill, length);
	MUST(!msgsnd(id, &message, length, IPC_NOWAIT));
}

static int holds(int id, long asked, long type, int length, char fill)
{
	if (msgrcv(id, &message, LONGEST, asked, IPC_NOWAIT) != length || message.type != type)
		return 0;
	for (int i = 0; i < length; i++)
		if (message.text[i] != fill)
			return 0;
	return 1;
}

static void make_sets(void)
{
	unsigned short values[] = { 7, 0, 32767, 1 };
	struct semid_ds description;

	for (int i = 0; i < 3; i++) /* so that numbers are no small ones */
		MUST(!semctl(semget(IPC_PRIVATE, 1, 0600), 0, IPC_RMID));
	set = semget(KEY, 4, IPC_CREAT | IPC_EXCL | 0640);
	other_set = semget(IPC_PRIVATE, 1, 0600);
	MUST(set > 0 && other_set > 0);
	MUST(!semctl(set, 0, SETALL, values));
	MUST(!semctl(set, 0, IPC_STAT, &description));
	description.sem_perm.uid = 1234;
	MUST(!semctl(set, 0, IPC_SET, &description));
}

static void make_queues(void)
{
	struct msqid_ds description;

	for (int i = 0; i < 2; i++)
		MUST(!msgctl(msgget(IPC_PRIVATE, 0600), IPC_RMID, 0));
	queue = msgget(KEY, IPC_CREAT | IPC_EXCL | 0604);
	other_queue = msgget(IPC_PRIVATE, 0600);
	MUST(queue > 0 && other_queue > 0);
	send(queue, 3, 10, 'a');
	send(queue, 1, 0, 0);
	send(queue, 3, LONGEST - 1, 'b');
	send(queue, 2, 13, 'c');
	MUST(!msgctl(queue, IPC_STAT, &description));
	description.msg_perm.gid = 4321;
	description.msg_qbytes = 100; /* less than is in it */
	MUST(!msgctl(queue, IPC_SET, &description));
}

static void make_segment(void)
{
	char *at;

	segment = shmget(KEY, 5 * PAGE - 7, IPC_CREAT | IPC_EXCL | 0600);
	MUST(segment >= 0);
	at = shmat(segment, 0, 0);
	MUST(at != (void *)-1);
	memset(at + PAGE, 0x33, PAGE);
	at[5 * PAGE - 8] = 0x44;
	MUST(!shmdt(at));
}

static mqd_t plain, shared;

static void make_posix_queues(void)
{
	struct mq_attr small = { .mq_maxmsg = 5, .mq_msgsize = 100 };
	mqd_t closed;

	umask(0);
	plain = mq_open("/plain", O_CREAT | O_EXCL | O_RDWR, 0620, 0);
	shared = mq_open("/shared", O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &small);
	closed = mq_open("/closed", O_CREAT | O_EXCL | O_WRONLY, 0600, &small);
	MUST(plain >= 0 && shared >= 0 && closed >= 0);
	MUST(!mq_send(shared, "low", 3, 1) && !mq_send(shared, "high", 4, 9) &&
	     !mq_send(shared, "higher", 6, 9));
	MUST(!mq_send(shared, "", 0, 0));
	MUST(!mq_send(closed, "kept", 4, 32767) && !mq_close(closed));
}

/* Takes one from the first semaphore, and hands on what it finds in /plain. */
static _Noreturn void work(void)
{
	struct sembuf down = { .sem_num = 0, .sem_op = -1 }, wait = { .sem_num = 1, .sem_op = -1 };
	char text[LONGEST];

	MUST(!semop(set, &down, 1) && !semop(set, &(struct sembuf){ .sem_num = 3, .sem_op = 1 }, 1));
	for (;;) {
		int length;

		while (semop(set, &wait, 1)) /* not restarted by any signal */
			MUST(errno == EINTR);
		length = mq_receive(plain, text, sizeof(text), 0);
		MUST(length >= 0 && !mq_send(shared, text, length, 31));
	}
}

static void check_sets(void)
{
	struct semid_ds description;

	CHECK(semget(KEY, 4, 0) == set);
	CHECK(!semctl(set, 0, IPC_STAT, &description));
	CHECK(description.sem_perm.uid == 1234 && (description.sem_perm.mode & 0777) == 0640);
	CHECK(description.sem_nsems == 4);
	CHECK(semctl(set, 0, GETVAL) == 6 && semctl(set, 1, GETVAL) == 0);
	CHECK(semctl(set, 2, GETVAL) == 32767 && semctl(set, 3, GETVAL) == 2);
	CHECK(semctl(set, 0, GETPID) == child && semctl(set, 2, GETPID) == getpid());
	CHECK(!semctl(other_set, 0, GETVAL));
}

static void check_queues(void)
{
	struct msqid_ds description;

	CHECK(msgget(KEY, 0) == queue);
	CHECK(!msgctl(queue, IPC_STAT, &description));
	CHECK(description.msg_perm.gid == 4321 && (description.msg_perm.mode & 0777) == 0604);
	CHECK(description.msg_qbytes == 100 && description.msg_qnum == 4);
	CHECK(holds(queue, 3, 3, 10, 'a'));
	CHECK(holds(queue, 0, 1, 0, 0));
	CHECK(holds(queue, 0, 3, LONGEST - 1, 'b'));
	CHECK(holds(queue, 0, 2, 13, 'c'));
	CHECK(msgrcv(other_queue, &message, LONGEST, 0, IPC_NOWAIT) < 0 && errno == ENOMSG);
}

static void check_segment(void)
{
	char *at = shmat(segment, 0, SHM_RDONLY);

	CHECK(at != (void *)-1 && shmget(KEY, 0, 0) == segment);
	CHECK(!at[0] && at[PAGE] == 0x33 && at[2 * PAGE - 1] == 0x33 && !at[2 * PAGE] &&
	      at[5 * PAGE - 8] == 0x44);
	CHECK(!shmdt(at));
}

static void check_posix_queues(void)
{
	struct mq_attr attributes;
	struct stat status;
	unsigned priority;
	char text[LONGEST] = "";
	mqd_t closed = mq_open("/closed", O_RDONLY | O_NONBLOCK);

	CHECK(!fstat(plain, &status) && (status.st_mode & 07777) == 0620);
	CHECK(!mq_getattr(shared, &attributes));
	CHECK(attributes.mq_maxmsg == 5 && attributes.mq_msgsize == 100 && attributes.mq_flags == O_NONBLOCK);
	CHECK(attributes.mq_curmsgs == 4);
	CHECK(mq_receive(shared, text, 100, &priority) == 4 && priority == 9 && !memcmp(text, "high", 4));
	CHECK(mq_receive(shared, text, 100, &priority) == 6 && priority == 9 && !memcmp(text, "higher", 6));
	CHECK(mq_receive(shared, text, 100, &priority) == 3 && priority == 1);
	CHECK(mq_receive(shared, text, 100, &priority) == 0 && priority == 0);
	CHECK(mq_receive(shared, text, 100, &priority) < 0 && errno == EAGAIN);
	CHECK(mq_receive(closed, text, 100, &priority) == 4 && priority == 32767 && !memcmp(text, "kept", 4));
	/* Through the child, which waits at a semaphore and then at a queue. */
	CHECK(!mq_send(plain, "round", 5, 0) &&
	      !semop(set, &(struct sembuf){ .sem_num = 1, .sem_op = 1 }, 1));
	for (int i = 0; i < 1000 && mq_receive(shared, text, 100, &priority) < 0; i++)
		usleep(5000);
	CHECK(!memcmp(text, "round", 5) && priority == 31);
}

static _Noreturn void use_our_queue(void)
{
	mqd_t ours = mq_open("/baton-ipcs", O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, 0);
	char text[LONGEST];

	MUST(ours >= 0 && !mq_send(ours, "there", 5, 1));
	await_examination();
	CHECK(mq_receive(ours, text, sizeof(text), 0) == 5 && mq_receive(ours, text, sizeof(text), 0) < 0);
	CHECK(errno == EAGAIN && !mq_unlink("/baton-ipcs"));
	tell_result();
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	if (!access("ours", F_OK))
		use_our_queue();
	MUST(!unshare(CLONE_NEWIPC));
	make_sets();
	make_queues();
	make_segment();
	if (access("sysv", F_OK))
		make_posix_queues();
	child = fork();
	if (!child)
		work();
	while (semctl(set, 1, GETNCNT) != 1)
		usleep(1000);
	if (!access("undo", F_OK))
		MUST(!semop(other_set, &(struct sembuf){ .sem_op = 1, .sem_flg = SEM_UNDO }, 1) &&
		     !semop(other_set, &(struct sembuf){ .sem_op = -1, .sem_flg = SEM_UNDO }, 1));
	if (!access("notify", F_OK))
		MUST(!mq_notify(plain, &(struct sigevent){ .sigev_notify = SIGEV_NONE }));
	if (!access("nameless", F_OK))
		MUST(mq_open("/gone", O_CREAT | O_EXCL | O_RDWR, 0600, 0) >= 0 && !mq_unlink("/gone"));
	await_examination();
	check_sets();
	check_queues();
	check_segment();
	if (access("sysv", F_OK))
		check_posix_queues();
	tell_result();
}
