#include "lib/base/conf.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 128
#define LINE_MAX_LEN 4096

static char *given[KEYS_MAX];		/* by row of conf_keys; NULL: the preset */

static int
key_find(const char *section, size_t section_len, const char *name)
{
	for (int i = 0; conf_keys[i].section != NULL; i++)
		if (strlen(conf_keys[i].section) == section_len &&
		    memcmp(conf_keys[i].section, section, section_len) == 0 &&
		    strcmp(conf_keys[i].name, name) == 0)
			return i < KEYS_MAX ? i : -1;
	return -1;
}

static bool
yes_or_no(const char *s, bool *out)
{
	static const char *const words[] = { "no", "yes", "false", "true",
	    "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i]) == 0) {
			*out = i % 2;
			return true;
		}
	return false;
}

static bool
value_fits(enum conf_kind kind, const char *value)
{
	int64_t n;
	bool b;

	switch (kind) {
	case CONF_INT:
		return text_number(value, INT32_MIN, INT32_MAX, &n);
	case CONF_SECS:
		return text_number(value, 0, 10 * 365 * 86400, &n);
	case CONF_BOOL:
		return yes_or_no(value, &b);
	default:
		return true;
	}
}

enum err
conf_set(struct op *op, const char *section, const char *name,
    const char *value)
{
	static const char *const want[CONF__MAX] = {
		[CONF_STR] = "text", [CONF_INT] = "a number",
		[CONF_SECS] = "seconds", [CONF_BOOL] = "yes or no",
		[CONF_SECRET] = "text",
	};
	int i = key_find(section, strlen(section), name);

	if (i == -1)
		return op_fail(op, ERR_BAD_REQUEST, "no setting %s in [%s]",
		    name, section);
	if (!value_fits(conf_keys[i].kind, value))
		return op_fail(op, ERR_BAD_REQUEST, "%s.%s wants %s", section,
		    name, want[conf_keys[i].kind]);
	free(given[i]);
	if ((given[i] = strdup(value)) == NULL)
		err(1, "out of memory");
	return OK;
}

static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

/* One line; section holds the current one and is replaced by a [new] one. */
static enum err
line_read(struct op *op, char *line, char section[64])
{
	char *s = trim(line), *eq, *end;

	if (*s == '\0' || *s == '#' || *s == ';')
		return OK;
	if (*s == '[') {
		end = strchr(s, ']');
		if (end == NULL || end[1] != '\0' || end - s > 63)
			return op_fail(op, ERR_BAD_REQUEST, "bad section");
		memcpy(section, s + 1, (size_t)(end - s - 1));
		section[end - s - 1] = '\0';
		return OK;
	}
	if ((eq = strchr(s, '=')) == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "neither [section] nor "
		    "name = value");
	*eq = '\0';
	return conf_set(op, section, trim(s), trim(eq + 1));
}

static void
close_file(void *f)
{
	fclose(f);
}

enum err
conf_load(struct op *op, const char *path)
{
	char line[LINE_MAX_LEN], section[64] = "";
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s: %s", path,
		    strerror(errno));
	op_defer(op, close_file, f);
	for (int n = 1; fgets(line, sizeof(line), f) != NULL; n++) {
		if (strchr(line, '\n') == NULL && !feof(f))
			return op_fail(op, ERR_BAD_REQUEST,
			    "%s:%d: line too long", path, n);
		if (line_read(op, line, section) != OK)
			return op_fail(op, ERR_BAD_REQUEST, "%s:%d: %s", path,
			    n, op->why);
	}
	if (ferror(f))		/* a directory can be opened, but not read */
		return op_fail(op, ERR_BAD_REQUEST, "%s: %s", path,
		    strerror(errno));
	return OK;
}

/* "section.name" is this row's name. */
static bool
row_is(int i, const char *key)
{
	size_t n = strlen(conf_keys[i].section);

	return strncmp(key, conf_keys[i].section, n) == 0 && key[n] == '.' &&
	    strcmp(key + n + 1, conf_keys[i].name) == 0;
}

/* Settings are asked for many times in each request: where one stood is kept. */
static int
key_row(const char *key)
{
	static int seen[KEYS_MAX * 8];	/* row + 1; 0: none yet */
	const char *dot;
	unsigned h = 0;

	for (const char *s = key; *s != '\0'; s++)
		h = h * 31 + (unsigned char)*s;
	h %= KEYS_MAX * 8;
	if (seen[h] != 0 && row_is(seen[h] - 1, key))
		return seen[h] - 1;
	dot = strchr(key, '.');
	seen[h] = 1 + (dot == NULL ? -1 :
	    key_find(key, (size_t)(dot - key), dot + 1));
	return seen[h] - 1;
}

static const char *
value_of(const char *key, enum conf_kind want, enum conf_kind or_this)
{
	int i = key_row(key);

	if (i == -1 || (conf_keys[i].kind != want && conf_keys[i].kind != or_this))
		errx(1, "bug: no setting %s of this kind", key);
	return given[i] != NULL ? given[i] : conf_keys[i].preset;
}

const char *
conf_str(const char *key)
{
	return value_of(key, CONF_STR, CONF_STR);
}

const char *
conf_text(const char *key)
{
	int i = key_row(key);
	enum conf_kind kind = i != -1 ? conf_keys[i].kind : CONF_STR;

	return value_of(key, kind != CONF_SECRET ? kind : CONF_STR, CONF_STR);
}

int
conf_int(const char *key)
{
	return atoi(value_of(key, CONF_INT, CONF_SECS));
}

bool
conf_bool(const char *key)
{
	bool b = false;

	yes_or_no(value_of(key, CONF_BOOL, CONF_BOOL), &b);
	return b;
}

struct secret
conf_secret(const char *key)
{
	return SECRET(value_of(key, CONF_SECRET, CONF_SECRET));
}

void
conf_write_sample(FILE *f)
{
	const char *section = "";

	fprintf(f, "# coffer.conf - every setting with its preset; see "
	    "coffer.conf(5).\n");
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		if (strcmp(section, k->section) != 0)
			fprintf(f, "\n[%s]\n", section = k->section);
		fprintf(f, "# %s\n#%s =%s%s\n", k->help, k->name,
		    *k->preset != '\0' ? " " : "", k->preset);
	}
}

/* mdoc: a line that begins with a dot or quote would be a request. */
static void
man_text(FILE *f, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", f);
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", f);
		else
			fputc(*s, f);
	}
	fputc('\n', f);
}

void
conf_write_man(FILE *f)
{
	static const char *const kinds[CONF__MAX] = {
		[CONF_STR] = "text", [CONF_INT] = "number",
		[CONF_SECS] = "seconds", [CONF_BOOL] = "yes or no",
		[CONF_SECRET] = "secret text",
	};
	const char *section = "";

	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		if (strcmp(section, k->section) != 0) {
			if (*section != '\0')
				fprintf(f, ".El\n");
			fprintf(f, ".Ss [%s]\n.Bl -tag -width Ds\n",
			    section = k->section);
		}
		fprintf(f, ".It Cm %s No = Ar %s", k->name, kinds[k->kind]);
		if (*k->preset != '\0')
			fprintf(f, " No (preset: Li \"%s\" )", k->preset);
		fputc('\n', f);
		man_text(f, k->help);
	}
	fprintf(f, ".El\n");
}
