#include "fcgi/views.h"

/* Of those that move data: how much, of about how much, and how fast. */
static void
progress(struct jsonw *w, const struct task_row *t)
{
	int64_t done = t->moved_bytes, of = t->total_bytes;

	if (!t->moves)
		return;
	jsonw_key(w, "progress");
	jsonw_map(w);
	jsonw_kint(w, "bytes", done);
	if (of > 0) {
		jsonw_kint(w, "of", of);
		jsonw_kint(w, "percent", done >= of ? 100 : done * 100 / of);
	}
	if (t->moving_ms > 0) {
		jsonw_key(w, "mb_per_second");
		jsonw_real(w, (double)done / 1e3 / (double)t->moving_ms, 1);
	}
	jsonw_map_end(w);
}

void
view_task(struct request *r, const struct task_row *t)
{
	struct jsonw *w = &r->out;
	const char *error = NULL;

	if (t->error != NULL)
		task_error_read(&r->op, t->error, &error);
	jsonw_map(w);
	jsonw_kstr(w, "id", t->id);
	jsonw_kstr(w, "kind", t->kind);
	jsonw_kstr(w, "status", t->status);
	jsonw_key(w, "step");
	jsonw_map(w);
	jsonw_kstr(w, "name", t->step);
	jsonw_kint(w, "number", t->step_no);
	jsonw_kint(w, "of", t->step_count);
	jsonw_map_end(w);
	jsonw_kbool(w, "undoing", t->undoing);
	progress(w, t);
	if (t->waits_for != NULL)
		jsonw_kstr(w, "waits_for", t->waits_for);
	view_time(r, "created", t->created);
	view_time(r, "started", t->started);
	view_time(r, "ended", t->ended);
	view_time(r, "deadline", t->deadline);
	jsonw_kint(w, "attempt", t->attempt);
	jsonw_kstr(w, "failed_step", t->failed_step);
	jsonw_kstr(w, "error", error);
	jsonw_kstr(w, "request_id", t->request);
	jsonw_map_end(w);
}
