#include "lib/msg/digest.h"

#include <string.h>

#define TEXT_MOST	256		/* bytes; engines' names are shorter */
#define PART_ROOM	(6 * TEXT_MOST * (DIGEST_DEPTH + 1))	/* all of it escaped */

static enum err
odd(struct op *op, const char *what)
{
	return op_fail(op, ERR_GUEST,
	    "The guest's digest of its data is wrong: %s.", what);
}

/* UTF-8 was looked after by who parsed it. */
static bool
is_text(const char *s)
{
	if (s == NULL || *s == '\0' || strlen(s) > TEXT_MOST)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static enum err
part_read(struct op *op, const struct json *j, struct digest_part *p)
{
	const struct json *path = json_get(j, "path"), *sum;
	size_t n = json_count(path);

	*p = (struct digest_part){ 0 };
	if (json_kind(path) != JSON_LIST || n == 0 || n > DIGEST_DEPTH)
		return odd(op, "a path");
	for (size_t i = 0; i < n; i++) {
		p->path[i] = json_str(json_at(path, i));
		if (!is_text(p->path[i]))
			return odd(op, "a name");
	}
	sum = json_get(j, "sum");
	p->sum = json_str(sum);
	if (json_kind(sum) != JSON_NULL && !is_text(p->sum))
		return odd(op, "a sum");
	return OK;
}

enum err
digest_read(struct op *op, const struct json *j, struct digest *d)
{
	const struct json *parts = json_get(j, "parts");
	size_t n = json_count(parts);

	*d = (struct digest){ .version = json_str(json_get(j, "version")),
	    .more = json_true(json_get(j, "more")) };
	if (json_kind(j) != JSON_MAP || !is_text(d->version))
		return odd(op, "the version");
	if (json_kind(parts) != JSON_LIST || n > DIGEST_PARTS)
		return odd(op, "the number of parts");
	d->part = op_alloc(op, (n + 1) * sizeof(*d->part));
	for (size_t i = 0; i < n; i++)
		TRY(part_read(op, json_at(parts, i), &d->part[i]));
	d->n = (int)n;
	return strlen(digest_write(op, d)) <= DIGEST_MOST ? OK :
	    odd(op, "it is too long");
}

static void
part_write(struct jsonw *w, const struct digest_part *p)
{
	jsonw_map(w);
	jsonw_key(w, "path");
	jsonw_list(w);
	for (int i = 0; i < DIGEST_DEPTH && p->path[i] != NULL; i++)
		jsonw_str(w, p->path[i]);
	jsonw_list_end(w);
	jsonw_kstr(w, "sum", p->sum);
	jsonw_map_end(w);
}

const char *
digest_write(struct op *op, const struct digest *d)
{
	struct jsonw w;
	int i = 0;

	jsonw_begin(&w, op, 4096);
	jsonw_map(&w);
	jsonw_kstr(&w, "version", d->version);
	jsonw_key(&w, "parts");
	jsonw_list(&w);
	for (; i < d->n && i < DIGEST_PARTS &&
	    w.out.len < DIGEST_MOST - PART_ROOM - TEXT_MOST; i++)
		part_write(&w, &d->part[i]);
	jsonw_list_end(&w);
	jsonw_kbool(&w, "more", d->more || i < d->n);
	jsonw_map_end(&w);
	return w.out.s;
}

const char *
digest_name(struct op *op, const struct digest_part *p)
{
	const char *name = p->path[0];

	for (int i = 1; i < DIGEST_DEPTH && p->path[i] != NULL; i++)
		name = op_printf(op, "%s.%s", name, p->path[i]);
	return name;
}
