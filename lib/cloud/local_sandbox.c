#include "lib/cloud/local_sandbox.h"
#include "lib/base/text.h"
#include "lib/cloud/local_tree.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char	*name;
	size_t		 at;
} fields[] = {
#define FIELD(name) { #name, offsetof(struct sandbox, name) }
	FIELD(instance), FIELD(dir), FIELD(mode), FIELD(uid), FIELD(volume),
	FIELD(link), FIELD(bridge), FIELD(address), FIELD(prefix),
	FIELD(gateway), FIELD(cgroups), FIELD(bus), FIELD(agent),
	FIELD(home),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char **
field_of(struct sandbox *s, size_t i)
{
	return (const char **)(void *)((char *)s + fields[i].at);
}

enum err
sandbox_write(struct op *op, const struct sandbox *from)
{
	struct sandbox s = *from;
	struct text t;

	text_begin(&t, op, 1024);
	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = *field_of(&s, i);

		if (value != NULL && strchr(value, '\n') != NULL)
			return op_fail(op, ERR_BAD_REQUEST,
			    "sandbox: a line break in %s", fields[i].name);
		text_printf(&t, "%s %s\n", fields[i].name,
		    value == NULL ? "" : value);
	}
	return file_write(op, op_printf(op, "%s/sandbox", s.dir), t.s, 0600);
}

static void
line_take(struct sandbox *s, char *line)
{
	char *value = strchr(line, ' ');

	if (value == NULL)
		return;
	*value++ = '\0';
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].name, line) == 0)
			*field_of(s, i) = value;
}

enum err
sandbox_read(struct op *op, const char *dir, struct sandbox *s)
{
	char *text, *line;
	enum err e;

	*s = (struct sandbox){ .home = "" };	/* older files have none */
	TRY(file_read(op, op_printf(op, "%s/sandbox", dir), &text));
	while ((line = strsep(&text, "\n")) != NULL)
		line_take(s, line);
	for (size_t i = 0; i < FIELDS; i++)
		if (*field_of(s, i) == NULL)
			return op_fail(op, ERR_BAD_REQUEST,
			    "%s/sandbox: no %s", dir, fields[i].name);
	if (sandbox_mode(s) == LOCAL__MAX)
		return op_fail(op, ERR_BAD_REQUEST, "%s/sandbox: mode %s", dir,
		    s->mode);
	s->conf = NULL;
	e = file_read(op, op_printf(op, "%s/agent.conf", dir), &text);
	if (e == OK)
		s->conf = text;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum local_mode
sandbox_mode(const struct sandbox *s)
{
	int m = 0;

	while (m < LOCAL__MAX && strcmp(local_mode_names[m], s->mode) != 0)
		m++;
	return (enum local_mode)m;
}

uid_t
sandbox_uid(const struct sandbox *s)
{
	return (uid_t)strtoul(s->uid, NULL, 10);
}

bool
sandbox_has_view(enum local_mode mode)
{
	return mode == LOCAL_FULL || mode == LOCAL_USERNS;
}

const char *
sandbox_data(const struct sandbox *s)
{
	return sandbox_has_view(sandbox_mode(s)) ? SANDBOX_DATA : s->volume;
}

const char *
sandbox_agent(const struct sandbox *s)
{
	return sandbox_has_view(sandbox_mode(s)) ? SANDBOX_AGENT : s->agent;
}

const char *
sandbox_mover(struct op *op, const struct sandbox *s)
{
	const char *slash = strrchr(s->agent, '/'), *path;

	if (slash == NULL)
		return "";
	path = op_printf(op, "%.*s/coffer-transfer", (int)(slash - s->agent),
	    s->agent);
	return access(path, X_OK) == 0 ? path : "";
}
