#include "agent/modules.h"

#include "agent/file.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_LEN	100
#define MODULES_MOST	64

struct module {
	const char *id, *name, *type, *md5, *contents;
	const char *status, *message, *created, *updated;
};

/* --- what is written down ----------------------------------------------------- */

static const char *
folder(struct op *op)
{
	return op_printf(op, "%s/agent/modules", conf_str("agent.data"));
}

static void
take(const struct json *j, struct module *m)
{
	*m = (struct module){
		.id = json_str(json_get(j, "id")),
		.name = json_str(json_get(j, "name")),
		.type = json_str(json_get(j, "type")),
		.md5 = json_str(json_get(j, "md5")),
		.contents = json_str(json_get(j, "contents")),
		.status = json_str(json_get(j, "status")),
		.message = json_str(json_get(j, "message")),
		.created = json_str(json_get(j, "created")),
		.updated = json_str(json_get(j, "updated")),
	};
}

static void
module_write(struct jsonw *w, const struct module *m)
{
	jsonw_map(w);
	jsonw_kstr(w, "id", m->id);
	jsonw_kstr(w, "name", m->name);
	jsonw_kstr(w, "type", m->type);
	jsonw_kstr(w, "md5", m->md5);
	jsonw_kstr(w, "status", m->status);
	jsonw_kstr(w, "message", m->message);
	jsonw_kstr(w, "created", m->created);
	jsonw_kstr(w, "updated", m->updated);
	jsonw_map_end(w);
}

static enum err
load(struct op *op, const char *id, struct module *m)
{
	const struct json *j;
	const char *bytes;
	size_t len;

	if (id == NULL || !text_is_uuid(id))
		return op_fail(op, ERR_BAD_REQUEST, "no id of a module");
	TRY(file_get(op, op_printf(op, "%s/%s", folder(op), id), &bytes,
	    &len));
	TRY(json_parse(op, bytes, len, &j));
	take(j, m);
	if (m->id == NULL || strcmp(m->id, id) != 0 || m->name == NULL ||
	    m->type == NULL || m->status == NULL)
		return op_fail(op, ERR_INTERNAL, "module %s is damaged", id);
	return OK;
}

static enum err
store(struct op *op, const struct module *m)
{
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	module_write(&w, m);
	TRY(file_directory(op, folder(op)));
	return file_put(op, op_printf(op, "%s/%s", folder(op), m->id),
	    w.out.s, w.out.len);
}

static void
close_dir(void *d)
{
	closedir(d);
}

/* Calls for each that is written down; one that cannot be read is passed over. */
static enum err
each(struct op *op, enum err (*found)(struct op *, void *, struct module *),
    void *arg)
{
	DIR *d = opendir(folder(op));
	struct dirent *e;
	struct module m;

	if (d == NULL)
		return errno == ENOENT ? OK : op_fail(op, ERR_INTERNAL,
		    "%s: %s", folder(op), strerror(errno));
	op_defer(op, close_dir, d);
	while ((e = readdir(d)) != NULL) {
		if (!text_is_uuid(e->d_name))
			continue;
		if (load(op, e->d_name, &m) != OK)
			log_warn(op, "%s", op->why);
		else
			TRY(found(op, arg, &m));
	}
	return OK;
}

/* --- types ---------------------------------------------------------------------- */

static enum err
ping_apply(struct op *op, struct module *m)
{
	size_t n;
	const char *s = text_unbase64(op, m->contents, &n), *at;

	if (s == NULL || !text_is_utf8(s, n))
		s = m->contents;
	at = strstr(s, "message=");
	m->message = at == NULL ? "" : op_strndup(op, at + 8,
	    strcspn(at + 8, "\r\n"));
	return OK;
}

static const char *
place(struct op *op, const char *name)
{
	return op_printf(op, "%s/modules/%s", conf_str("agent.data"), name);
}

/* Two modules of one name would be one file. */
static enum err
name_is_taken(struct op *op, void *arg, struct module *other)
{
	const struct module *m = arg;

	if (strcmp(m->id, other->id) == 0 || strcmp(other->type, "file") != 0 ||
	    strcmp(m->name, other->name) != 0)
		return OK;
	return op_fail(op, ERR_CONFLICT,
	    "Another module of the name %s is there.", m->name);
}

static enum err
file_apply(struct op *op, struct module *m)
{
	size_t n;
	const char *bytes = text_unbase64(op, m->contents, &n);

	if (bytes == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "no base64");
	TRY(each(op, name_is_taken, m));
	TRY(file_directory(op, op_printf(op, "%s/modules",
	    conf_str("agent.data"))));
	TRY(file_put(op, place(op, m->name), bytes, n));
	m->message = op_printf(op, "modules/%s, %zu bytes", m->name, n);
	return OK;
}

static enum err
file_remove(struct op *op, struct module *m)
{
	const char *path = place(op, m->name);

	if (unlink(path) == -1 && errno != ENOENT)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

static const struct module_type {
	const char *name;
	enum err (*apply)(struct op *, struct module *);
	enum err (*remove)(struct op *, struct module *);	/* NULL: nothing to do */
} types[] = {
	{ "ping", ping_apply, NULL },
	{ "file", file_apply, file_remove },
	{ NULL }
};

static const struct module_type *
type_of(const char *name)
{
	for (const struct module_type *t = types; t->name != NULL; t++)
		if (name != NULL && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

/* --- orders ---------------------------------------------------------------------- */

/* No path: no slash, no dot in front. */
static bool
is_name(const char *s)
{
	const char *p = s;

	while (p != NULL && (isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("._-", *p) != NULL)))
		p++;
	return p != NULL && *p == '\0' && *s != '\0' && *s != '.' &&
	    p - s <= NAME_MAX_LEN;
}

static enum err
module_check(struct op *op, const struct module *m)
{
	if (m->id == NULL || !text_is_uuid(m->id) || m->name == NULL ||
	    m->md5 == NULL || m->contents == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "A module lacks a member.");
	if (type_of(m->type) == NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "Modules of type %s are not known here.",
		    m->type != NULL ? m->type : "-");
	if (strcmp(m->type, "file") == 0 && !is_name(m->name))
		return op_fail(op, ERR_BAD_REQUEST,
		    "The module's name is no name of a file.");
	return OK;
}

enum err
modules_check(struct op *op, const struct json *list)
{
	struct module m;

	if (list != NULL && json_kind(list) != JSON_LIST)
		return op_fail(op, ERR_BAD_REQUEST, "modules is no list.");
	if (json_count(list) > MODULES_MOST)
		return op_fail(op, ERR_BAD_REQUEST, "At most %d modules.",
		    MODULES_MOST);
	for (size_t i = 0; i < json_count(list); i++) {
		take(json_at(list, i), &m);
		TRY(module_check(op, &m));
	}
	return OK;
}

static const char *
now(struct op *op)
{
	time_t t = time(NULL);
	struct tm tm;
	char s[32];

	gmtime_r(&t, &tm);
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm);
	return op_strdup(op, s);
}

/* What is there of an older name goes, whatever becomes of the new one. */
static enum err
apply(struct op *op, struct module *m)
{
	const struct module_type *t = type_of(m->type);
	struct module old = { 0 };
	enum err e = load(op, m->id, &old);

	m->updated = now(op);
	m->created = e == OK && old.created != NULL ? old.created : m->updated;
	if (e == OK && t->remove != NULL && is_name(old.name) &&
	    strcmp(old.name, m->name) != 0)
		TRY(t->remove(op, &old));
	e = t->apply(op, m);
	m->status = e == OK ? "OK" : "ERROR";
	if (e != OK)
		m->message = op->why;
	return store(op, m);
}

enum err
modules_apply(struct op *op, const struct json *list)
{
	struct module m;

	TRY(modules_check(op, list));
	for (size_t i = 0; i < json_count(list); i++) {
		take(json_at(list, i), &m);
		TRY(apply(op, &m));
	}
	return OK;
}

enum err
modules_remove(struct op *op, const char *id)
{
	const struct module_type *t;
	struct module m;

	TRY(load(op, id, &m));
	t = type_of(m.type);
	if (t != NULL && t->remove != NULL && is_name(m.name) &&
	    strcmp(m.status, "OK") == 0)
		TRY(t->remove(op, &m));
	if (unlink(op_printf(op, "%s/%s", folder(op), id)) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", id,
		    strerror(errno));
	return OK;
}

static enum err
list_one(struct op *op, void *arg, struct module *m)
{
	(void)op;
	module_write(arg, m);
	return OK;
}

enum err
modules_list(struct op *op, struct jsonw *w)
{
	jsonw_key(w, "modules");
	jsonw_list(w);
	TRY(each(op, list_one, w));
	jsonw_list_end(w);
	return OK;
}
