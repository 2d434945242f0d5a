/*
 * Backups of MariaDB by its own tool: pages while the server writes, and the
 * redo log that makes them one moment's.  A mark is a log sequence number.
 */
#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/host.h"
#include "lib/base/log.h"

#include <string.h>
#include <unistd.h>

#define GOOD		"completed OK!"
#define MARK_MOST	20		/* digits */
#define AGAIN		"restore/full"	/* what is going to be the data */
#define MORE		"restore/more"	/* what is newer, one after the other */

static const char *
tool(const char *const *places)
{
	while (places[1] != NULL && access(places[0], X_OK) == -1)
		places++;
	return places[0];
}

static const char *
mariabackup(void)
{
	static const char *const places[] = { "/usr/bin/mariadb-backup",
	    "/usr/bin/mariabackup", NULL };

	return tool(places);
}

static bool
is_mark(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= MARK_MOST && s[n] == '\0';
}

/* A status of 0 is not enough: its last words have to be these. */
static enum err
backup_tool_run(struct op *op, const struct host_tool *t)
{
	const char *said;
	size_t n;

	TRY(host_tool_run(op, t, &said));
	n = strlen(said);
	while (n > 0 && said[n - 1] == '\n')
		n--;
	if (n < strlen(GOOD) ||
	    memcmp(said + n - strlen(GOOD), GOOD, strlen(GOOD)) != 0)
		return op_fail(op, ERR_GUEST, "mariadb-backup did not say "
		    "that it has completed.");
	return OK;
}

static const char *
option(struct op *op, const char *name, const char *path)
{
	return op_printf(op, "--%s=%s", name, file_data(op, path));
}

/* --- backup ------------------------------------------------------------------------- */

/* Letters and digits: the password needs no quoting. */
static enum err
login_write(struct op *op)
{
	const char *password, *text;

	TRY(mariadb_admin_password(op, &password));
	text = op_printf(op, "[mariabackup]\nuser = " MARIADB_ADMIN
	    "\npassword = %s\nsocket = %s\n", password, mariadb_socket(op));
	return file_put_anew(op, file_data(op, "agent/backup.cnf"), text,
	    strlen(text));
}

static enum err
mark_read(struct op *op, const char **mark)
{
	const char *text, *at;
	size_t n;

	TRY(file_get(op, file_data(op, "tmp/backup/xtrabackup_checkpoints"),
	    &text, &n));
	at = strstr(text, "\nto_lsn = ");
	if (at == NULL)
		return op_fail(op, ERR_GUEST, "mariadb-backup left no mark.");
	at += strlen("\nto_lsn = ");
	*mark = op_strndup(op, at, strcspn(at, "\n"));
	return is_mark(*mark) ? OK : op_fail(op, ERR_GUEST,
	    "mariadb-backup left no mark.");
}

static enum err
pages_write(struct op *op, const char *since, int fd)
{
	const char *login = file_data(op, "agent/backup.cnf");
	const char *const argv[] = { mariabackup(),
	    op_printf(op, "--defaults-file=%s", login), "--backup",
	    "--stream=xbstream", option(op, "datadir", "mysql"),
	    option(op, "target-dir", "tmp/backup"),
	    option(op, "extra-lsndir", "tmp/backup"),
	    option(op, "tmpdir", "tmp/backup"),
	    since == NULL ? NULL : op_printf(op, "--incremental-lsn=%s", since),
	    NULL };
	const char *const reads[] = { login, file_data(op, "mysql"),
	    file_data(op, "run"), NULL };
	const char *const writes[] = { file_data(op, "tmp/backup"), NULL };
	const struct host_tool t = { .argv = argv, .in = -1, .out = fd,
	    .reads = reads, .writes = writes };

	return backup_tool_run(op, &t);
}

enum err
mariadb_backup(struct op *op, const char *since, int fd, const char **mark)
{
	const char *dir = file_data(op, "tmp/backup");
	enum err e;

	if (since != NULL && !is_mark(since))
		return op_fail(op, ERR_BAD_REQUEST, "Wrong mark in an order.");
	TRY(file_remove_tree(op, dir));
	TRY(file_directory(op, dir));
	TRY(login_write(op));
	e = pages_write(op, since, fd);
	unlink(file_data(op, "agent/backup.cnf"));
	TRY(e);
	TRY(mark_read(op, mark));
	return file_remove_tree(op, dir);
}

/* --- restore ------------------------------------------------------------------------ */

static enum err
unpack(struct op *op, const char *dir, int fd)
{
	const char *const argv[] = { "/usr/bin/mbstream", "-x", "-C", dir,
	    NULL };
	const char *const reads[] = { NULL }, *const writes[] = { dir, NULL };
	const struct host_tool t = { .argv = argv, .in = fd, .out = -1,
	    .reads = reads, .writes = writes };
	const char *said;

	TRY(host_tool_run(op, &t, &said));
	/* It takes an end that comes too early for one. */
	if (access(op_printf(op, "%s/xtrabackup_checkpoints", dir), F_OK) == -1)
		return op_fail(op, ERR_GUEST, "The backup is not whole.");
	return OK;
}

/* Plays the redo log; the server is down, so its buffers are free. */
static enum err
prepare(struct op *op, bool more)
{
	const char *memory = mariadb_conf_value(op,
	    "innodb_buffer_pool_size");
	const char *const argv[] = { mariabackup(), "--no-defaults",
	    "--prepare", option(op, "target-dir", AGAIN),
	    option(op, "tmpdir", "tmp"), op_printf(op, "--use-memory=%s",
	    memory != NULL ? memory : "16M"),
	    more ? option(op, "incremental-dir", MORE) : NULL, NULL };
	const char *const reads[] = { NULL };
	const char *const writes[] = { file_data(op, "restore"),
	    file_data(op, "tmp"), NULL };
	const struct host_tool t = { .argv = argv, .in = -1, .out = -1,
	    .reads = reads, .writes = writes };

	return backup_tool_run(op, &t);
}

enum err
mariadb_restore(struct op *op, int nth, int fd)
{
	const char *dir = file_data(op, nth == 0 ? AGAIN : MORE);

	if (nth == 0) {
		TRY(file_remove_tree(op, file_data(op, "restore")));
		TRY(file_directory(op, file_data(op, "restore")));
	}
	TRY(file_directory(op, dir));
	TRY(unpack(op, dir, fd));
	TRY(prepare(op, nth > 0));
	return nth == 0 ? OK : file_remove_tree(op, dir);
}

/* Only the tool wants them; in a server's directory they would be of its age. */
static void
notes_remove(struct op *op)
{
	static const char *const notes[] = { "backup-my.cnf",
	    "xtrabackup_checkpoints", "xtrabackup_info",
	    "xtrabackup_binlog_info", "xtrabackup_binlog_pos_innodb",
	    "xtrabackup_slave_info", "xtrabackup_galera_info", NULL };

	for (const char *const *n = notes; *n != NULL; n++)
		unlink(file_data(op, op_printf(op, AGAIN "/%s", *n)));
}

enum err
mariadb_restored(struct op *op)
{
	const char *place = file_data(op, "mysql");

	notes_remove(op);
	TRY(mariadb_conf_restored(op));
	TRY(file_take_place(op, file_data(op, AGAIN), place,
	    file_data(op, "restore/old")));
	return file_remove_tree(op, file_data(op, "restore"));
}
