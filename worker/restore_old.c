#include "worker/restore_old.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/jsonw.h"
#include "lib/base/salted.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/cloud/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHAIN_MOST	100		/* backups, one upon the other */
#define PHRASES_MOST	65536		/* bytes of the file */
#define LEAVE_SECS	86400		/* a create that restores may take no longer */
#define ORDER_ROOM	2048		/* for an order's other words, and its seal */
#define GB		((int64_t)1 << 30)

struct old {				/* one of a chain */
	struct origin	 at;
	struct old_name	 form;
};

bool
restore_is_old(const struct backup_link *l)
{
	return l->key == NULL && l->location != NULL && l->checksum != NULL;
}

/* --- the chain ----------------------------------------------------------------------- */

/* Away is what passes; whatever else there is to say will be said again. */
static enum err
told(struct op *op, enum err e)
{
	return e == OK ? OK : op_fail(op, e == ERR_UNAVAILABLE ? ERR_CLOUD :
	    ERR_CONFLICT, "%s", op->why);
}

static enum err
old_look(struct work *w, const char *tenant, const char *location,
    const char *checksum, struct old *o)
{
	TRY(told(w->op, origin_place(w->op, tenant, location, &o->at)));
	TRY(told(w->op, origin_look(w->op, tenant, NULL, &o->at)));
	if (strcasecmp(o->at.etag, checksum) != 0)
		return op_fail(w->op, ERR_CONFLICT, "Current Swift object "
		    "checksum does not match original checksum of %s.",
		    location);
	if (!engine_old_name(engine_find(w->lease.home.engine), o->at.name,
	    &o->form))
		return op_fail(w->op, ERR_CONFLICT, "The name of %s is not "
		    "that of a backup of %s.", location,
		    w->lease.home.engine);
	return !o->at.in_parts || o->form.gzip ? OK : op_fail(w->op,
	    ERR_CONFLICT, "%s was uploaded in parts and is no gzip: there is "
	    "no checksum to compare.", location);
}

/* From the last one back to the full one, as each one's metadata say. */
static enum err
chain_look(struct work *w, const struct backup_link *l, struct old *chain,
    int *n)
{
	const char *location = l->location, *checksum = l->checksum;

	for (*n = 0; location != NULL; (*n)++) {
		if (*n == CHAIN_MOST)
			return op_fail(w->op, ERR_CONFLICT, "The backup "
			    "stands upon more than %d others.", CHAIN_MOST);
		if (checksum == NULL)
			return op_fail(w->op, ERR_CONFLICT, "The backup does "
			    "not say the checksum of what it stands upon.");
		TRY(old_look(w, l->tenant, location, checksum, &chain[*n]));
		location = chain[*n].at.parent_location;
		checksum = chain[*n].at.parent_checksum;
	}
	return OK;
}

/* What it will be when it is unpacked nobody knows before. */
static enum err
size_check(struct work *w, const struct old *chain, int n)
{
	int64_t bytes = 0, room = (int64_t)w->lease.home.volume_gb * GB;

	for (int i = 0; i < n; i++)
		bytes += chain[i].at.bytes;
	if (room == 0 || bytes <= room)
		return OK;
	return op_fail(w->op, ERR_FORBIDDEN, "Backup is too large for given "
	    "flavor or volume. Backup size: %.2f GBs. Available size: %d GBs.",
	    (double)bytes / (double)GB, w->lease.home.volume_gb);
}

/* --- pass phrases --------------------------------------------------------------------- */

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
phrases_read(struct op *op, char **out)
{
	const char *path = conf_str("backup.old_keys");
	struct stat st;
	ssize_t n;
	int fd;

	if (*path == '\0')
		return op_fail(op, ERR_CONFLICT, "The backup is encrypted, "
		    "and there is no pass phrase here (backup.old_keys).");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return op_fail(op, ERR_CONFLICT, "backup.old_keys: %s",
		    strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return op_fail(op, ERR_CONFLICT, "backup.old_keys: not a file "
		    "of mode 0600");
	*out = op_alloc(op, PHRASES_MOST + 1);
	n = read(fd, *out, PHRASES_MOST);
	if (n == -1)
		return op_fail(op, ERR_CONFLICT, "backup.old_keys: %s",
		    strerror(errno));
	(*out)[n] = '\0';
	return OK;
}

static bool
is_gzip(const unsigned char *b)
{
	return b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 && (b[3] & 0xe0) == 0;
}

static bool
phrase_find(char *phrases, const unsigned char *look, struct salted_key *key)
{
	char *line = phrases, *end;

	for (; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		if (*line != '\0' && salted_find(line, look, is_gzip, key))
			return true;
	}
	return false;
}

/*
 * A guest gets the key of this one backup.  The pass phrase, which opens those
 * of everybody, stays here.
 */
static enum err
key_find(struct work *w, const char *tenant, const struct old *o,
    const char **hex)
{
	unsigned char look[SALTED_LOOK];
	char *phrases = NULL, *text = op_alloc(w->op, 2 * sizeof(struct salted_key) +
	    1);
	struct salted_key key;
	bool found;

	*hex = NULL;
	if (!o->form.salted)
		return OK;
	TRY(told(w->op, origin_begin(w->op, tenant, &o->at, look,
	    sizeof(look))));
	TRY(phrases_read(w->op, &phrases));
	found = phrase_find(phrases, look, &key);
	seal_wipe(phrases, PHRASES_MOST);
	if (!found)
		return op_fail(w->op, ERR_CONFLICT, "No pass phrase of "
		    "backup.old_keys opens %s.", o->at.name);
	text_hex(text, (const unsigned char *)&key, sizeof(key));
	seal_wipe(&key, sizeof(key));
	*hex = text;
	return OK;
}

/* --- the order ------------------------------------------------------------------------- */

static void
parts_write(struct jsonw *out, const struct origin *at)
{
	jsonw_key(out, "segments");
	jsonw_list(out);
	for (int i = 0; i < at->n; i++) {
		jsonw_map(out);
		jsonw_kint(out, "bytes", at->part[i].bytes);
		jsonw_kstr(out, "md5", at->part[i].md5);
		jsonw_map_end(out);
	}
	jsonw_list_end(out);
	jsonw_kint(out, "bytes", at->bytes);
}

static enum err
old_write(struct work *w, struct jsonw *out, const struct backup_link *l,
    const struct old *o)
{
	const char *const all[] = { "" };	/* the name goes on with nothing */
	const struct lend ask = { l->tenant, o->at.container, o->at.name,
	    all, 1, false, LEAVE_SECS };
	struct leave leave;
	const char *hex;

	TRY(key_find(w, l->tenant, o, &hex));
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_storage()->lend(w->op, &ask, &leave));
	jsonw_map(out);
	jsonw_kstr(out, "backup", l->id);
	jsonw_key(out, "old");
	jsonw_map(out);
	jsonw_kbool(out, "gzip", o->form.gzip);
	jsonw_kstr(out, "opens", hex);
	jsonw_map_end(out);
	parts_write(out, &o->at);
	jsonw_key(out, "get");
	leave_write(out, &ask, &leave);
	jsonw_map_end(out);
	return OK;
}

enum err
restore_old(struct work *w, const struct backup_link *l, const char **body)
{
	struct old *chain = op_alloc(w->op, CHAIN_MOST * sizeof(*chain));
	struct jsonw out;
	int n;

	if (!l->good)
		return op_fail(w->op, ERR_CONFLICT, "Backup %s is gone.",
		    l->id);
	TRY(chain_look(w, l, chain, &n));
	TRY(size_check(w, chain, n));
	jsonw_begin(&out, w->op, 4096);
	jsonw_map(&out);
	jsonw_key(&out, "chain");
	jsonw_list(&out);
	while (n-- > 0)
		TRY(old_write(w, &out, l, &chain[n]));
	jsonw_list_end(&out);
	jsonw_map_end(&out);
	*body = out.out.s;
	return out.out.len < GUEST_MAX - ORDER_ROOM ? OK : op_fail(w->op,
	    ERR_CONFLICT, "The backup has too many parts to be restored.");
}
