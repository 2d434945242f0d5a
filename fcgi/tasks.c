/* The tasks of an instance: a Coffer extension, for who waits for them. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#define TASKS_SHOWN 50

enum err
tasks_list(struct request *r)
{
	struct instance in;
	struct task_row *rows;
	struct jsonw *w;
	int i, n;

	TRY(instance_of(r, &in));
	TRY(tasks_of_instance(&r->op, in.id, TASKS_SHOWN, &rows, &n));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "tasks");
	jsonw_list(w);
	for (i = 0; i < n; i++)
		view_task(r, &rows[i]);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

enum err
task_view(struct request *r)
{
	struct instance in;
	struct task_row row;
	struct jsonw *w;
	enum err e = ERR_NOT_FOUND;

	TRY(instance_of(r, &in));
	if (text_is_uuid(r->arg[2]))
		e = task_show(&r->op, in.id, r->arg[2], &row);
	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, e, "Task %s cannot be found.",
		    r->arg[2]);
	TRY(e);
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "task");
	view_task(r, &row);
	jsonw_map_end(w);
	return OK;
}
