/*
 * Three files hold it: the settings, a line each; how many starts were made
 * with new ones; and why they were taken back.
 */
#include "agent/settings.h"
#include "agent/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS	"agent/settings"
#define UNTRIED		"agent/settings.untried"
#define REFUSED		"agent/settings.refused"
#define STARTS		2		/* without an answer: then without settings */

int
settings_compare(const void *a, const void *b)
{
	return strcmp(((const struct db_setting *)a)->name,
	    ((const struct db_setting *)b)->name);
}

const struct db_setting *
settings_find(const struct db_setting *s, const char *name)
{
	for (; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static enum err
owned_check(struct op *op, const char *name, const char *const *owned)
{
	for (; *owned != NULL; owned++) {
		size_t n = strcspn(*owned, "*");

		if (strncmp(*owned, name, n) == 0 &&
		    ((*owned)[n] == '*' || name[n] == '\0'))
			return op_fail(op, ERR_BAD_REQUEST,
			    "%s is not a tenant's to set.", name);
	}
	return OK;
}

enum err
settings_canonical(struct op *op, const struct db_setting *s,
    char (*spell)(char), const char *const *owned, struct db_setting **out)
{
	struct db_setting *list;
	size_t n = 0;

	while (s[n].name != NULL)
		n++;
	*out = list = op_alloc(op, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		char *name = op_strdup(op, s[i].name);

		for (char *c = name; *c != '\0'; c++)
			*c = spell(*c);
		list[i] = s[i];
		list[i].name = name;
		TRY(owned_check(op, name, owned));
	}
	qsort(list, n, sizeof(*list), settings_compare);
	return OK;
}

/* name, tab, n or s, tab, value */
enum err
settings_read_from(struct op *op, const char *file,
    const struct db_setting **out)
{
	struct db_setting *s;
	const char *bytes = "";
	char *line, *rest;
	size_t len, lines = 1;
	enum err e;
	int n = 0;

	e = file_get(op, file_data(op, file), &bytes, &len);
	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	for (const char *c = bytes; *c != '\0'; c++)
		lines += *c == '\n';
	*out = s = op_alloc(op, (lines + 1) * sizeof(*s));
	rest = op_strdup(op, bytes);
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		s[n].name = strsep(&line, "\t");
		s[n].number = line != NULL && *line == 'n';
		strsep(&line, "\t");
		s[n].value = line;
		if (s[n++].value == NULL)
			return op_fail(op, ERR_INTERNAL, "%s is damaged", file);
	}
	return OK;
}

enum err
settings_read(struct op *op, const struct db_setting **out)
{
	return settings_read_from(op, SETTINGS, out);
}

enum err
settings_write_to(struct op *op, const char *file, const struct db_setting *s)
{
	struct text t;

	text_begin(&t, op, 1024);
	for (; s->name != NULL; s++)
		text_printf(&t, "%s\t%c\t%s\n", s->name, s->number ? 'n' : 's',
		    s->value);
	return file_put(op, file_data(op, file), t.s, t.len);
}

static void
forget(struct op *op)
{
	unlink(file_data(op, SETTINGS));
	unlink(file_data(op, UNTRIED));
}

enum err
settings_write(struct op *op, const struct db_setting *s)
{
	unlink(file_data(op, REFUSED));
	if (s->name == NULL) {
		forget(op);
		return OK;
	}
	TRY(file_put(op, file_data(op, UNTRIED), "0", 1));
	return settings_write_to(op, SETTINGS, s);
}

/* Starts made with settings that no server answered with yet; -1: one did. */
static int
starts(struct op *op)
{
	const char *s;
	size_t len;

	if (file_get(op, file_data(op, UNTRIED), &s, &len) != OK)
		return -1;
	return atoi(s);
}

static enum err
take_back(struct op *op)
{
	static const char why[] = "The database server did not start with the "
	    "values of its configuration group; it runs without them.";

	log_error(op, "%s", why);
	TRY(file_put(op, file_data(op, REFUSED), why, sizeof(why) - 1));
	forget(op);
	return OK;
}

enum err
settings_start(struct op *op, const struct db_setting **out)
{
	static const struct db_setting none;
	int made = starts(op);

	*out = &none;
	if (made >= STARTS)
		return take_back(op);
	TRY(settings_read(op, out));
	if ((*out)->name == NULL || made < 0)
		return OK;
	return file_put(op, file_data(op, UNTRIED), op_printf(op, "%d", made + 1),
	    1);
}

/* One that ran already when they were written says nothing about them. */
void
settings_started(struct op *op)
{
	if (starts(op) > 0)
		unlink(file_data(op, UNTRIED));
}

const char *
settings_complaint(struct op *op)
{
	const char *path = file_data(op, REFUSED), *why;
	size_t len;

	if (file_get(op, path, &why, &len) != OK)
		return NULL;
	unlink(path);
	return why;
}
