#include "agent/transfer_job.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/text.h"
#include "lib/msg/segments.h"

#include <stdio.h>
#include <string.h>

#define URL_MOST	4096
#define SOCKET_MOST	107
#define SIGNATURE_MOST	100
#define MARK_MOST	200
#define CHAIN_MOST	256
#define NAME_MOST	32
#define LOOK_MOST	600000		/* ms */

static enum err
wrong(struct op *op, const char *what)
{
	return op_fail(op, ERR_BAD_REQUEST, "Wrong %s in an order.", what);
}

/* Printable ASCII of [1, most] bytes. */
static bool
is_clean(const char *s, size_t most)
{
	size_t n = s != NULL ? strnlen(s, most + 1) : 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n > 0 && n <= most;
}

/* A map of what is put behind a URL. */
static bool
are_signatures(const struct json *map)
{
	const struct json *value;
	const char *name;
	void *at = NULL;

	if (json_kind(map) != JSON_MAP)
		return false;
	while (json_next(map, &at, &name, &value))
		if (!is_clean(json_str(value), SIGNATURE_MOST))
			return false;
	return true;
}

enum err
leave_read(struct op *op, const struct json *j, struct leave *l)
{
	l->said = j;
	l->signatures = json_get(j, "signed");
	if (l->signatures != NULL && !are_signatures(l->signatures))
		return wrong(op, "signature");
	l->book = json_str(json_get(j, "book/after"));
	l->book_bytes = json_int(json_get(j, "book/bytes"));
	if (json_has(j, "book") && (!is_clean(l->book, URL_MOST) ||
	    l->book_bytes < 1 || l->book_bytes > LEAVE_BOOK_MOST))
		return wrong(op, "book");
	l->socket = json_str(json_get(j, "socket"));
	l->before = json_str(json_get(j, "before"));
	l->after = json_str(json_get(j, "after"));
	if (l->after == NULL)
		l->after = "";
	if (l->socket != NULL && (*l->socket != '/' ||
	    !is_clean(l->socket, SOCKET_MOST)))
		return wrong(op, "socket");
	if (!is_clean(l->before, URL_MOST) ||
	    (strncmp(l->before, "http://", 7) != 0 &&
	    strncmp(l->before, "https://", 8) != 0) ||
	    (*l->after != '\0' && !is_clean(l->after, URL_MOST)))
		return wrong(op, "URL");
	return OK;
}

/* What Trove wrote: {"gzip": true, "opens": hex of key and vector, or null}. */
static enum err
old_read(struct op *op, const struct json *j, struct job_part *p)
{
	const char *hex = json_str(json_get(j, "opens"));

	if (json_kind(j) != JSON_MAP)
		return wrong(op, "form");
	p->old = true;
	p->gzip = json_true(json_get(j, "gzip"));
	p->salted = hex != NULL;
	if (p->salted && (strlen(hex) != 2 * sizeof(p->salted_key) ||
	    !text_unhex((unsigned char *)&p->salted_key, hex,
	    sizeof(p->salted_key))))
		return wrong(op, "key");
	return OK;
}

/* Weak ones are as good as none. */
static enum err
part_read(struct op *op, const struct json *j, const char *leave,
    struct job_part *p)
{
	const char *hex = json_str(json_get(j, "key"));
	static const struct key none;

	p->backup = json_str(json_get(j, "backup"));
	if (p->backup == NULL || !text_is_uuid(p->backup))
		return wrong(op, "backup");
	if (json_has(j, "old") && strcmp(leave, "get") == 0)
		TRY(old_read(op, json_get(j, "old"), p));
	else if (hex == NULL || strlen(hex) != 2 * SEAL_KEY ||
	    !text_unhex(p->key.b, hex, SEAL_KEY) ||
	    seal_equal(&p->key, &none, sizeof(none)))
		return wrong(op, "key");
	TRY(leave_read(op, json_get(j, leave), &p->leave));
	if (p->leave.book != NULL)
		seal_derive(&p->leave.book_key, &p->key, LEAVE_BOOK,
		    p->backup, 0);
	return OK;
}

enum err
job_of_backup(struct op *op, const struct json *body, struct job *job)
{
	int64_t bytes = json_int(json_get(body, "segment_bytes"));
	int64_t most = conf_int("agent.memory_mb") < 1024 ? SEGMENT_SMALL :
	    SEGMENT_MOST;

	int64_t look = json_int(json_get(body, "digest_ms"));

	*job = (struct job){ .part = op_alloc(op, sizeof(*job->part)), .n = 1,
	    .since = json_str(json_get(body, "since")) };
	TRY(part_read(op, body, "put", job->part));
	if (bytes < SEGMENT_LEAST)
		return wrong(op, "segment_bytes");
	if (job->since != NULL && !is_clean(job->since, MARK_MOST))
		return wrong(op, "since");
	if (look < 0 || look > LOOK_MOST)
		return wrong(op, "digest_ms");
	job->digest_ms = (int)look;
	job->segment_bytes = (size_t)(bytes < most ? bytes : most);
	return OK;
}

/* "<backup>_00000000", or without the backup's id; never a way out of there. */
static bool
segment_name(const struct job_part *p, const char **name)
{
	size_t n = strlen(p->backup);

	if (*name == NULL)
		return false;
	if (strncmp(*name, p->backup, n) == 0 && ((*name)[n] == '_' ||
	    (*name)[n] == '.'))
		*name += n + 1;
	return is_clean(*name, NAME_MOST) &&
	    strspn(*name, "0123456789abcdefghijklmnopqrstuvwxyz.") ==
	    strlen(*name);
}

static bool
is_md5(const char *s)
{
	unsigned char digest[MD5_HEX / 2];

	return s != NULL && strlen(s) == MD5_HEX &&
	    text_unhex(digest, s, sizeof(digest));
}

/* A stream of ours knows by itself whether it is right; and so does gzip. */
static bool
md5_fits(const struct job_part *p, const struct json *j,
    const struct segment *s)
{
	if ((!p->old || p->gzip) && json_has(j, "md5") &&
	    json_kind(json_get(j, "md5")) == JSON_NULL)
		return true;
	return is_md5(s->md5);
}

/* Those that follow each other under one name are parts of one object. */
static void
segment_place(struct segment *s, bool first)
{
	struct segment *before = s - 1;

	if (first || strcmp(before->name, s->name) != 0)
		return;
	before->part = s->part = true;
	s->from = before->from + before->bytes;
}

static enum err
segments_read(struct op *op, const struct json *list, struct job_part *p)
{
	int64_t sum = 0;

	p->n = json_count(list);
	if (json_kind(list) != JSON_LIST || p->n == 0)
		return wrong(op, "segments");
	p->segment = op_alloc(op, p->n * sizeof(*p->segment));
	for (size_t i = 0; i < p->n; i++) {
		const struct json *j = json_at(list, i);
		struct segment *s = &p->segment[i];

		s->name = p->old ? "" : json_str(json_get(j, "name"));
		s->bytes = json_int(json_get(j, "bytes"));
		s->md5 = json_str(json_get(j, "md5"));
		if ((!p->old && !segment_name(p, &s->name)) ||
		    !md5_fits(p, j, s) || s->bytes < 1 ||
		    s->bytes > BACKUP_MOST - sum)
			return wrong(op, "segment");
		segment_place(s, i == 0);
		sum += s->bytes;
	}
	return sum == p->bytes ? OK : wrong(op, "bytes");
}

/* Many: only how large they are is told. */
static enum err
segments_count(struct op *op, const struct json *j, struct job_part *p)
{
	p->each = json_int(json_get(j, "each"));
	if (p->old || p->each < SEGMENT_LEAST || p->bytes < 1 ||
	    p->bytes > BACKUP_MOST)
		return wrong(op, "segments");
	p->n = (size_t)((p->bytes + p->each - 1) / p->each);
	return p->n <= SEGMENTS_MOST ? OK : wrong(op, "segments");
}

const struct segment *
job_segment(const struct job_part *p, size_t nth)
{
	static struct segment s;
	static char name[16];

	if (p->segment != NULL)
		return &p->segment[nth];
	snprintf(name, sizeof(name), "%08zu", nth);
	s = (struct segment){ .name = name, .bytes = nth < p->n - 1 ?
	    p->each : p->bytes - (int64_t)nth * p->each };
	return &s;
}

enum err
job_of_restore(struct op *op, const struct json *body, struct job *job)
{
	const struct json *chain = json_get(body, "chain");

	*job = (struct job){ .restore = true, .n = json_count(chain) };
	if (json_kind(chain) != JSON_LIST || job->n == 0 ||
	    job->n > CHAIN_MOST)
		return wrong(op, "chain");
	job->part = op_alloc(op, job->n * sizeof(*job->part));
	for (size_t i = 0; i < job->n; i++) {
		const struct json *j = json_at(chain, i);
		const struct json *all = json_get(j, "segments");
		struct job_part *p = &job->part[i];

		TRY(part_read(op, j, "get", p));
		p->bytes = json_int(json_get(j, "bytes"));
		if (json_kind(all) == JSON_MAP)
			TRY(segments_count(op, all, p));
		else
			TRY(segments_read(op, all, p));
	}
	return OK;
}

enum err
job_of_verify(struct op *op, const struct json *body, struct job *job)
{
	const struct json *known = json_get(body, "digest");
	struct digest *d = op_alloc(op, sizeof(*d));

	*job = (struct job){ .verify = true };
	if (json_kind(known) == JSON_NULL)
		return OK;
	if (digest_read(op, known, d) != OK)
		return wrong(op, "digest");
	job->digest = d;
	return OK;
}

/* --- to the program ---------------------------------------------------------------- */

void
leave_write(struct jsonw *w, const char *name, const struct leave *l)
{
	jsonw_key(w, name);
	jsonw_raw(w, json_text(w->out.op, l->said));
}

static void
old_write(struct jsonw *w, const struct job_part *p)
{
	char hex[2 * sizeof(p->salted_key) + 1];

	text_hex(hex, (const unsigned char *)&p->salted_key,
	    sizeof(p->salted_key));
	jsonw_key(w, "old");
	jsonw_map(w);
	jsonw_kbool(w, "gzip", p->gzip);
	jsonw_kstr(w, "opens", p->salted ? hex : NULL);
	jsonw_map_end(w);
	seal_wipe(hex, sizeof(hex));
}

static void
segments_write(struct jsonw *w, const struct job_part *p)
{
	if (p->segment == NULL && p->n > 0) {
		jsonw_map(w);
		jsonw_kint(w, "each", p->each);
		jsonw_map_end(w);
		return;
	}
	jsonw_list(w);
	for (size_t i = 0; i < p->n; i++) {
		jsonw_map(w);
		jsonw_kstr(w, "name", p->segment[i].name);
		jsonw_kint(w, "bytes", p->segment[i].bytes);
		jsonw_kstr(w, "md5", p->segment[i].md5);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

static void
part_write(struct jsonw *w, const struct job_part *p, const char *leave)
{
	char hex[2 * SEAL_KEY + 1];

	text_hex(hex, p->key.b, SEAL_KEY);
	jsonw_kstr(w, "backup", p->backup);
	if (p->old)
		old_write(w, p);
	else
		jsonw_kstr(w, "key", hex);
	leave_write(w, leave, &p->leave);
	jsonw_key(w, "segments");
	segments_write(w, p);
	jsonw_kint(w, "bytes", p->bytes);
	seal_wipe(hex, sizeof(hex));
}

/* All of the agent's that are no secret: whatever an engine asks for. */
void
settings_of_agent(struct jsonw *w)
{
	char key[64];

	jsonw_key(w, "settings");
	jsonw_map(w);
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		if (strcmp(k->section, "agent") != 0 ||
		    k->kind == CONF_SECRET)
			continue;
		snprintf(key, sizeof(key), "agent.%s", k->name);
		jsonw_kstr(w, k->name, conf_text(key));
	}
	jsonw_map_end(w);
}

const char *
job_write(struct op *op, const struct job *job)
{
	struct jsonw w;

	jsonw_begin(&w, op, 4096);
	jsonw_map(&w);
	settings_of_agent(&w);
	if (job->verify) {
		jsonw_key(&w, "digest");
		jsonw_raw(&w, job->digest != NULL ?
		    digest_write(op, job->digest) : "null");
	} else if (!job->restore) {
		jsonw_kint(&w, "digest_ms", job->digest_ms);
		part_write(&w, job->part, "put");
		jsonw_kint(&w, "segment_bytes", (int64_t)job->segment_bytes);
		jsonw_kstr(&w, "since", job->since);
	} else {
		jsonw_key(&w, "chain");
		jsonw_list(&w);
		for (size_t i = 0; i < job->n; i++) {
			jsonw_map(&w);
			part_write(&w, &job->part[i], "get");
			jsonw_map_end(&w);
		}
		jsonw_list_end(&w);
	}
	jsonw_map_end(&w);
	return w.out.s;
}

enum err
settings_take(struct op *op, const struct json *job)
{
	const struct json *value;
	const char *name;
	void *at = NULL;

	while (json_next(json_get(job, "settings"), &at, &name, &value))
		TRY(conf_set(op, "agent", name, json_str(value) != NULL ?
		    json_str(value) : ""));
	return OK;
}

enum err
job_read(struct op *op, const struct json *j, struct job *job)
{
	if (json_has(j, "digest"))
		return job_of_verify(op, j, job);
	return json_has(j, "chain") ? job_of_restore(op, j, job) :
	    job_of_backup(op, j, job);
}

void
job_wipe(struct job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		seal_wipe(&job->part[i].key, SEAL_KEY);
		seal_wipe(&job->part[i].leave.book_key, SEAL_KEY);
		seal_wipe(&job->part[i].salted_key,
		    sizeof(job->part[i].salted_key));
	}
}
