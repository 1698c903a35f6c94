/* SPDX-License-Identifier: Apache-2.0
 *
 * notified DIR: watches files and directories by inotify and fanotify, under numbers that are not in a row. See examined.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "examined.h"

static int queue, silent, group, file, folder, symbolic, once;
static char lines[3][4096], now[4096];

static void make(const char *name)
{
	close(open(name, O_CREAT | O_RDWR, 0600));
}

/* The lines of the kernel about what is watched; those of inotify have no order. */
static void describe(int fd, char *to)
{
	char name[64], text[4096], *line;
	ssize_t length;
	int info;

	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	info = open(name, O_RDONLY);
	length = info < 0 ? -1 : read(info, text, sizeof text - 1);
	close(info);
	MUST(length > 0);
	text[length] = 0;
	line = strstr(text, "notify");
	strcpy(to, line ? line : "");
}

static int next_event(int fd, struct inotify_event **event)
{
	static char text[4096] __attribute__((aligned(8)));

	*event = (struct inotify_event *)text;
	return (int)read(fd, text, sizeof text);
}

static void check_inotify(void)
{
	struct inotify_event *event;

	describe(queue, now);
	CHECK(!strcmp(now, lines[0]));
	describe(silent, now);
	CHECK(!strcmp(now, lines[1]) && (fcntl(silent, F_GETFL) & O_NONBLOCK));
	CHECK(next_event(queue, &event) == -1 && errno == EAGAIN);
	make("folder/new");
	CHECK(next_event(queue, &event) > 0 && event->wd == folder && event->mask == IN_CREATE);
	CHECK(!strcmp(event->name, "new"));
	close(open("file", O_RDONLY));
	CHECK(next_event(queue, &event) > 0 && event->wd == file && event->mask == IN_OPEN);
	CHECK(!lchown("link", 0, 0));
	CHECK(next_event(queue, &event) > 0 && event->wd == symbolic && event->mask == IN_ATTRIB);
	CHECK(!chmod("once", 0640));
	CHECK(next_event(queue, &event) > 0 && event->wd == once && event->mask == IN_ATTRIB);
	CHECK(inotify_rm_watch(queue, once) == -1 && errno == EINVAL);
	CHECK(!inotify_rm_watch(queue, file));
}

static void check_fanotify(void)
{
	struct fanotify_event_metadata event;

	describe(group, now);
	CHECK(!strcmp(now, lines[2]));
	CHECK(read(group, &event, sizeof event) == -1 && errno == EAGAIN);
	close(open("marked", O_WRONLY | O_TRUNC));
	CHECK(read(group, &event, sizeof event) == sizeof event && event.mask == FAN_CLOSE_WRITE);
	CHECK(event.pid == getpid() && (fcntl(event.fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
}

static void make_watches(void)
{
	int first;

	make("file");
	make("once");
	make("marked");
	make("ignored");
	MUST(!mkdir("folder", 0700) && !symlink("file", "link"));
	queue = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	silent = inotify_init1(0);
	MUST(queue >= 0 && silent >= 0);
	first = inotify_add_watch(queue, "folder", IN_ALL_EVENTS);
	file = inotify_add_watch(queue, "file", IN_OPEN | IN_EXCL_UNLINK);
	MUST(first == 1 && file == 2 && !inotify_rm_watch(queue, first));
	folder = inotify_add_watch(queue, "folder", IN_CREATE | IN_DELETE);
	symbolic = inotify_add_watch(queue, "link", IN_ATTRIB | IN_DONT_FOLLOW);
	once = inotify_add_watch(queue, "once", IN_ATTRIB | IN_ONESHOT);
	MUST(folder == 3 && symbolic == 4 && once == 5);
	MUST(inotify_add_watch(silent, "/", IN_MOVE_SELF) == 1 && !fcntl(silent, F_SETFL, O_NONBLOCK));
	group = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY | O_LARGEFILE);
	MUST(group >= 0 &&
	     !fanotify_mark(group, FAN_MARK_ADD, FAN_CLOSE_WRITE | FAN_EVENT_ON_CHILD, AT_FDCWD, "marked"));
	MUST(!fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY,
			    FAN_ACCESS, AT_FDCWD, "ignored"));
	MUST(!fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_MODIFY, AT_FDCWD, "/dev/shm"));
}

int main(int argc, char **argv)
{
	struct inotify_event *event;

	enter(argc, argv);
	make_watches();
	while (next_event(queue, &event) > 0)
		;
	describe(queue, lines[0]);
	describe(silent, lines[1]);
	describe(group, lines[2]);
	await_examination();
	check_inotify();
	check_fanotify();
	tell_result();
}
