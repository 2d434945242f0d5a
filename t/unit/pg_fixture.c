#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/wire/pg.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], dsn[128], admin_dsn[160];
static pid_t owner;
static struct pg *admin;

static int
private_pg(const char *verb)
{
	const char *end = strrchr(__FILE__, '/');
	char command[512];

	snprintf(command, sizeof(command), "%.*s/private_pg %s %s",
	    (int)(end - __FILE__), __FILE__, dir, verb);
	return system(command);
}

/* Also after a failed assertion and from exit(); a forked child leaves it alone. */
static void
at_exit(void)
{
	if (owner == getpid())
		private_pg("stop");
	owner = 0;
}

/* A bug that an assert found must not leave a server behind. */
static void
on_abort(int sig)
{
	at_exit();
	signal(sig, SIG_DFL);
	raise(sig);
}

int
pg_fixture_start(void **state)
{
	struct op op;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/coffer-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	owner = getpid();
	atexit(at_exit);
	signal(SIGABRT, on_abort);
	if (private_pg("start") != 0)
		errx(1, "no private PostgreSQL: see %s", dir);
	snprintf(dsn, sizeof(dsn), "host=%s dbname=coffer", dir);
	snprintf(admin_dsn, sizeof(admin_dsn), "%s user=admin", dsn);
	op_begin(&op, "test");
	if (conf_set(&op, "pg", "dsn", admin_dsn) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
	return 0;
}

int
pg_fixture_stop(void **state)
{
	(void)state;
	if (admin != NULL)
		pg_free(admin);
	admin = NULL;
	at_exit();
	return 0;
}

const char *
pg_fixture_dsn(void)
{
	return dsn;
}

void
pg_fixture_crash(void)
{
	assert_int_equal(private_pg("crash"), 0);
}

void
pg_fixture_again(void)
{
	assert_int_equal(private_pg("again"), 0);
}

static struct pg *
administrator(void)
{
	if (admin == NULL)
		admin = pg_new(admin_dsn, "admin", 30);
	return admin;
}

#define PRINT(to, fmt) do {						\
	va_list ap_;							\
	va_start(ap_, fmt);						\
	assert_in_range(vsnprintf(to, sizeof(to), fmt, ap_), 1,		\
	    sizeof(to) - 1);						\
	va_end(ap_);							\
} while (0)

void
pg_fixture_sql(const char *fmt, ...)
{
	char sql[4096];
	struct op op;

	PRINT(sql, fmt);
	op_begin(&op, "test");
	if (pg_script(&op, administrator(), sql) != OK)
		fail_msg("%s: %s", sql, op.why);
	op_end(&op);
}

/* A statement of its own each time: names of prepared statements are not used twice. */
long
pg_fixture_number(const char *fmt, ...)
{
	char sql[4096], name[32];
	static unsigned long nth;
	struct pg_stmt stmt = { name, sql, 0 };
	struct pg_rows rows;
	struct op op;
	struct pg *pg = pg_new(admin_dsn, "admin", 30);
	long n;

	PRINT(sql, fmt);
	snprintf(name, sizeof(name), "test%lu", nth++);
	op_begin(&op, "test");
	if (pg_run(&op, pg, &(struct pg_call){ .stmt = &stmt }, 1, false,
	    true, &rows) != OK)
		fail_msg("%s: %s", sql, op.why);
	n = rows.count == 0 || pg_text(&rows, 0, 0) == NULL ? -1 :
	    strtol(pg_text(&rows, 0, 0), NULL, 10);
	op_end(&op);
	pg_free(pg);
	return n;
}
