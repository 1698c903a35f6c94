/* SPDX-License-Identifier: Apache-2.0
 *
 * names DIR: holds Unix sockets in DIR whose names are deleted, taken by something else since, or in a directory that is gone;
 * and one that is its own other end. Writes its pid to DIR/ready and waits. Upon SIGUSR1 it looks whether the sockets, and
 * what is in their places, are as they were, and writes what is not, or PASS, to DIR/result.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "examined.h"

static int first, second, pending, receiver, sender, twin[2], twins[2], accepted, client, own;
static struct stat taken, fifo;
static char base[80];

static void address(struct sockaddr_un *name, const char *path)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	MUST(snprintf(name->sun_path, sizeof name->sun_path, "%s", path) < (int)sizeof name->sun_path);
}

static int bound(int type, const char *path, int backlog)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, type, 0);

	address(&name, path);
	MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&name, sizeof name));
	MUST(backlog < 0 || !listen(fd, backlog));
	return fd;
}

static int joined(int type, const char *path)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, type, 0);

	address(&name, path);
	MUST(fd >= 0 && !connect(fd, (struct sockaddr *)&name, sizeof name));
	return fd;
}

static int is_named(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t length = sizeof name;

	return !getsockname(fd, (struct sockaddr *)&name, &length) && !strcmp(name.sun_path, path);
}

static int passes(int in, int out, const char *text)
{
	char bytes[20] = { 0 };

	return send(in, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
	       recv(out, bytes, 19, MSG_DONTWAIT) > 0 && !strcmp(bytes, text);
}

/* Two that listened one after the other under one name, which is now a file's. */
static void make_listeners(void)
{
	char path[100];
	int file;

	snprintf(path, sizeof path, "%s/taken", base);
	first = bound(SOCK_STREAM, path, 5);
	pending = joined(SOCK_STREAM, path);
	MUST(!unlink(path));
	second = bound(SOCK_SEQPACKET, path, 3);
	MUST(!unlink(path));
	file = open(path, O_WRONLY | O_CREAT, 0600);
	MUST(file >= 0 && write(file, "mine", 4) == 4 && !fstat(file, &taken) && !close(file));
}

static void check_listeners(void)
{
	struct stat now;
	char path[100], bytes[10];
	int fd, file;

	snprintf(path, sizeof path, "%s/taken", base);
	fd = accept4(first, 0, 0, SOCK_NONBLOCK);
	CHECK(fd >= 0 && passes(pending, fd, "waited") && is_named(fd, path) && is_named(first, path));
	CHECK(is_named(second, path));
	file = open(path, O_RDONLY);
	CHECK(read(file, bytes, 10) == 4 && !memcmp(bytes, "mine", 4));
	CHECK(!stat(path, &now) && now.st_ino == taken.st_ino &&
	      now.st_mtim.tv_nsec == taken.st_mtim.tv_nsec);
	CHECK(now.st_ctim.tv_sec == taken.st_ctim.tv_sec && now.st_ctim.tv_nsec == taken.st_ctim.tv_nsec);
}

/* In a directory that is gone. */
static void make_homeless(void)
{
	MUST(!mkdir("gone", 0700));
	receiver = bound(SOCK_DGRAM, "gone/receiver", -1);
	sender = joined(SOCK_DGRAM, "gone/receiver");
	MUST(write(sender, "unread", 6) == 6 && !unlink("gone/receiver"));
	twin[0] = bound(SOCK_DGRAM, "gone/receiver", -1);
	twin[1] = joined(SOCK_DGRAM, "gone/receiver");
	MUST(!unlink("gone/receiver") && !socketpair(AF_UNIX, SOCK_DGRAM, 0, twins) && !rmdir("gone"));
}

static void check_homeless(void)
{
	char bytes[10];

	CHECK(read(receiver, bytes, 10) == 6 && passes(sender, receiver, "more") &&
	      is_named(receiver, "gone/receiver"));
	CHECK(passes(twin[1], twin[0], "other") && passes(twins[0], twins[1], "pair"));
	CHECK(access("gone", F_OK) == -1);
}

/* Accepted by one that is no more, under a name that is a pipe's by now. */
static void make_orphan(void)
{
	int listener = bound(SOCK_STREAM, "orphan", 1);

	client = joined(SOCK_STREAM, "orphan");
	accepted = accept(listener, 0, 0);
	MUST(accepted >= 0 && !close(listener) && !unlink("orphan") && !mkfifo("orphan", 0640));
	MUST(!stat("orphan", &fifo));
	own = bound(SOCK_DGRAM, "own", -1);
	struct sockaddr_un name;

	address(&name, "own");
	MUST(!connect(own, (struct sockaddr *)&name, sizeof name) && write(own, "self", 4) == 4);
}

static void check_orphan(void)
{
	struct stat now;
	char bytes[10];

	CHECK(passes(client, accepted, "up") && passes(accepted, client, "down") &&
	      is_named(accepted, "orphan"));
	CHECK(!stat("orphan", &now) && S_ISFIFO(now.st_mode) && now.st_ino == fifo.st_ino);
	CHECK(read(own, bytes, 10) == 4 && !memcmp(bytes, "self", 4) && passes(own, own, "again"));
}

static int entries(void)
{
	DIR *directory = opendir(".");
	int count = 0;

	MUST(directory);
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		count += strcmp(entry->d_name, "taken") && strcmp(entry->d_name, "orphan")
				 ? !strcmp(entry->d_name, "own")
				 : 1;
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	enter(argc, argv);
	MUST(getcwd(base, sizeof base));
	make_listeners();
	make_homeless();
	make_orphan();
	await_examination();
	check_listeners();
	check_homeless();
	check_orphan();
	CHECK(entries() == 3);
	tell_result();
}
