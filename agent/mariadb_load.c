/*
 * A backup of a real MySQL comes back: a server that nobody else reaches carries
 * its statements out, beside the data that are there; what it has made takes
 * their place.
 */
#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/host.h"
#include "agent/mariadb_dialect.h"
#include "agent/mariadb_dump.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define AGAIN	"restore/full"		/* what is going to be the data */
#define SOCKET	"run/restore.sock"
#define PID	"run/restore.pid"
#define ADMIN	"agent/restore.sql"
#define DAY	86400
#define START_MS 120000
#define STOP_MS	600000			/* it writes what it holds */
#define LOOK_MS	20
#define CHUNK	(256 * 1024)

/* --- a server of its own ------------------------------------------------------------ */

static const char *
path_of(struct op *op, const char *name, const char *path)
{
	return op_printf(op, "--%s=%s", name, file_data(op, path));
}

static const char *
sized(struct op *op, const char *name)
{
	const char *value = mariadb_conf_value(op, name);

	return op_printf(op, "--%s=%s", name, value != NULL ? value : "16M");
}

/*
 * No time is lost to be safe of a crash: what it has not ended in order is made
 * once more.  It takes tables that only a tenant's settings have made possible.
 */
static enum err
server_begin(struct op *op, struct host_process *p)
{
	const char *home = conf_str("agent.mysql");
	const char *const argv[] = { op_printf(op, "%s/mysqld", home),
	    "--no-defaults", op_printf(op, "--basedir=%s", home),
	    op_printf(op, "--lc-messages-dir=%s/share", home),
	    path_of(op, "datadir", AGAIN), path_of(op, "tmpdir", "tmp"),
	    path_of(op, "socket", SOCKET), path_of(op, "pid-file", PID),
	    path_of(op, "log-error", "log/restore.err"),
	    path_of(op, "init-file", ADMIN),
	    path_of(op, "secure-file-priv", "tmp"),
	    sized(op, "innodb_buffer_pool_size"),
	    sized(op, "innodb_log_file_size"),
	    "--skip-networking", "--skip-name-resolve", "--local-infile=0",
	    "--explicit-defaults-for-timestamp", "--performance-schema=0",
	    "--character-set-server=utf8mb4",
	    "--collation-server=utf8mb4_general_ci",
	    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
	    "--innodb-file-format=Barracuda", "--innodb-large-prefix=1",
	    "--max-allowed-packet=1G", NULL };
	const char *const reads[] = { file_data(op, ADMIN), NULL };
	const char *const writes[] = { file_data(op, "restore"),
	    file_data(op, "run"), file_data(op, "tmp"), file_data(op, "log"),
	    NULL };
	const struct host_tool t = { .argv = argv, .in = -1, .out = -1,
	    .err = -1, .home = home, .reads = reads, .writes = writes };

	return host_tool_start(op, &t, p);
}

static bool
listens(struct op *op)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool does;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", file_data(op, SOCKET));
	does = fd != -1 &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	if (fd != -1)
		close(fd);
	return does;
}

static enum err
server_await(struct op *op, const struct host_process *p)
{
	struct pollfd end = { .fd = p->watch, .events = POLLIN };
	int64_t until = clock_ms() + START_MS;

	while (!listens(op))
		if (poll(&end, 1, LOOK_MS) > 0 || clock_ms() > until)
			return op_fail(op, ERR_GUEST, "The server for the "
			    "restore did not start: see log/restore.err.");
	return OK;
}

/* --- the stream ---------------------------------------------------------------------- */

struct view { bool broken; const char *session, *sql; struct view *next; };
struct in {
	int		 fd;
	char		*bytes;		/* read, and not taken yet: [at, n) */
	size_t		 at, n;
	struct text	 frame;		/* at hand */
	struct view	*views;
	long long	 done;
};

static enum err
no_backup(struct op *op)
{
	return op_fail(op, ERR_BAD_REQUEST, "This is no backup of MySQL.");
}

static enum err
more(struct op *op, struct in *i)
{
	ssize_t n;

	while ((n = read(i->fd, i->bytes, CHUNK)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return op_fail(op, ERR_GUEST, "the backup's stream: %s",
		    strerror(errno));
	i->at = 0;
	i->n = (size_t)n;
	return n > 0 ? OK : no_backup(op);
}

/* The next n bytes, into the frame at hand. */
static enum err
take(struct op *op, struct in *i, size_t n)
{
	size_t some;

	text_end(&i->frame, i->frame.s);
	for (; n > 0; n -= some) {
		if (i->at == i->n)
			TRY(more(op, i));
		some = i->n - i->at < n ? i->n - i->at : n;
		text_addn(&i->frame, i->bytes + i->at, some);
		i->at += some;
	}
	return OK;
}

/* "Q 123\n" */
static enum err
head_take(struct op *op, struct in *i, char *kind, size_t *n)
{
	char s[24];
	size_t len = 0;
	int64_t bytes;

	do {
		if (i->at == i->n)
			TRY(more(op, i));
		s[len] = i->bytes[i->at++];
	} while (s[len++] != '\n' && len < sizeof(s));
	s[len - 1] = '\0';
	if (len < 4 || s[1] != ' ' || !isdigit((unsigned char)s[2]) ||
	    !text_number(s + 2, 0, DUMP_FRAME_MOST, &bytes))
		return no_backup(op);
	*kind = s[0];
	*n = (size_t)bytes;
	return OK;
}

/* --- what it says --------------------------------------------------------------------- */

/* A text of the server's may hold a piece of the data: its number will do. */
static enum err
run(struct op *op, struct in *i, const char *sql, size_t n)
{
	i->done++;
	if (mariadb_send(op, sql, n) == OK)
		return OK;
	return op_fail(op, ERR_GUEST, "MySQL refused statement %lld of the "
	    "backup: error %u.", i->done, mariadb_errno());
}

static enum err
view_add(struct op *op, struct in *i, bool broken)
{
	struct view *v = op_alloc(op, sizeof(*v));
	char *sql = op_strndup(op, i->frame.s, i->frame.len);

	*v = (struct view){ .broken = broken, .session = strsep(&sql, "\n"),
	    .next = i->views };
	if ((v->sql = sql) == NULL)
		return no_backup(op);
	i->views = v;
	return OK;
}

/* Those that could be made are taken out of the list. */
static enum err
views_pass(struct op *op, struct in *i)
{
	enum err e = OK;

	for (struct view **v = &i->views; *v != NULL;) {
		TRY(run(op, i, (*v)->session, strlen((*v)->session)));
		if (run(op, i, (*v)->sql, strlen((*v)->sql)) == OK)
			*v = (*v)->next;
		else {
			e = (*v)->broken ? e : ERR_GUEST;
			v = &(*v)->next;
		}
	}
	return e;
}

static size_t
views_left(const struct in *i)
{
	size_t n = 0;

	for (const struct view *v = i->views; v != NULL; v = v->next)
		n++;
	return n;
}

/* One may stand upon another: as often as it goes on. */
static enum err
views_make(struct op *op, struct in *i)
{
	size_t before;
	enum err e;

	do {
		before = views_left(i);
		e = views_pass(op, i);
	} while (views_left(i) > 0 && views_left(i) < before);
	if (e == OK && i->views != NULL)
		log_warn(op, "%zu views that showed nothing are not there any "
		    "more", views_left(i));
	return e;
}

static enum err
frames_run(struct op *op, struct in *i)
{
	char kind = 0;
	size_t n = 0;

	for (;;) {
		TRY(head_take(op, i, &kind, &n));
		TRY(take(op, i, n));
		if (kind == DUMP_END)
			return views_make(op, i);
		if (kind == DUMP_QUERY)
			TRY(run(op, i, i->frame.s, i->frame.len));
		else if (kind == DUMP_VIEW || kind == DUMP_BROKEN_VIEW)
			TRY(view_add(op, i, kind == DUMP_BROKEN_VIEW));
		else
			return no_backup(op);
	}
}

/* --- restore ------------------------------------------------------------------------ */

/* The empty server's tables of its own are what a backup does not bring. */
static enum err
place_make(struct op *op)
{
	const char *from = file_data(op, "mysql"), *said;
	const char *const argv[] = { access("/usr/bin/cp", X_OK) == 0 ?
	    "/usr/bin/cp" : "/bin/cp", "-a", from, file_data(op, AGAIN),
	    NULL };
	const char *const reads[] = { from, NULL };
	const char *const writes[] = { file_data(op, "restore"), NULL };
	const struct host_tool t = { .argv = argv, .in = -1, .out = -1,
	    .reads = reads, .writes = writes };

	TRY(file_remove_tree(op, file_data(op, "restore")));
	TRY(file_directory(op, file_data(op, "restore")));
	return host_tool_run(op, &t, &said);
}

static enum err
beginning_take(struct op *op, struct in *i)
{
	TRY(take(op, i, strlen(DUMP_BEGINS)));
	return strcmp(i->frame.s, DUMP_BEGINS) == 0 ? OK : no_backup(op);
}

static enum err
with_server(struct op *op, struct in *i)
{
	struct host_process p;
	enum err e;

	TRY(server_begin(op, &p));
	if ((e = server_await(op, &p)) == OK &&
	    (e = frames_run(op, i)) == OK)
		return host_tool_end(op, &p, STOP_MS);
	host_tool_kill(&p);
	return e;
}

enum err
mysql_restore(struct op *op, int nth, int fd)
{
	static const char *const notes[] = { ADMIN, SOCKET, PID, NULL };
	const struct mariadb_dialect *d = &mariadb_dialect_mysql;
	struct in i = { .fd = fd, .bytes = op_alloc(op, CHUNK) };
	const char *password, *sql;
	enum err e;

	if (nth > 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "A backup of MySQL stands by itself.");
	text_begin(&i.frame, op, CHUNK);
	TRY(beginning_take(op, &i));
	TRY(place_make(op));
	TRY(mariadb_admin_password(op, &password));
	sql = op_printf(op, "%s%s%s", d->admin[0], password, d->admin[1]);
	TRY(file_put_anew(op, file_data(op, ADMIN), sql, strlen(sql)));
	mariadb_data_session(DAY, file_data(op, SOCKET));
	e = with_server(op, &i);
	mariadb_data_session(DAY, NULL);
	for (const char *const *n = notes; *n != NULL; n++)
		unlink(file_data(op, *n));
	return e;
}
