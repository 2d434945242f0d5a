/*
 * Published logs go after logs.expiry: not all storage sees to that by itself.
 * Their names say when they were made.
 */
#include "worker/duties.h"
#include "worker/logs.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/cloud/storage.h"

#include <string.h>
#include <time.h>

#define AT_ONCE		16
#define TURNS		20		/* the worker has other duties */
#define LOOKS		30		/* in the time that one is kept */

int64_t
log_object_time(const struct log_where *w, const char *name)
{
	size_t n = strlen(w->prefix);
	struct tm tm = { 0 };
	const char *end;

	if (strncmp(name, w->prefix, n) != 0 ||
	    strncmp(name + n, "/log-", 5) != 0)
		return -1;
	end = strptime(name + n + 5, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || *end != '.')
		return -1;
	return (int64_t)timegm(&tm);
}

const char *
log_object_name(struct op *op, int64_t us)
{
	char s[CLOCK_TEXT];

	clock_text(s, us / 1000000);
	return op_printf(op, "/log-%s.%06d", s, (int)(us % 1000000));
}

enum err
log_objects_remove(struct op *op, const struct log_where *w, int64_t before,
    int *left)
{
	const struct storage_driver *s = cloud_storage();
	struct object *o;
	int n, gone = 0;

	*left = 0;
	TRY(s->list(op, w->tenant, w->container, op_printf(op, "%s/",
	    w->prefix), &o, &n));
	for (int i = 0; i < n; i++) {
		int64_t t = log_object_time(w, o[i].name);

		if (t == -1)
			continue;
		if (t >= before) {
			++*left;
			continue;
		}
		TRY(s->remove(op, w->tenant, w->container, o[i].name));
		gone++;
	}
	if (gone > 0)
		log_info(op, "%s: %d objects removed from storage", w->prefix,
		    gone);
	return *left > 0 ? OK : s->remove(op, w->tenant, w->container,
	    op_printf(op, "%s_metafile", w->prefix));
}

static enum err
sweep_one(struct op *op, const struct log_where *w)
{
	int left;

	TRY(log_objects_remove(op, w, clock_wall_us() / 1000000 -
	    conf_int("logs.expiry"), &left));
	return left > 0 ? OK : log_place_empty(op, w);
}

static enum err
sweep_some(struct op *op, int *n)
{
	int secs = conf_int("logs.expiry") / LOOKS;
	struct log_where *w;

	TRY(log_places_sweep(op, AT_ONCE, secs < 1 ? 1 : secs, &w, n));
	for (int i = 0; i < *n; i++)
		TRY(duty_one(op, sweep_one(op, &w[i]), w[i].prefix));
	return OK;
}

/* It comes seldom, so it takes what is due, not only the first of it. */
enum err
duty_logs(struct op *op, const char *host)
{
	(void)host;
	for (int i = 0, n = AT_ONCE; i < TURNS && n == AT_ONCE; i++)
		TRY(sweep_some(op, &n));
	return OK;
}
