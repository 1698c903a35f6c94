/* SPDX-License-Identifier: Apache-2.0
 *
 * libbaton-task: what a program can do about being checkpointed by Baton. Needs nothing but the C library.
 *
 * Being asked first. A process that registers is told before a dump stops it, so that it can bring itself into order:
 * close what cannot be saved, finish what it is writing. It says so by COMPLETE, and stands still inside that call until
 * it may run on, here or wherever it was restored:
 *
 *	static int start(void *context)
 *	{
 *		return BATON_HOUSEKEEPING; // and soon somebody calls baton_complete(); here too, if that is convenient
 *	}
 *	...
 *	baton_register(start, NULL);
 *	...
 *	close_connections();
 *	if (baton_complete() == BATON_RESTORED)
 *		...
 *	open_connections();
 *
 * Who has no thread to spare uses baton_open(), baton_asked() and baton_answer() instead of baton_register().
 *
 * All calls may be made by any thread; none of them from a signal handler. A child made by fork() is not registered, and
 * may register itself; exec ends it. What returns int returns -errno if it fails.
 */
#ifndef BATON_TASK_H
#define BATON_TASK_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BATON_EXPORT __attribute__((visibility("default")))
#else
#define BATON_EXPORT
#endif

/* What the START SUSPEND callback returns. */
#define BATON_POSTPONE 0     /* halt me with those who were not asked */
#define BATON_HOUSEKEEPING 1 /* wait until I call baton_complete() */

/* What baton_complete() returns. */
#define BATON_IGNORED 0	  /* nobody had asked, or it came too late */
#define BATON_CONTINUED 1 /* it was halted, and runs on */
#define BATON_RESTORED 2  /* it was halted, and has been restored from an image since */

/* START SUSPEND. Runs on a thread of the library's, with all signals blocked. */
typedef int (*baton_start_fn)(void *context);

/*
 * Registers the process, and starts a thread that calls START SUSPEND, once for each suspend. Fails with -EALREADY if it
 * is registered, -ENOMEM, -EMFILE, -ENFILE, -EAGAIN (no more threads), -ENOSYS (no memfd_create).
 */
BATON_EXPORT int baton_register(baton_start_fn start, void *context);

/*
 * COMPLETE: the housekeeping is done. Returns at once, BATON_IGNORED, unless a suspend waits for it; else only when the
 * process may run on. The other threads of the process run until the whole tree is halted: see to it that they do not
 * undo what was done.
 */
BATON_EXPORT int baton_complete(void);

/* To be called before answering BATON_POSTPONE: why, for the report; at most 255 bytes of UTF-8. */
BATON_EXPORT void baton_reason(const char *text);

/* Nobody asks any more. A callback that runs is not waited for. */
BATON_EXPORT int baton_unregister(void);

/* Registers the process without a thread of the library's. */
BATON_EXPORT int baton_open(void);

/*
 * Waits for START SUSPEND, at most so many milliseconds; -1: for ever, 0: not at all. Returns 1 if it has come, and is
 * then to be answered; 0 if not yet, or if a signal came in between.
 */
BATON_EXPORT int baton_asked(int timeout_ms);

/* Answers START SUSPEND: BATON_HOUSEKEEPING or BATON_POSTPONE. */
BATON_EXPORT int baton_answer(int answer);

/*
 * Checkpointing oneself, which needs neither a registration nor a daemon: the calling process, with all its threads, or
 * the hierarchy it belongs to. Like fork(), it returns twice: the checkpoint's id, which is positive, in the process that
 * runs on, and 0 in the one that was restored from the image.
 *
 * A hierarchy's other processes must all be in one freezer cgroup that is frozen, and the caller not in it; they stay
 * frozen here, and run on when they are restored.
 */
struct baton_checkpoint_options {
	int root;		      /* pid of the hierarchy's root; 0: the calling process */
	const char *command;	      /* the launcher; NULL: $BATON, else "baton" in PATH */
	const char *log;	      /* file to whose end it writes what went wrong; NULL: nowhere */
	const char *const *arguments; /* more options of `baton dump`, ends with NULL; or NULL */
};

#define BATON_CHECKPOINT_ARGUMENTS 32

/* What a result has that tells that the dump failed; in its low byte, negated, the exit code: see docs/errors.md. */
#define BATON_NOT_DUMPED 0x10000

/*
 * Writes an image to a directory, which is made if it is not there. Returns the id, or 0, as above; -errno if the
 * launcher could not be started; else -(BATON_NOT_DUMPED | exit code), and all runs on as before. Other threads run until
 * they are stopped for the dump. Not to be called from a signal handler.
 */
BATON_EXPORT int baton_checkpoint(const char *images, const struct baton_checkpoint_options *options);

#ifdef __cplusplus
}
#endif

#endif
