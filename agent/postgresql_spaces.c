/*
 * Tablespaces: pg_tblspc/16400 in the data is a link to a directory of anywhere,
 * in which PG_15_202209061 is the server's.  A backup holds the directory in the
 * link's place; restored it lies beside the data, wherever it was before.
 */
#include "agent/postgresql_delta.h"
#include "agent/postgresql.h"
#include "agent/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS	"pg_tblspc"
#define DIGITS	10

bool
pg_space_read(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= DIGITS && s[n] == '\0' && *s != '0';
}

bool
pg_space_version(const char *s)
{
	unsigned major, catalog;
	int n = 0;

	return sscanf(s, "PG_%9u_%9u%n", &major, &catalog, &n) == 2 &&
	    s[n] == '\0';
}

bool
pg_space_at(const char *path)
{
	return strncmp(path, LINKS "/", sizeof(LINKS)) == 0 &&
	    pg_space_read(path + sizeof(LINKS));
}

/* Only the server's own directory of one: what else lies there is not the data. */
bool
pg_space_skips(const char *path)
{
	const char *slash = strrchr(path, '/');
	char up[32] = "";

	if (slash != NULL && (size_t)(slash - path) < sizeof(up))
		memcpy(up, path, (size_t)(slash - path));
	slash = slash != NULL ? slash + 1 : path;
	return pg_space_at(up) != pg_space_version(slash) ||
	    (strcmp(up, LINKS) == 0 && !pg_space_read(slash));
}

static void
close_dir(void *dir)
{
	closedir(dir);
}

/* Whatever was there before: no data but those that were restored use it. */
static enum err
move(struct op *op, const char *from, const char *name)
{
	const char *to = file_data(op, op_printf(op, POSTGRESQL_SPACES "/%s",
	    name));
	struct stat st;

	if (lstat(from, &st) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", from,
		    strerror(errno));
	if (S_ISLNK(st.st_mode))
		return OK;	/* made here: a backup holds none */
	if (!S_ISDIR(st.st_mode))
		return op_fail(op, ERR_BAD_REQUEST, "The backup is damaged: a "
		    "tablespace is no directory.");
	TRY(file_remove_tree(op, to));
	return rename(from, to) == 0 && symlink(to, from) == 0 ? OK :
	    op_fail(op, ERR_INTERNAL, "%s: %s", to, strerror(errno));
}

enum err
pg_spaces_place(struct op *op, const char *made)
{
	const char *links = op_printf(op, "%s/" LINKS, made);
	struct dirent *e;
	DIR *d = opendir(links);

	if (d == NULL)
		return errno == ENOENT ? OK : op_fail(op, ERR_INTERNAL,
		    "%s: %s", links, strerror(errno));
	op_defer(op, close_dir, d);
	TRY(file_directory(op, file_data(op, POSTGRESQL_SPACES)));
	while ((e = readdir(d)) != NULL)
		if (pg_space_read(e->d_name))
			TRY(move(op, op_printf(op, "%s/%s", links,
			    e->d_name), e->d_name));
	return OK;
}
