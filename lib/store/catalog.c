#include "lib/store/catalog.h"

#include "lib/base/clock.h"
#include "lib/store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One copy: its rows belong to an op of its own, which outlives requests. */
struct copy {
	struct op	 op;
	struct catalog	 c;
	int64_t		 read_at;
	uint64_t	 changes;	/* counted before it was read */
	int		 users;		/* ops that look at it, and `latest' */
};
static struct copy *latest;
static _Atomic uint64_t own, *changes = &own;
static bool listens, told;		/* told: latest is from before a change */

static void
copy_leave(void *arg)
{
	struct copy *copy = arg;

	if (--copy->users > 0)
		return;
	op_end(&copy->op);
	free(copy);
}

void
catalog_share(_Atomic uint64_t *word)
{
	changes = word;
}

void
catalog_changed(void)
{
	atomic_fetch_add(changes, 1);
}

void
catalog_listen(void)
{
	pg_listen(store_pg(), store_stmt(STMT_CATALOG_LISTEN));
	listens = true;
}

static enum err
read_datastores(struct copy *copy)
{
	struct datastore_row *d;
	struct rows rows;
	int i, n;

	TRY(STORE_READ(&copy->op, &rows, CATALOG_DATASTORES, NULL));
	n = rows_count(&rows);
	d = op_alloc(&copy->op, (n + 1) * sizeof *d);
	for (i = 0; i < n; i++) {
		d[i].id = row_str(&rows, i, 0);
		d[i].name = row_str(&rows, i, 1);
		d[i].default_version = row_str(&rows, i, 2);
	}
	copy->c.datastore = d;
	copy->c.datastores = n;
	return OK;
}

static enum err
read_versions(struct copy *copy)
{
	struct version_row *v;
	struct rows rows;
	int i, n;

	TRY(STORE_READ(&copy->op, &rows, CATALOG_VERSIONS, NULL));
	v = op_alloc(&copy->op, (rows_count(&rows) + 1) * sizeof *v);
	for (i = n = 0; i < rows_count(&rows); i++) {
		v[n].id = row_str(&rows, i, 0);
		v[n].of = catalog_datastore(&copy->c, row_str(&rows, i, 1));
		v[n].name = row_str(&rows, i, 2);
		v[n].number = row_str(&rows, i, 3);
		v[n].manager = row_str(&rows, i, 4);
		v[n].active = row_bool(&rows, i, 5);
		v[n].image = row_str(&rows, i, 6);
		v[n].packages = row_str(&rows, i, 7);
		v[n].tags = row_str(&rows, i, 8);
		v[n].registry_ext = row_str(&rows, i, 9);
		v[n].repl_strategy = row_str(&rows, i, 10);
		/* A datastore made between the two statements: next time. */
		if (v[n].of != NULL)
			n++;
	}
	copy->c.version = v;
	copy->c.versions = n;
	return OK;
}

static enum err
read_flavors(struct copy *copy)
{
	struct flavor_row *f;
	struct rows rows;
	int i, n;

	TRY(STORE_READ(&copy->op, &rows, CATALOG_FLAVORS, NULL));
	n = rows_count(&rows);
	f = op_alloc(&copy->op, (n + 1) * sizeof *f);
	for (i = 0; i < n; i++) {
		f[i].id = row_str(&rows, i, 0);
		f[i].name = row_str(&rows, i, 1);
		f[i].ram_mb = row_int(&rows, i, 2);
		f[i].vcpus = row_int(&rows, i, 3);
		f[i].disk_gb = row_int(&rows, i, 4);
		f[i].ephemeral_gb = row_int(&rows, i, 5);
	}
	copy->c.flavor = f;
	copy->c.flavors = n;
	return OK;
}

static enum err
copy_fill(struct copy *copy)
{
	TRY(read_datastores(copy));
	TRY(read_versions(copy));
	return read_flavors(copy);
}

static enum err
not_older_than(struct op *op, int64_t ms, const struct catalog **out)
{
	struct copy *copy = latest;
	enum err e;

	told = (listens && pg_told(store_pg())) || told;
	if (copy == NULL || told || clock_ms() - copy->read_at >= ms ||
	    copy->changes != atomic_load(changes)) {
		copy = calloc(1, sizeof *copy);
		assert(copy != NULL);
		op_begin(&copy->op, op->id);
		copy->users = 1;
		copy->read_at = clock_ms();
		copy->changes = atomic_load(changes);
		if ((e = copy_fill(copy)) != OK) {
			op_fail(op, e, "%s", copy->op.why != NULL ?
			    copy->op.why : "the catalogue cannot be read");
			copy_leave(copy);
			return e;
		}
		copy->op.id = NULL;	/* the request's: ends before us */
		if (latest != NULL)
			copy_leave(latest);
		latest = copy;
		told = false;
	}
	copy->users++;
	op_defer(op, copy_leave, copy);
	*out = &copy->c;
	return OK;
}

enum err
catalog_read(struct op *op, const struct catalog **out)
{
	return not_older_than(op, CATALOG_MS, out);
}

enum err
catalog_reread(struct op *op, const struct catalog **out)
{
	return not_older_than(op, CATALOG_MISS_MS, out);
}

enum err
catalog_fresh(struct op *op, const struct catalog **out)
{
	return not_older_than(op, 0, out);
}

const struct datastore_row *
catalog_datastore(const struct catalog *c, const char *id_or_name)
{
	int i;

	if (id_or_name == NULL)
		return NULL;
	for (i = 0; i < c->datastores; i++)
		if (strcasecmp(c->datastore[i].id, id_or_name) == 0 ||
		    strcmp(c->datastore[i].name, id_or_name) == 0)
			return &c->datastore[i];
	return NULL;
}

const struct version_row *
catalog_version(const struct catalog *c, const char *id)
{
	int i;

	if (id == NULL)
		return NULL;
	for (i = 0; i < c->versions; i++)
		if (strcasecmp(c->version[i].id, id) == 0)
			return &c->version[i];
	return NULL;
}

const struct flavor_row *
catalog_flavor(const struct catalog *c, const char *id)
{
	int i;

	if (id == NULL)
		return NULL;
	for (i = 0; i < c->flavors; i++)
		if (strcmp(c->flavor[i].id, id) == 0)
			return &c->flavor[i];
	return NULL;
}
