#include "agent/log_job.h"
#include "agent/db_logs.h"
#include "agent/transfer_job.h"
#include "lib/base/jsonw.h"

#include <string.h>

#define EXPIRY_MOST	((int64_t)100 * 365 * 86400)
#define AT_MOST		((int64_t)253402300000 * 1000000)	/* the end of the year 9999 */

enum err
log_job_read(struct op *op, const struct datastore *engine,
    const struct json *body, struct log_job *job)
{
	const struct db_log_file *f = engine->log_files;

	*job = (struct log_job){ .name = json_str(json_get(body, "name")),
	    .at = json_int(json_get(body, "at")),
	    .expiry = json_int(json_get(body, "expiry")) };
	if (f == NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "Log actions are not supported.");
	while (f->name != NULL && (job->name == NULL ||
	    strcmp(f->name, job->name) != 0))
		f++;
	if (f->name == NULL)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Log '%s' is not defined.",
		    job->name != NULL ? job->name : "");
	job->file = f;
	if (job->at <= 0 || job->at > AT_MOST || job->expiry < 1 ||
	    job->expiry > EXPIRY_MOST)
		return op_fail(op, ERR_BAD_REQUEST, "Wrong time in an order.");
	return leave_read(op, json_get(body, "put"), &job->leave);
}

const char *
log_job_write(struct op *op, const struct log_job *job)
{
	struct jsonw w;

	jsonw_begin(&w, op, 2048);
	jsonw_map(&w);
	settings_of_agent(&w);
	jsonw_key(&w, "log");
	jsonw_map(&w);
	jsonw_kstr(&w, "name", job->name);
	jsonw_kint(&w, "at", job->at);
	jsonw_kint(&w, "expiry", job->expiry);
	leave_write(&w, "put", &job->leave);
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	return w.out.s;
}
