#include "fcgi/defaults.h"

#include "lib/base/engines.h"

#include <stdlib.h>
#include <string.h>

enum how { TEXT, NUMBER, SHARE, SERVER_ID, BUFFERS, CACHE };

static const struct default_row {
	unsigned engines;
	const char *option;
	enum how how;
	const char *value;
} rows[] = {
#define DEFAULT(engines, option, how, value) { DEFAULTS_##engines, #option, how, value },
#include "fcgi/defaults.tbl.h"
#undef DEFAULT
};

/* number: "5.7.29" */
static unsigned
rows_of(const char *manager, const char *number)
{
	const struct engine *e = engine_find(manager);

	if (e == NULL)
		return 0;
	return strtod(number, NULL) < e->contract->defaults_since ?
	    e->contract->defaults_old : e->contract->defaults;
}

/* A number of 31 bits that an instance keeps. */
static int
server_id(const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	hash &= INT32_MAX;
	return hash != 0 ? (int)hash : 1;
}

static void
share(struct jsonw *w, const struct default_row *row, int ram_mb)
{
	char *unit;
	long long n = strtoll(row->value, &unit, 10) * ram_mb / 512;

	if (*unit == '\0')
		jsonw_int(w, n);
	else
		jsonw_str(w, op_printf(w->out.op, "%lld%s", n, unit));
}

static void
value(struct jsonw *w, const struct default_row *row,
    const struct defaults_of *of)
{
	int mb = of->ram_mb;

	switch (row->how) {
	case TEXT:
		jsonw_str(w, row->value);
		break;
	case NUMBER:
		jsonw_raw(w, row->value);
		break;
	case SHARE:
		share(w, row, mb);
		break;
	case SERVER_ID:
		jsonw_int(w, server_id(of->instance));
		break;
	case BUFFERS:
		jsonw_str(w, op_printf(w->out.op, "%dMB",
		    mb * (mb >= 3072 ? 25 : 10) / 100));
		break;
	case CACHE:
		jsonw_str(w, op_printf(w->out.op, "%dMB",
		    mb - 512 > 512 ? mb - 512 : 512));
	}
}

bool
view_defaults(struct jsonw *w, const struct defaults_of *of)
{
	unsigned wanted = rows_of(of->manager, of->number);

	jsonw_map(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!(rows[i].engines & wanted))
			continue;
		jsonw_key(w, rows[i].option);
		value(w, &rows[i], of);
	}
	jsonw_map_end(w);
	return wanted != 0;
}
