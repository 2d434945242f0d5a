/* coffer - the operator's tool. */
#include "coffer/command.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/msg/bus.h"
#include "lib/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONF_FILE	COFFER_SYSCONFDIR "/coffer.conf"

/* What scripts may tell apart; 1 is kept for "something differs". */
static const struct { enum err e; int status; } statuses[] = {
	{ ERR_BAD_REQUEST, 2 },
	{ ERR_NOT_FOUND,   3 },
	{ ERR_CONFLICT,    4 },
	{ ERR_UNAVAILABLE, 5 },
};
#define STATUS_OTHER 6

static int
status_of(enum err e)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].e == e)
			return statuses[i].status;
	return STATUS_OTHER;
}

static int
print_help(struct ask *a, char **words, int n)
{
	int found = 0;

	for (const struct command *c = commands; c->name != NULL; c++) {
		char *name = (char *)command_words(&a->op, c);

		if (n > 0 && strcmp(name, words[0]) != 0 &&
		    (strncmp(name, words[0], strlen(words[0])) != 0 ||
		    name[strlen(words[0])] != ' '))
			continue;
		if (n > 1 && command_match(c, words, n) == 0)
			continue;
		if (found++ == 0)
			printf("usage: coffer [-c FILE] [--json] COMMAND\n\n");
		printf("  %s%s%s\n        %s\n", name,
		    *c->usage != '\0' ? " " : "", c->usage, c->help);
	}
	if (found > 0)
		printf("\n  -c FILE        configuration (%s)\n"
		    "  --json         answer in JSON\n"
		    "  -h, --help     this text; of one command after its words\n"
		    "  -V, --version  the version\n", CONF_FILE);
	return found;
}

/* Takes out what may stand anywhere; the number of words left.  -1: no FILE. */
static int
globals_read(struct ask *a, char **argv, bool *help, bool *version)
{
	int n = 0;

	for (char **w = argv; *w != NULL; w++) {
		if (strcmp(*w, "-c") == 0) {
			if ((a->conf = *++w) == NULL)
				return -1;
		} else if (strcmp(*w, "--json") == 0)
			a->json = true;
		else if (strcmp(*w, "-h") == 0 || strcmp(*w, "--help") == 0)
			*help = true;
		else if (n == 0 && (strcmp(*w, "-V") == 0 ||
		    strcmp(*w, "--version") == 0))
			*version = true;	/* later it is a command's own */
		else
			argv[n++] = *w;
	}
	argv[n] = NULL;
	return n;
}

/* "user": its second words, so that a newcomer need not read all of --help. */
static enum err
command_unfinished(struct ask *a, const char *noun)
{
	size_t len = strlen(noun);
	struct text verbs;

	text_begin(&verbs, &a->op, 128);
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strncmp(c->name, noun, len) == 0 && c->name[len] == '_') {
			text_add(&verbs, verbs.len > 0 ? ", " : "");
			text_add(&verbs, c->name + len + 1);
		}
	return verbs.len == 0 ? OK : op_fail(&a->op, ERR_BAD_REQUEST,
	    "%s wants one of: %s (see coffer %s --help)", noun, verbs.s, noun);
}

static enum err
command_find(struct ask *a, char **words, int n, int *took)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		int m = command_match(c, words, n);

		if (m > *took) {
			a->command = c;
			*took = m;
		}
	}
	if (a->command == NULL) {
		TRY(command_unfinished(a, words[0]));
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "no command \"%s%s%s\" (see coffer --help)", words[0],
		    n > 1 ? " " : "", n > 1 ? words[1] : "");
	}
	return OK;
}

/* Without a file the presets count; one that was named has to be there. */
static enum err
make_ready(struct ask *a)
{
	if (a->command->needs == NOTHING)
		return OK;
	if (a->conf != NULL)
		TRY(conf_load(&a->op, a->conf));
	else if (access(CONF_FILE, F_OK) == 0 || errno != ENOENT)
		TRY(conf_load(&a->op, CONF_FILE));
	if (a->command->needs == STORE)
		store_open("coffer_operator");
	return OK;
}

static enum err
run(struct ask *a, char **words, int n)
{
	int took = 0;
	enum err e;

	TRY(command_find(a, words, n, &took));
	a->op.id = command_words(&a->op, a->command);
	if ((e = ask_read(a, words + took, n - took)) != OK)
		return op_fail(&a->op, e, "%s (usage: coffer %s%s%s)",
		    a->op.why, a->op.id, *a->command->usage != '\0' ? " " :
		    "", a->command->usage);
	TRY(make_ready(a));
	return a->command->run(a);
}

static int
finish(struct ask *a, enum err e)
{
	int status = e == OK ? a->differs : status_of(e);

	if (fflush(stdout) != 0 && e == OK)
		status = STATUS_OTHER;
	if (e != OK)
		fprintf(stderr, "coffer: %s%s%s\n",
		    a->command != NULL ? a->op.id : "",
		    a->command != NULL ? ": " : "",
		    a->op.why != NULL ? a->op.why : err_name(e));
	op_end(&a->op);
	bus_close();
	store_close();
	return status;
}

int
main(int argc, char **argv)
{
	static struct ask a;
	bool help = false, version = false;
	int n = argc > 0 ? globals_read(&a, argv + 1, &help, &version) : 0;
	enum err e;

	log_init("coffer", LOG_WARN);
	seal_init();
	op_begin(&a.op, "coffer");
	if (version) {
		printf("coffer %s\n", PACKAGE_VERSION);
		return finish(&a, OK);
	}
	if (n == -1)
		e = op_fail(&a.op, ERR_BAD_REQUEST, "-c wants FILE");
	else if (help && print_help(&a, argv + 1, n) > 0)
		e = OK;
	else if (n == 0)
		e = op_fail(&a.op, ERR_BAD_REQUEST,
		    "no command (see coffer --help)");
	else
		e = run(&a, argv + 1, n);
	return finish(&a, e);
}
