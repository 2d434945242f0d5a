#include "t/unit/postgresql_fixture.h"
#include "t/unit/server_fixture.h"
#include "lib/base/engines.h"
#include "lib/base/op.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct server_fixture fixture = { .engine = "postgresql",
    .port = "33998" };

/* The server's own psql first: what Debian calls psql is a script that asks which. */
static void
psql_find(void)
{
	const struct engine *e = engine_find(fixture.engine);
	const char *path = getenv("PATH");
	struct op op;
	char *bin;

	op_begin(&op, "test");
	bin = op_strdup(&op, engine_server(&op, e));
	*strrchr(bin, '/') = '\0';
	setenv("PATH", op_printf(&op, "%s:%s", bin, path != NULL ? path :
	    "/usr/bin:/bin"), 1);
	op_end(&op);
}

bool
postgresql_fixture_make(void)
{
	psql_find();
	return server_fixture_make(&fixture);
}

void
postgresql_fixture_use(void)
{
	server_fixture_use(&fixture);
}

int
postgresql_fixture_client(const char *user, const char *password,
    const char *database, const char *sql)
{
	char dsn[512], e[2048];
	const char *const argv[] = { "psql", "-X", "-v", "ON_ERROR_STOP=1",
	    "-d", dsn, "-c", e, NULL };

	setenv("PGPASSWORD", password, 1);
	snprintf(dsn, sizeof(dsn), "host=%s port=%s "
	    "sslmode=disable connect_timeout=5 user=%s dbname=%s",
	    fixture.address, fixture.port, user, database);
	snprintf(e, sizeof(e), "%s", sql);
	return server_fixture_run(&fixture, "client.log", argv);
}

int
postgresql_fixture_run(const char *const *argv)
{
	return server_fixture_run(&fixture, "client.log", argv);
}

/* Each answer into a file of its own; \\gexec has to stand in one, too. */
const char *
postgresql_fixture_admin(struct op *op, const char *database,
    const char *sql)
{
	const char *in = op_printf(op, "%s/admin.sql", fixture.dir);
	const char *out = op_printf(op, "%s/admin.out",
	    fixture.dir);
	const char *const argv[] = { "psql", "-XAtq", "-v", "ON_ERROR_STOP=1",
	    "-h", op_printf(op, "%s/run", fixture.data), "-p", fixture.port,
	    "-U", "os_admin", "-d", database, "-f", in, NULL };
	char *answer = op_alloc(op, 65536);
	FILE *f = fopen(in, "w");
	size_t n;

	if (f == NULL || fputs(sql, f) == EOF || fclose(f) == EOF)
		err(1, "%s", in);
	unlink(out);
	if (server_fixture_run(&fixture, "admin.out", argv) != 0 || (f = fopen(out, "r")) == NULL)
		errx(1, "psql: %s: see %s", sql, out);
	n = fread(answer, 1, 65535, f);
	answer[n] = '\0';
	fclose(f);
	return answer;
}
