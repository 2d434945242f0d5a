/* What a new installation needs before anything else: schema and master key. */
#include "coffer/command.h"
#include "coffer/output.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
dsn_of(const struct ask *a)
{
	const char *dsn = ask_option(a, "--dsn");

	return dsn != NULL ? dsn : conf_str("pg.dsn");
}

static const char *
dir_of(const struct ask *a)
{
	const char *dir = ask_option(a, "--dir");

	return dir != NULL ? dir : COFFER_DATADIR "/sql";
}

static const char *
file_name(const struct schema_file *f)
{
	const char *slash = f->path == NULL ? NULL : strrchr(f->path, '/');

	return slash != NULL ? slash + 1 : f->path;
}

/* pg.dsn is the programs', which connect with roles of their own. */
static enum err
explained(struct ask *a, enum err e)
{
	if (e != ERR_UNAVAILABLE || ask_option(a, "--dsn") != NULL)
		return e;
	return op_fail(&a->op, e, "%s (as an administrator: coffer %s --dsn "
	    "'dbname=coffer user=postgres')", a->op.why, a->op.id);
}

static void
tell(const struct schema_file *f)
{
	printf("%04d %s\n", f->version, file_name(f));
	fflush(stdout);
}

/* Inside of a list that do_db_migrate() begins. */
static void
tell_json(const struct schema_file *f)
{
	static bool later;

	printf("%s{\"version\":%d}", later ? "," : "", f->version);
	later = true;
}

enum err
do_db_migrate(struct ask *a)
{
	enum err e;

	fputs(a->json ? "[" : "", stdout);
	e = schema_migrate(&a->op, dsn_of(a), dir_of(a),
	    a->json ? tell_json : tell);
	fputs(a->json ? "]\n" : "", stdout);
	return explained(a, e);
}

static void
status_json(struct ask *a, const struct schema_file *f, int n)
{
	struct jsonw w;

	jsonw_begin(&w, &a->op, 1024);
	jsonw_list(&w);
	for (int i = 0; i < n; i++, f++) {
		jsonw_map(&w);
		jsonw_kint(&w, "version", f->version);
		jsonw_kstr(&w, "file", file_name(f));
		jsonw_kstr(&w, "applied", f->applied);
		jsonw_map_end(&w);
	}
	jsonw_list_end(&w);
	puts(w.out.s);
}

enum err
do_db_status(struct ask *a)
{
	struct schema_file *f;
	int n;

	TRY(explained(a, schema_status(&a->op, dsn_of(a), dir_of(a), &f,
	    &n)));
	for (int i = 0; i < n; i++)
		a->differs |= f[i].applied == NULL || f[i].path == NULL;
	if (a->json) {
		status_json(a, f, n);
		return OK;
	}
	for (int i = 0; i < n; i++)
		printf("%04d  %-20s  %s\n", f[i].version,
		    f[i].applied != NULL ? f[i].applied : "pending",
		    f[i].path != NULL ? file_name(&f[i]) :
		    "of a newer Coffer: no file here");
	return OK;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

/* O_EXCL: whoever replaces the key loses every guest that was made with it. */
enum err
do_key_new(struct ask *a)
{
	const char *path = ask_arg(a, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char hex[2 * SEAL_KEY + 2];
	struct key k;
	bool whole;

	if (fd == -1)
		return op_fail(&a->op, errno == EEXIST ? ERR_CONFLICT :
		    ERR_BAD_REQUEST, "%s: %s", path, errno == EEXIST ?
		    "is there already, and stays as it is" : strerror(errno));
	op_defer(&a->op, close_fd, (void *)(intptr_t)fd);
	seal_random(k.b, sizeof(k.b));
	text_hex(hex, k.b, SEAL_KEY);
	hex[2 * SEAL_KEY] = '\n';
	whole = fchmod(fd, 0600) == 0 && write(fd, hex, sizeof(hex) - 1) ==
	    (ssize_t)sizeof(hex) - 1 && fsync(fd) == 0;
	seal_wipe(hex, sizeof(hex));
	seal_wipe(&k, sizeof(k));
	if (!whole) {
		unlink(path);
		return op_fail(&a->op, ERR_INTERNAL, "%s: cannot be written",
		    path);
	}
	if (a->json)
		output_made(a, (const char *const[]){ "file", path, NULL });
	output_say(a, "%s: keep a copy in a safe place: without it no guest "
	    "can be reached", path);
	return OK;
}
