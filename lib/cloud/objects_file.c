#include "lib/cloud/objects_file.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME_MOST	240		/* of 255: room for those not yet there */
#define FIRST_LINE	"coffer object 1"
#define META_MOST	64		/* names and values */
#define LINE_MOST	(FILE_NAME_MOST + MD5_HEX + 24)	/* of one segment */

/* --- names ------------------------------------------------------------------------ */

/* A dot in front would make it hidden, or a way up. */
const char *
object_file(struct op *op, const char *name)
{
	const char *s = text_escape(op, name);

	return *s == '.' ? op_printf(op, "%%2E%s", s + 1) : s;
}

const char *
object_name(struct op *op, const char *file)
{
	return *file == '.' ? NULL : text_unescape(op, file, strlen(file));
}

static enum err
check(struct op *op, const char *what, const char *name)
{
	if (name == NULL)
		return OK;
	if (*name == '\0' || !text_is_utf8(name, strlen(name)))
		return op_fail(op, ERR_BAD_REQUEST, "The name of the %s is "
		    "%s.", what, *name == '\0' ? "empty" : "not UTF-8");
	for (const char *s = name; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return op_fail(op, ERR_BAD_REQUEST, "The name of the "
			    "%s holds control characters.", what);
	if (strlen(object_file(op, name)) > FILE_NAME_MOST)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The name of the %s is too long.", what);
	return OK;
}

enum err
object_check(struct op *op, const struct object_key *k)
{
	TRY(check(op, "account", k->tenant));
	TRY(check(op, "container", k->container));
	if (k->container != NULL && strchr(k->container, '/') != NULL)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The name of the container holds a slash.");
	return check(op, "object", k->name);
}

const char *
objects_root(struct op *op)
{
	const char *root = conf_str("storage.root");

	return *root != '\0' ? root :
	    op_printf(op, "%s/storage", conf_str("local.root"));
}

/* --- directories -------------------------------------------------------------------- */

enum err
object_failed(struct op *op, const char *what)
{
	int why = errno;

	return op_fail(op, why == ENOENT ? ERR_NOT_FOUND :
	    why == ENOSPC || why == EDQUOT ? ERR_NO_SPACE : ERR_CLOUD,
	    "%s: %s", what, strerror(why));
}

void
object_fd_close(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
object_own(struct op *op, int fd, int dir)
{
	struct stat st;

	if (geteuid() != 0)
		return OK;
	if (fstat(dir, &st) != 0 || fchown(fd, st.st_uid, st.st_gid) != 0)
		return object_failed(op, "owner");
	return OK;
}

static enum err
step(struct op *op, int *dir, const char *name, bool make)
{
	bool made = make && mkdirat(*dir, name, 0700) == 0;
	int fd = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);

	if (fd == -1)
		return object_failed(op, name);
	op_defer(op, object_fd_close, (void *)(intptr_t)fd);
	if (made && *dir != AT_FDCWD) {
		TRY(object_own(op, fd, *dir));
		if (fsync(*dir) != 0)
			return object_failed(op, name);
	}
	*dir = fd;
	return OK;
}

enum err
object_dir(struct op *op, const struct object_key *k, bool make, int *dir)
{
	TRY(object_check(op, k));
	*dir = AT_FDCWD;
	TRY(step(op, dir, objects_root(op), make));
	if (k->tenant == NULL)
		return OK;
	TRY(step(op, dir, object_file(op, k->tenant), make));
	if (k->container == NULL)
		return OK;
	return step(op, dir, object_file(op, k->container), make);
}

enum err
object_file_open(struct op *op, int dir, const char *file, int *fd)
{
	*fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd == -1)
		return object_failed(op, file);
	op_defer(op, object_fd_close, (void *)(intptr_t)*fd);
	return OK;
}

/* --- heads -------------------------------------------------------------------------- */

static bool
is_line(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

enum err
object_head(struct op *op, const struct object_is *is, const char **head)
{
	const char *type = is->type != NULL ? is->type : OBJECT_TYPE;
	const char *const *m = is->meta;
	bool good = is_line(type);
	struct text t;

	text_begin(&t, op, OBJECT_HEAD);
	text_printf(&t, FIRST_LINE "\nbytes %lld\nmd5 %s\nstored %lld\n"
	    "segments %d\ntype %s\n", (long long)is->bytes, is->md5,
	    (long long)is->stored_us, is->segments, type);
	for (; m != NULL && *m != NULL; m += 2) {
		good = good && *m[0] != '\0' && is_line(m[0]) &&
		    strpbrk(m[0], " :") == NULL && is_line(m[1]);
		text_printf(&t, "meta %s %s\n", m[0], m[1]);
	}
	if (!good || t.len >= OBJECT_HEAD)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The metadata are too long or hold control characters.");
	*head = memcpy(op_alloc(op, OBJECT_HEAD), t.s, t.len);
	return OK;
}

static bool
head_line(struct op *op, struct object_is *is, const char **meta, int *n,
    char *line)
{
	char *value = strchr(line, ' ');
	int64_t segments = 0;

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(line, "bytes") == 0)
		return text_number(value, 0, INT64_MAX, &is->bytes);
	if (strcmp(line, "stored") == 0)
		return text_number(value, 0, INT64_MAX, &is->stored_us);
	if (strcmp(line, "segments") == 0) {
		bool good = text_number(value, 0, INT32_MAX, &segments);

		is->segments = (int)segments;
		return good;
	}
	if (strcmp(line, "md5") == 0)
		is->md5 = value;
	else if (strcmp(line, "type") == 0)
		is->type = value;
	else if (strcmp(line, "meta") == 0 && *n < META_MOST) {
		size_t name = strcspn(value, " ");

		meta[(*n)++] = op_strndup(op, value, name);
		meta[(*n)++] = value[name] == ' ' ? value + name + 1 : "";
	}
	return true;
}

enum err
object_head_read(struct op *op, int fd, struct object_is *is)
{
	char *head = op_alloc(op, OBJECT_HEAD + 1), **line;
	const char **meta = op_alloc(op, (META_MOST + 1) * sizeof(*meta));
	int n = 0;

	*is = (struct object_is){ .bytes = -1, .meta = meta };
	if (pread(fd, head, OBJECT_HEAD, 0) != OBJECT_HEAD)
		return op_fail(op, ERR_CLOUD, "a file that is no object");
	line = text_split(op, head, "\n");
	if (*line == NULL || strcmp(*line, FIRST_LINE) != 0)
		return op_fail(op, ERR_CLOUD, "a file that is no object");
	while (*++line != NULL)
		if (!head_line(op, is, meta, &n, *line))
			return op_fail(op, ERR_CLOUD,
			    "an object's head holds \"%s\"", *line);
	if (is->bytes < 0 || is->md5 == NULL)
		return op_fail(op, ERR_CLOUD, "an object's head is short");
	return OK;
}

/* --- manifests ------------------------------------------------------------------------ */

/* "<md5> <bytes> <file>" */
static bool
segment_read(struct op *op, char *line, struct object *s)
{
	char *bytes = strchr(line, ' ');
	char *file = bytes != NULL ? strchr(bytes + 1, ' ') : NULL;

	if (file == NULL)
		return false;
	*bytes++ = *file++ = '\0';
	s->md5 = line;
	s->name = object_name(op, file);
	return s->name != NULL && text_number(bytes, 0, INT64_MAX, &s->bytes);
}

enum err
object_segments(struct op *op, int fd, int n, struct object **segments)
{
	struct stat st;
	char *list, **line;
	size_t len;
	int i;

	if (fstat(fd, &st) != 0)
		return object_failed(op, "manifest");
	len = (size_t)(st.st_size - OBJECT_HEAD);
	if (len > (size_t)n * LINE_MOST)
		return op_fail(op, ERR_CLOUD, "a manifest is too long");
	list = op_alloc(op, len + 1);
	if (pread(fd, list, len, OBJECT_HEAD) != (ssize_t)len)
		return op_fail(op, ERR_CLOUD, "a manifest is short");
	line = text_split(op, list, "\n");
	*segments = op_alloc(op, (size_t)n * sizeof(**segments));
	for (i = 0; i < n && line[i] != NULL; i++)
		if (!segment_read(op, line[i], &(*segments)[i]))
			return op_fail(op, ERR_CLOUD, "a manifest holds "
			    "\"%s\"", line[i]);
	return i == n && line[n] == NULL ? OK :
	    op_fail(op, ERR_CLOUD, "a manifest has not %d segments", n);
}
