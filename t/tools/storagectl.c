/*
 * storagectl - the storage driver of a coffer.conf by hand, for tests.
 *
 *   storagectl CONF lend TENANT CONTAINER PREFIX read|write SECONDS [NAME...]
 *                                    prints before, after, the socket or "-", and
 *                                    the signature of each name that has its own
 *   storagectl CONF list TENANT CONTAINER PREFIX      name, bytes, md5 a line
 *   storagectl CONF read TENANT CONTAINER NAME
 *   storagectl CONF join TENANT CONTAINER PREFIX NAME [KEY VALUE...]
 *                                    of all with the prefix; prints the checksum
 *   storagectl CONF compose TENANT CONTAINER NAME SEGMENT BYTES MD5...
 *   storagectl CONF remove TENANT CONTAINER NAME
 *   storagectl CONF abandon TENANT CONTAINER PREFIX
 *   storagectl CONF location TENANT CONTAINER NAME
 *   storagectl CONF origin TENANT URL [TOKEN]  of a backup that lies there: its
 *                                    checksum, bytes, what it stands upon or "-",
 *                                    its first byte, bytes and md5 of each part
 *
 * STORAGECTL_S3=PARTS:BYTES in its environment makes S3's rules smaller ones.
 */
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/cloud/cloud.h"
#include "lib/cloud/origin.h"
#include "lib/cloud/storage.h"
#include "lib/cloud/storage_s3.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct storage_driver *storage;

static enum err
lend(struct op *op, char **a)
{
	struct lend ask = { a[0], a[1], a[2], (const char **)(a + 5),
	    .write = strcmp(a[3], "write") == 0, .seconds = atoi(a[4]) };
	struct leave l;

	while (a[5 + ask.n] != NULL)
		ask.n++;
	TRY(storage->lend(op, &ask, &l));
	printf("%s\n%s\n%s\n", l.before, l.after, l.socket != NULL ?
	    l.socket : "-");
	for (int i = 0; l.signature != NULL && i < ask.n; i++)
		puts(l.signature[i]);
	return OK;
}

static enum err
list(struct op *op, char **a)
{
	struct object *o;
	int n;

	TRY(storage->list(op, a[0], a[1], a[2], &o, &n));
	for (int i = 0; i < n; i++)
		printf("%s %lld %s\n", o[i].name, (long long)o[i].bytes,
		    o[i].md5);
	return OK;
}

static enum err
read_one(struct op *op, char **a)
{
	const char *bytes;
	size_t n;

	TRY(storage->read(op, a[0], a[1], a[2], 1 << 20, &bytes, &n));
	fwrite(bytes, 1, n, stdout);
	return OK;
}

static enum err
join(struct op *op, char **a)
{
	const char *sum;
	struct object *o;
	int n;

	TRY(storage->list(op, a[0], a[1], a[2], &o, &n));
	TRY(storage->join(op, a[0], a[1], a[3], o, n,
	    (const char *const *)(a + 4), &sum));
	puts(sum);
	return OK;
}

static enum err
compose(struct op *op, char **a)
{
	struct object *o = op_alloc(op, 1000 * sizeof(*o));
	const char *sum;
	int n = 0;

	for (char **s = a + 3; s[0] != NULL && s[1] != NULL && s[2] != NULL &&
	    n < 1000; s += 3)
		o[n++] = (struct object){ s[0], atoi(s[1]), s[2] };
	TRY(storage->join(op, a[0], a[1], a[2], o, n, NULL, &sum));
	puts(sum);
	return OK;
}

static enum err
remove_one(struct op *op, char **a)
{
	return storage->remove(op, a[0], a[1], a[2]);
}

static enum err
abandon(struct op *op, char **a)
{
	return storage->abandon == NULL ? OK :
	    storage->abandon(op, a[0], a[1], a[2]);
}

static enum err
location(struct op *op, char **a)
{
	puts(storage->location(op, a[0], a[1], a[2]));
	return OK;
}

static enum err
origin(struct op *op, char **a)
{
	struct origin o;
	unsigned char first;

	TRY(origin_place(op, a[0], a[1], &o));
	TRY(origin_look(op, a[0], a[2], &o));
	TRY(origin_begin(op, a[0], &o, &first, 1));
	printf("%s\n%lld\n%s\n%s\n%c\n", o.etag, (long long)o.bytes,
	    o.parent_location != NULL ? o.parent_location : "-",
	    o.parent_checksum != NULL ? o.parent_checksum : "-", first);
	for (int i = 0; i < o.n; i++)
		printf("%lld %s\n", (long long)o.part[i].bytes,
		    o.part[i].md5);
	return OK;
}

static const struct verb {
	const char	*word;
	int		 args;
	enum err	(*run)(struct op *, char **);
} verbs[] = {
	{ "lend", 5, lend }, { "list", 3, list }, { "read", 3, read_one },
	{ "join", 4, join }, { "compose", 3, compose }, { "remove", 3, remove_one },
	{ "abandon", 3, abandon }, { "location", 3, location },
	{ "origin", 2, origin }, { 0 }
};

static enum err
run(struct op *op, const char *conf, const struct verb *v, char **args)
{
	const char *limits = getenv("STORAGECTL_S3");
	long long group;

	TRY(conf_load(op, conf));
	if (limits != NULL && sscanf(limits, "%d:%lld", &s3_limits.parts,
	    &group) == 2)
		s3_limits.group = group;
	TRY(seal_master_load(op));
	TRY(cloud_open(op));
	storage = cloud_storage();
	return v->run(op, args);
}

int
main(int argc, char **argv)
{
	const struct verb *v = verbs;
	struct op op;
	enum err e;

	while (argc > 2 && v->word != NULL && strcmp(v->word, argv[2]) != 0)
		v++;
	if (argc < 3 || v->word == NULL || argc < 3 + v->args)
		errx(2, "see t/tools/storagectl.c");
	log_init("storagectl", LOG_WARN);
	op_begin(&op, "storagectl");
	e = run(&op, argv[1], v, argv + 3);
	if (e != OK)
		warnx("%s: %s", err_name(e), op.why != NULL ? op.why : "-");
	op_end(&op);
	return e != OK;
}
