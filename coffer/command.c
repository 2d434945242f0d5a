#include "coffer/command.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

const struct command commands[] = {
#define COMMAND(needs, name, usage, help) \
	{ #name, needs, usage, help, do_##name },
#include "coffer/commands.tbl.h"
#undef COMMAND
	{ 0 }
};

/* One thing the usage allows. */
struct slot {
	const char	*word;		/* "NAME", "--id" */
	const char	*value;		/* of an option: "ID"; NULL: it has none */
	bool		 may, more;	/* [...]; "..." */
};

static const char *
word_take(struct op *op, const char **at)
{
	size_t n = strcspn(*at, " ");
	const char *word = op_strndup(op, *at, n);

	*at += n + ((*at)[n] == ' ');
	return word;
}

/* The usage as slots; the table is our own, so nothing here can be wrong. */
static int
usage_read(struct op *op, const char *usage, struct slot *slot)
{
	int n = 0;

	while (*usage != '\0') {
		struct slot *s = &slot[n++];
		char *w;

		*s = (struct slot){ .may = *usage == '[' };
		usage += s->may;
		s->word = word_take(op, &usage);
		if (strcmp(s->word, "...") == 0) {
			slot[--n - 1].more = true;
			continue;
		}
		if (*s->word == '-' && *usage != '\0' && *usage != '[' &&
		    *usage != '-' && s->word[strlen(s->word) - 1] != ']')
			s->value = word_take(op, &usage);
		w = (char *)(s->value != NULL ? s->value : s->word);
		w[strcspn(w, "]")] = '\0';
	}
	return n;
}

static enum err
option_read(struct ask *a, const struct slot *slot, int n, char **words,
    int *took)
{
	const struct slot *s = slot;

	while (s < slot + n && strcmp(s->word, words[0]) != 0)
		s++;
	if (s == slot + n)
		return op_fail(&a->op, ERR_BAD_REQUEST, "unknown option %s",
		    words[0]);
	if (s->value != NULL && words[1] == NULL)
		return op_fail(&a->op, ERR_BAD_REQUEST, "%s wants %s",
		    s->word, s->value);
	if (ask_option(a, s->word) != NULL)
		return op_fail(&a->op, ERR_BAD_REQUEST, "%s is given twice",
		    s->word);
	if (a->options == ASK_OPTIONS)
		return op_fail(&a->op, ERR_BAD_REQUEST, "too many options");
	a->option[a->options].name = s->word;
	a->option[a->options++].value = s->value != NULL ? words[1] : "";
	*took = s->value != NULL ? 2 : 1;
	return OK;
}

static enum err
all_given(struct ask *a, const struct slot *slot, int n)
{
	int args = 0, most = 0;

	for (const struct slot *s = slot; s < slot + n; s++) {
		if (*s->word == '-') {
			if (!s->may && ask_option(a, s->word) == NULL)
				return op_fail(&a->op, ERR_BAD_REQUEST,
				    "%s %s is missing", s->word, s->value);
			continue;
		}
		if (!s->may && a->args <= args)
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "%s is missing", s->word);
		args++;
		most = s->more ? ASK_ARGS : most + 1;
	}
	if (a->args > most)
		return op_fail(&a->op, ERR_BAD_REQUEST, "one word too many: "
		    "%s", a->arg[most]);
	return OK;
}

enum err
ask_read(struct ask *a, char **words, int n)
{
	struct slot slot[ASK_OPTIONS];
	int slots = usage_read(&a->op, a->command->usage, slot), took;

	for (int i = 0; i < n; i += took) {
		took = 1;
		if (words[i][0] == '-' && words[i][1] != '\0')
			TRY(option_read(a, slot, slots, words + i, &took));
		else if (a->args == ASK_ARGS)
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "too many words");
		else
			a->arg[a->args++] = words[i];
	}
	return all_given(a, slot, slots);
}

const char *
ask_arg(const struct ask *a, int n)
{
	return n < a->args ? a->arg[n] : NULL;
}

const char *
ask_option(const struct ask *a, const char *name)
{
	for (int i = 0; i < a->options; i++)
		if (strcmp(a->option[i].name, name) == 0)
			return a->option[i].value;
	return NULL;
}

enum err
ask_number(struct ask *a, const char *name, int lo, int hi, int preset,
    int *out)
{
	const char *s = ask_option(a, name);
	int64_t n = preset;

	if (s != NULL && !text_number(s, lo, hi, &n))
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "%s wants a number from %d to %d", name, lo, hi);
	*out = (int)n;
	return OK;
}

const char *
command_words(struct op *op, const struct command *c)
{
	char *words = op_strdup(op, c->name);

	for (char *s = words; *s != '\0'; s++)
		if (*s == '_')
			*s = ' ';
	return words;
}

/* How many words its name has, when they are the first of these; else 0. */
int
command_match(const struct command *c, char **words, int n)
{
	const char *at = c->name;
	int took = 0;

	while (*at != '\0') {
		size_t len = strcspn(at, "_");

		if (took == n || strlen(words[took]) != len ||
		    memcmp(words[took], at, len) != 0)
			return 0;
		took++;
		at += len + (at[len] == '_');
	}
	return took;
}
