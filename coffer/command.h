/*
 * command - one line of the operator: what was asked, and how it is answered.
 * commands.tbl.h is the whole tool on one page; the parser, --help and
 * coffer(8) are made from it.
 */
#ifndef COFFER_COMMAND_H
#define COFFER_COMMAND_H

#include "lib/base/op.h"

#include <stdbool.h>

#define ASK_ARGS	64
#define ASK_OPTIONS	16

enum needs { NOTHING, CONF, STORE };	/* what is made ready before it runs */

struct ask;
struct command {
	const char	*name;		/* "datastore_add": the words, joined */
	enum needs	 needs;
	const char	*usage;		/* "NAME [--id ID]": see ask_read() */
	const char	*help;		/* one line */
	enum err	(*run)(struct ask *);
};
extern const struct command commands[];	/* ends with a NULL name */

struct ask {
	struct op	 op;		/* first: commands pass &a->op */
	const struct command *command;
	bool		 json;		/* --json */
	const char	*conf;		/* -c FILE, or NULL */
	const char	*arg[ASK_ARGS];	/* in the order of the usage */
	int		 args;
	struct { const char *name, *value; } option[ASK_OPTIONS];
	int		 options;
	bool		 differs;	/* audit, db status: exit status 1 */
};

/*
 * Reads words against the usage of a command.  WORD: must be given; [WORD]: may
 * be; WORD ...: one or more; --x V: must; [--x V], [--x]: may.
 * ERR_BAD_REQUEST with a text for the operator.
 */
enum err	 ask_read(struct ask *, char **words, int n);
const char	*ask_arg(const struct ask *, int);	/* NULL: not given */
const char	*ask_option(const struct ask *, const char *name);
	/* NULL: not given; "" for one without a value */
/* The option's value as a number in [lo, hi], or preset. */
enum err	 ask_number(struct ask *, const char *name, int lo, int hi,
		    int preset, int *out);

/* "datastore add"; the op's. */
const char	*command_words(struct op *, const struct command *);
/* Does the name begin with these n words?  The longest match is the command. */
int		 command_match(const struct command *, char **words, int n);

#define COMMAND(needs, name, usage, help) enum err do_##name(struct ask *);
#include "coffer/commands.tbl.h"
#undef COMMAND

#endif
