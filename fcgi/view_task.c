#include "fcgi/views.h"

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
