/* SPDX-License-Identifier: Apache-2.0
 *
 * lost DIR: holds things whose names are gone, but for regular files (see ghosts.c): directories, open and entered, symbolic links,
 * named pipes, a device, files that have other names, watched ones, the directory of a dead process; and files with holes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "examined.h"

#define PAGE 4096
#define HOLED (64 * PAGE)

static int directory, place, link_fd, reader, writer, lone, device, linked, linked_again, watched, queue,
	holed;
static char *mapped;
static pid_t inside, beside_dead;

static int is_deleted(const char *link, const char *name)
{
	char target[4096] = "";
	const char *end;

	if (readlink(link, target, sizeof target - 1) < 0)
		return 0;
	end = strrchr(target, '/');
	return end && !strncmp(end + 1, name, strlen(name)) && strstr(target, " (deleted)");
}

static int fd_is_deleted(int fd, const char *name)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return is_deleted(link, name);
}

/* A child that stands in a directory that is no more, until it is asked; its status says whether it still does. */
static pid_t child_in(const char *name, const char *gone)
{
	int signal, pipes[2];
	char byte;
	pid_t child;

	MUST(!pipe(pipes));
	child = fork();
	if (!child) {
		MUST(!chdir(name) && write(pipes[1], "x", 1) == 1);
		close(pipes[0]);
		close(pipes[1]);
		sigwait(&examination, &signal);
		_exit(getcwd(&byte, 1) || errno != ENOENT || !is_deleted("/proc/self/cwd", gone));
	}
	close(pipes[1]);
	MUST(child > 0 && read(pipes[0], &byte, 1) == 1 && read(pipes[0], &byte, 1) == 0);
	close(pipes[0]);
	return child;
}

static void make_process(void)
{
	char name[64], number[32];
	int status;
	pid_t dead = fork();

	if (!dead)
		for (;;)
			pause();
	snprintf(name, sizeof name, "/proc/%d", dead);
	snprintf(number, sizeof number, "%d", dead);
	/* The child enters while the other lives. */
	MUST(dead > 0);
	beside_dead = child_in(name, number);
	MUST(!kill(dead, SIGKILL) && waitpid(dead, &status, 0) == dead);
}

static void make_directories(void)
{
	MUST(!mkdir("gone", 0710) && !mkdir("gone/deeper", 0700));
	directory = open("gone", O_RDONLY | O_DIRECTORY);
	place = open("gone/deeper", O_PATH | O_DIRECTORY);
	inside = child_in("gone/deeper", "deeper");
	MUST(directory >= 0 && place >= 0 && !rmdir("gone/deeper") && !rmdir("gone"));
}

static void make_nodes(void)
{
	MUST(!symlink("leads/nowhere", "link"));
	link_fd = open("link", O_PATH | O_NOFOLLOW);
	MUST(link_fd >= 0 && !unlink("link"));
	MUST(!mkfifo("fifo", 0620) && !mkfifo("lone", 0600));
	reader = open("fifo", O_RDONLY | O_NONBLOCK);
	writer = open("fifo", O_WRONLY);
	lone = open("lone", O_RDWR);
	MUST(reader >= 0 && writer >= 0 && lone >= 0 && write(writer, "unread", 6) == 6);
	MUST(!unlink("fifo") && !unlink("lone"));
	device = -1;
	if (!mknod("null", S_IFCHR | 0640, makedev(1, 3))) {
		device = open("null", O_RDWR);
		MUST(!unlink("null"));
	}
}

static void make_files(void)
{
	int fd = open("linked", O_CREAT | O_RDWR, 0604);

	MUST(fd >= 0 && !ftruncate(fd, PAGE) && !link("linked", "other"));
	linked = fd;
	linked_again = open("linked", O_RDONLY);
	mapped = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(linked_again >= 0 && mapped != MAP_FAILED && lseek(fd, 11, SEEK_SET) == 11 && !unlink("linked"));
	strcpy(mapped, "by another name");
	watched = open("watched", O_CREAT | O_RDWR, 0600);
	queue = inotify_init1(IN_NONBLOCK);
	MUST(watched >= 0 && queue >= 0 && inotify_add_watch(queue, "watched", IN_CLOSE_WRITE) == 1);
	MUST(!unlink("watched"));
	holed = open("holed", O_CREAT | O_RDWR, 0600);
	MUST(holed >= 0 && !unlink("holed") && pwrite(holed, "a", 1, 0) == 1);
	MUST(pwrite(holed, "b", 1, HOLED / 2) == 1 && !ftruncate(holed, HOLED));
}

static void check_directories(void)
{
	struct stat one, other;
	int status;

	CHECK(!fstat(directory, &one) && S_ISDIR(one.st_mode) && (one.st_mode & 07777) == 0710);
	CHECK(fd_is_deleted(directory, "gone") && fd_is_deleted(place, "deeper"));
	CHECK(openat(directory, "new", O_CREAT | O_RDWR, 0600) == -1 && errno == ENOENT);
	char name[64];
	snprintf(name, sizeof name, "/proc/%d/cwd", inside);
	CHECK(!fstat(place, &one) && !stat(name, &other) && one.st_ino == other.st_ino);
	CHECK(!kill(inside, SIGUSR1) && waitpid(inside, &status, 0) == inside && status == 0);
	CHECK(!kill(beside_dead, SIGUSR1) && waitpid(beside_dead, &status, 0) == beside_dead && status == 0);
}

static void check_nodes(void)
{
	char text[64] = "";
	struct stat status;

	CHECK(readlinkat(link_fd, "", text, sizeof text) == 13 && !memcmp(text, "leads/nowhere", 13));
	CHECK(fd_is_deleted(link_fd, "link") && fd_is_deleted(reader, "fifo") && fd_is_deleted(lone, "lone"));
	CHECK(!fstat(writer, &status) && S_ISFIFO(status.st_mode) && (status.st_mode & 07777) == 0620);
	CHECK(write(writer, "!", 1) == 1 && read(reader, text, 64) == 7 && !memcmp(text, "unread!", 7));
	CHECK(write(lone, "x", 1) == 1 && read(lone, text, 64) == 1 && text[0] == 'x');
	if (device >= 0) {
		CHECK(!fstat(device, &status) && status.st_mode == (S_IFCHR | 0640));
		CHECK(status.st_rdev == makedev(1, 3) && fd_is_deleted(device, "null"));
	}
}

static void check_files(void)
{
	struct stat one, other, again;
	char events[PAGE], text[64];

	CHECK(!fstat(linked, &one) && !fstat(linked_again, &again) && !stat("other", &other));
	CHECK(one.st_ino == other.st_ino && one.st_ino == again.st_ino);
	CHECK(lseek(linked, 0, SEEK_CUR) == 11 && fd_is_deleted(linked, "linked"));
	CHECK(!strcmp(mapped, "by another name"));
	mapped[0] = 'B';
	CHECK(pread(linked_again, text, 2, 0) == 2 && !memcmp(text, "By", 2));
	CHECK(!stat("other", &other) && access("linked", F_OK) == -1);
	CHECK(read(queue, events, sizeof events) == -1 && errno == EAGAIN);
	close(watched);
	CHECK(read(queue, events, sizeof events) >= (ssize_t)sizeof(struct inotify_event));
	CHECK(((struct inotify_event *)events)->mask == IN_CLOSE_WRITE &&
	      ((struct inotify_event *)events)->wd == 1);
	CHECK(lseek(holed, 0, SEEK_HOLE) == PAGE && lseek(holed, PAGE, SEEK_DATA) == HOLED / 2);
	CHECK(lseek(holed, HOLED / 2, SEEK_HOLE) == HOLED / 2 + PAGE && lseek(holed, 0, SEEK_END) == HOLED);
	CHECK(pread(holed, text, 1, HOLED / 2) == 1 && text[0] == 'b');
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	umask(0);
	make_process();
	make_directories();
	make_nodes();
	make_files();
	await_examination();
	check_directories();
	check_nodes();
	check_files();
	tell_result();
}
