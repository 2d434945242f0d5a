/* Datastores, versions, their parameters; flavors. */
#include "coffer/command.h"
#include "coffer/output.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARAMETERS_MAX	4096
#define FLAVORS_MAX	256
#define NAME_MAX_BYTES	255

/* The id asked for with --id, or a new one. */
static enum err
id_of(struct ask *a, const char **id)
{
	char *fresh = op_alloc(&a->op, UUID_LEN + 1);

	if ((*id = ask_option(a, "--id")) == NULL) {
		text_uuid(fresh);
		*id = fresh;
	} else if (!text_is_uuid(*id))
		return op_fail(&a->op, ERR_BAD_REQUEST, "--id wants a UUID");
	return OK;
}

/* It will stand in paths, and DATASTORE/NAME has to mean one thing. */
static enum err
word_check(struct ask *a, const char *what, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_BYTES || !text_is_utf8(name, n))
		return op_fail(&a->op, ERR_BAD_REQUEST, "%s has 1 to %d bytes "
		    "of UTF-8", what, NAME_MAX_BYTES);
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)name[i]) || name[i] == '/')
			return op_fail(&a->op, ERR_BAD_REQUEST, "%s has no "
			    "slash and no control characters", what);
	return OK;
}

/* What is looked for by id or name; NULL: not given. */
static enum err
name_check(struct ask *a, const char *what, const char *name)
{
	if (name == NULL)
		return OK;
	if (text_is_uuid(name))
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "%s does not look like an id", what);
	return word_check(a, what, name);
}

/* Those that a driver serves, or tests do: else no worker makes an instance. */
static enum err
manager_check(struct ask *a, const char *name)
{
	struct text known;

	if (name == NULL || engine_find(name) != NULL)
		return OK;
	text_begin(&known, &a->op, 64);
	for (const struct engine *e = engines; e->name != NULL; e++)
		if (e->server != NULL && *e->server == '/') {
			text_add(&known, known.len > 0 ? ", " : "");
			text_add(&known, e->name);
		}
	return op_fail(&a->op, ERR_BAD_REQUEST,
	    "no engine %s; served here are %s", name, known.s);
}

enum err
do_datastore_list(struct ask *a)
{
	struct listing l;

	TRY(admin_list(&a->op, LIST_DATASTORES, NULL, &l));
	output_list(a, &l);
	return OK;
}

enum err
do_datastore_add(struct ask *a)
{
	const char *id;

	TRY(id_of(a, &id));
	TRY(name_check(a, "a datastore's name", ask_arg(a, 0)));
	TRY(admin_datastore_add(&a->op, id, ask_arg(a, 0)));
	output_made(a, (const char *const[]){ "id", id, NULL });
	return OK;
}

enum err
do_datastore_remove(struct ask *a)
{
	return admin_datastore_remove(&a->op, ask_arg(a, 0));
}

enum err
do_version_list(struct ask *a)
{
	struct listing l;

	TRY(admin_list(&a->op, LIST_VERSIONS,
	    (const char *const[]){ ask_arg(a, 0) }, &l));
	if (ask_arg(a, 0) != NULL && rows_count(&l.rows) == 0)
		TRY(admin_datastore_is_there(&a->op, ask_arg(a, 0)));
	output_list(a, &l);
	return OK;
}

enum err
do_version_add(struct ask *a)
{
	const char *version = ask_option(a, "--version");
	struct new_version v = {
		.datastore = ask_arg(a, 0),
		.name      = ask_arg(a, 1),
		.version   = version != NULL ? version : ask_arg(a, 1),
		.manager   = ask_option(a, "--manager"),
		.image     = ask_option(a, "--image"),
		.packages  = ask_option(a, "--packages"),
		.active    = ask_option(a, "--inactive") == NULL,
		.preset    = ask_option(a, "--default") != NULL,
	};

	if (v.preset && !v.active)
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "--default and --inactive: a default has to be active");
	TRY(id_of(a, &v.id));
	TRY(name_check(a, "a version's NAME", v.name));
	TRY(name_check(a, "--version", v.version));
	TRY(manager_check(a, v.manager));
	TRY(admin_version_add(&a->op, &v));
	output_made(a, (const char *const[]){ "id", v.id, NULL });
	return OK;
}

enum err
do_version_set(struct ask *a)
{
	const char *active = ask_option(a, "--active"), *id;
	struct version_change c = {
		.name     = ask_option(a, "--name"),
		.manager  = ask_option(a, "--manager"),
		.image    = ask_option(a, "--image"),
		.packages = ask_option(a, "--packages"),
		.preset   = ask_option(a, "--default") != NULL,
	};

	if (active != NULL && strcmp(active, "yes") != 0 &&
	    strcmp(active, "no") != 0)
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "--active wants yes or no");
	if (a->options == 0)
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "nothing to change (see coffer version set --help)");
	if (active != NULL)
		c.active = *active == 'y' ? "t" : "f";
	if (c.preset && active != NULL && *active == 'n')
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "--default and --active no: a default has to be active");
	TRY(name_check(a, "--name", c.name));
	TRY(manager_check(a, c.manager));
	TRY(admin_version_find(&a->op, ask_arg(a, 0), &id));
	return admin_version_set(&a->op, id, &c);
}

enum err
do_version_remove(struct ask *a)
{
	const char *id;

	TRY(admin_version_find(&a->op, ask_arg(a, 0), &id));
	return admin_version_remove(&a->op, id);
}

/* --- parameters -------------------------------------------------------------------- */

enum err
do_parameters_list(struct ask *a)
{
	struct listing l;
	const char *id;

	TRY(admin_version_find(&a->op, ask_arg(a, 0), &id));
	TRY(admin_list(&a->op, LIST_PARAMETERS,
	    (const char *const[]){ id }, &l));
	output_list(a, &l);
	return OK;
}

static bool
is_one_of(const char *s, const char *const *words)
{
	while (*words != NULL && strcmp(*words, s) != 0)
		words++;
	return *words != NULL;
}

/* name, type, restart_required, min, max; the last two may be empty or missing. */
static enum err
line_read(struct ask *a, char *line, int number, struct parameter *p)
{
	static const char *const types[] = { "boolean", "integer", "float",
	    "string", NULL };
	static const char *const flags[] = { "0", "1", NULL };
	const char *field[5] = { "", "", "", "", "" };
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line != NULL && n < 5)
		field[n++] = strsep(&line, "\t");
	*p = (struct parameter){ field[0], field[1],
	    *field[2] == '1' ? "t" : "f", field[3], field[4] };
	if (line != NULL || *p->name == '\0' || !is_one_of(p->type, types) ||
	    !is_one_of(field[2], flags))
		return op_fail(&a->op, ERR_BAD_REQUEST, "line %d: not a name, "
		    "a type (boolean, integer, float, string), 0 or 1, min, "
		    "max with tabs between", number);
	return OK;
}

static void
close_file(void *f)
{
	fclose(f);
}

static enum err
file_open(struct ask *a, const char *path, FILE **f)
{
	if (strcmp(path, "-") == 0) {
		*f = stdin;
		return OK;
	}
	if ((*f = fopen(path, "re")) == NULL)
		return op_fail(&a->op, ERR_BAD_REQUEST, "%s: %s", path,
		    strerror(errno));
	op_defer(&a->op, close_file, *f);
	return OK;
}

/* Lines that begin with '#' say something to people. */
static enum err
file_read(struct ask *a, const char *path, struct parameter *p, int *n)
{
	char line[1024];
	FILE *f;

	TRY(file_open(a, path, &f));
	*n = 0;
	for (int number = 1; fgets(line, sizeof(line), f) != NULL; number++) {
		if (*line == '#' || *line == '\n')
			continue;
		if (*n == PARAMETERS_MAX)
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "%s: more than %d", path, PARAMETERS_MAX);
		TRY(line_read(a, op_strdup(&a->op, line), number,
		    &p[(*n)++]));
	}
	if (*n == 0)
		return op_fail(&a->op, ERR_BAD_REQUEST, "%s: holds none",
		    path);
	return OK;
}

enum err
do_parameters_load(struct ask *a)
{
	struct parameter *p = op_alloc(&a->op,
	    PARAMETERS_MAX * sizeof(*p));
	const char *id;
	int n;

	TRY(admin_version_find(&a->op, ask_arg(a, 0), &id));
	TRY(file_read(a, ask_arg(a, 1), p, &n));
	if (admin_parameters_load(&a->op, id, p, n) == ERR_CONFLICT)
		return op_fail(&a->op, ERR_BAD_REQUEST, "a name stands twice "
		    "in %s", ask_arg(a, 1));
	output_count(a, n, "parameters");
	return OK;
}

/*
 * A script does it, one for each engine, with the server's own client: this
 * program holds no SQL and no such library.  It takes this process's place.
 */
enum err
do_parameters_generate(struct ask *a)
{
	const char *dir = getenv("COFFER_PARAMETERS");
	const char *engine = ask_option(a, "--engine"), *argv[8] = { NULL };
	const char *script, *own = NULL;
	int n = 1;

	if (engine == NULL)
		engine = "mariadb";
	if (engine_find(engine) == NULL)
		return op_fail(&a->op, ERR_BAD_REQUEST, "no engine %s", engine);
	/* Whoever serves by that name: a server of its own, or MariaDB. */
	if (*engine_home(engine_find(engine)) != '\0')
		own = engine_server(&a->op, engine_find(engine));
	if (strcmp(engine, "mysql") == 0)
		engine = "mariadb";
	script = argv[0] = op_printf(&a->op, "%s/%s-parameters",
	    dir != NULL ? dir : COFFER_LIBEXECDIR, engine);
	for (int i = 0; i < a->options; i++) {
		if (strcmp(a->option[i].name, "--engine") == 0)
			continue;
		argv[n++] = a->option[i].name;
		argv[n++] = a->option[i].value;
		if (n > 4)
			break;
	}
	if (own != NULL && ask_option(a, "--server") == NULL) {
		argv[n++] = "--server";
		argv[n] = own;
	}
	execv(script, (char *const *)argv);
	return op_fail(&a->op, ERR_INTERNAL, "%s: %s", script,
	    strerror(errno));
}

/* --- flavors ---------------------------------------------------------------------------- */

enum err
do_flavor_list(struct ask *a)
{
	struct listing l;

	TRY(admin_list(&a->op, LIST_FLAVORS, NULL, &l));
	output_list(a, &l);
	return OK;
}

static enum err
flavor_check(struct ask *a, const struct flavor *f)
{
	int64_t n;

	TRY(word_check(a, "a flavor's ID", f->id));
	TRY(word_check(a, "a flavor's NAME", f->name));
	if (!text_number(f->ram_mb, 1, 1 << 30, &n) ||
	    !text_number(f->vcpus, 1, 1024, &n) ||
	    !text_number(f->disk_gb, 0, 1 << 20, &n) ||
	    !text_number(f->ephemeral_gb, 0, 1 << 20, &n))
		return op_fail(&a->op, ERR_BAD_REQUEST, "flavor %s: memory "
		    "(MB), vcpus, disk and ephemeral (GB) are numbers", f->id);
	return OK;
}

/* "1:tiny:256:1:0, 2:small:512:1:0" */
enum err
do_flavor_load(struct ask *a)
{
	char **item = text_split(&a->op, conf_str("local.flavors"), ",");
	struct flavor f[FLAVORS_MAX];
	int n;

	for (n = 0; item[n] != NULL; n++) {
		char **part = text_split(&a->op, item[n], ":");

		for (int i = 0; i < 5; i++)
			if (part[i] == NULL || (i == 4 && part[5] != NULL) ||
			    n == FLAVORS_MAX)
				return op_fail(&a->op, ERR_BAD_REQUEST,
				    "local.flavors: \"%s\" is not "
				    "id:name:MB:vcpus:disk", item[n]);
		f[n] = (struct flavor){ part[0], part[1], part[2], part[3],
		    part[4], "0", op_printf(&a->op, "%d", n + 1) };
		TRY(flavor_check(a, &f[n]));
	}
	TRY(admin_flavors_put(&a->op, f, n));
	output_count(a, n, "flavors");
	return OK;
}

enum err
do_flavor_add(struct ask *a)
{
	const char *disk = ask_option(a, "--disk");
	const char *ephemeral = ask_option(a, "--ephemeral");
	struct flavor f = {
		.id           = ask_arg(a, 0),
		.name         = ask_arg(a, 1),
		.ram_mb       = ask_option(a, "--ram"),
		.vcpus        = ask_option(a, "--vcpus"),
		.disk_gb      = disk != NULL ? disk : "0",
		.ephemeral_gb = ephemeral != NULL ? ephemeral : "0",
	};

	TRY(flavor_check(a, &f));
	return admin_flavors_put(&a->op, &f, 1);
}

enum err
do_flavor_remove(struct ask *a)
{
	return admin_flavor_remove(&a->op, ask_arg(a, 0));
}
