#include "agent/logs.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/log_pieces.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <string.h>

#define TURN_MS		1000
#define SHARE		128		/* of the volume, one file */
#define LEAST		((int64_t)1 << 20)
#define MOST		((int64_t)16 << 20)
#define FILES_MOST	8		/* logs of an engine */

/* --- duties ---------------------------------------------------------------------- */

static const struct db_log_file *
file_of(const char *name)
{
	const struct db_log_file *f = supervisor_engine()->log_files;

	for (; f != NULL && f->name != NULL; f++)
		if (name != NULL && strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* One without files, in an engine of tests: nothing of it is ever published. */
static enum err
log_say(struct op *op, const struct db_log *l, struct jsonw *w)
{
	const struct db_log_file *f = file_of(l->name);
	int64_t pending = l->size;
	struct log_place place = { 0 };
	bool moved = false;

	if (f != NULL) {
		log_place_read(op, f->name, &place);
		TRY(log_pending(op, f->file, &place, &pending, &moved));
	}
	jsonw_map(w);
	jsonw_kstr(w, "name", l->name);
	jsonw_kbool(w, "system", l->system);
	jsonw_kbool(w, "on", l->on);
	jsonw_kint(w, "published", place.published);
	jsonw_kint(w, "pending", pending);
	jsonw_kbool(w, "moved", moved);
	jsonw_kint(w, "last", log_object_us(place.last));
	jsonw_kstr(w, "again", place.sending.name[0] != '\0' ?
	    place.sending.name : NULL);
	jsonw_map_end(w);
	return OK;
}

enum err
logs_list(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct db_log *l;

	(void)body;
	(void)again;
	if (supervisor_engine()->log_list == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s has no logs",
		    supervisor_engine()->name);
	TRY(supervisor_engine()->log_list(op, &l));
	jsonw_key(answer, "logs");
	jsonw_list(answer);
	for (; l->name != NULL; l++)
		TRY(log_say(op, l, answer));
	jsonw_list_end(answer);
	return OK;
}

enum err
logs_set(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const char *name = json_str(json_get(body, "name"));

	(void)again;
	(void)answer;
	if (supervisor_engine()->log_set == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s has no logs",
		    supervisor_engine()->name);
	if (name == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "No log is named.");
	return supervisor_engine()->log_set(op, name,
	    json_true(json_get(body, "on")));
}

/* All that is there is to be published, once more. */
enum err
logs_forget(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const char *name = json_str(json_get(body, "name"));
	const struct db_log_file *f = file_of(name);

	(void)again;
	(void)answer;
	if (supervisor_engine()->log_files == NULL)
		return OK;
	if (f == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "Log '%s' is not defined.",
		    name != NULL ? name : "");
	return log_place_forget(op, f->name);
}

/* --- rotation -------------------------------------------------------------------- */

int64_t
logs_most(void)
{
	int64_t used, total;

	if (conf_int("agent.log_kb") > 0)
		return (int64_t)conf_int("agent.log_kb") * 1024;
	report_volume(&used, &total);
	total /= SHARE;
	return total < LEAST ? LEAST : total > MOST ? MOST : total;
}

/* Put aside, and no new one there: by an agent that died, or the server did not hear. */
static bool
is_missing(struct op *op, const struct db_log_file *f)
{
	struct log_piece *p;
	int n;

	return log_pieces(op, f->file, &p, &n) == OK && n > 0 &&
	    !p[n - 1].newest;
}

static void
turn(struct op *op, const struct datastore *db, int64_t most)
{
	static bool known, wanted[FILES_MOST];

	for (int i = 0; db->log_files[i].name != NULL && i < FILES_MOST; i++) {
		const struct db_log_file *f = &db->log_files[i];

		if (!known && is_missing(op, f))
			wanted[i] = true;
		if (log_rotate(op, f->file, most)) {
			log_info(op, "log %s was put aside", f->name);
			wanted[i] = true;
		}
		if (!wanted[i] || !supervisor_ready())
			continue;
		wanted[i] = db->log_reopen != NULL &&
		    db->log_reopen(op, f->name) != OK;
		if (wanted[i])
			log_warn(op, "log %s: %s", f->name, op->why);
	}
	known = true;
}

/* Said once, until it goes well again. */
static void
write_down(struct op *op, const struct datastore *db)
{
	static bool said;
	bool bad;

	if (db->log_write == NULL || !supervisor_ready())
		return;
	bad = db->log_write(op) != OK;
	if (bad && !said)
		log_warn(op, "a log is not written: %s", op->why);
	said = bad;
}

void
logs_turn(struct op *op)
{
	static int64_t next;

	if (supervisor_engine()->log_files == NULL || clock_ms() < next)
		return;
	next = clock_ms() + TURN_MS;
	write_down(op, supervisor_engine());
	turn(op, supervisor_engine(), logs_most());
}
