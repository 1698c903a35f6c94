/*
 * A C program with an event loop that is asked before a dump.
 *
 *	cc -o suspend suspend.c -lbaton-task
 *	./suspend log
 */
#include <baton_task.h>
#include <stdio.h>

static const char *log_path;

static void say(const char *what)
{
	FILE *log = fopen(log_path, "a");

	if (log) {
		fprintf(log, "%s\n", what);
		fclose(log);
	}
}

int main(int argc, char **argv)
{
	static const char *const results[] = { "ignored", "continued", "restored" };

	if (argc < 2)
		return 2;
	log_path = argv[1];
	if (baton_open() != 0)
		return 1;
	say("ready");
	for (;;) {
		if (baton_asked(100) == 1) { /* the loop's turn: at most 100 ms */
			baton_answer(BATON_HOUSEKEEPING);
			say("suspend"); /* close connections, write what is to be written */
			say(results[baton_complete()]); /* stands still until it runs on */
		}
	}
}
