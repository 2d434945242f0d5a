/* What every engine does: data are seen at a backup, and known again later. */
#include "t/unit/engine_verify.h"
#include "agent/file.h"
#include "lib/msg/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct op kept;			/* what was seen, over starts of the server */
static const struct digest *seen;

/* As it travels: a guest's word, kept, and told to another guest. */
static const struct digest *
known_again(const struct digest *d)
{
	struct digest *again = op_alloc(&kept, sizeof(*again));
	const char *text = digest_write(&kept, d);
	const struct json *j;

	ok(json_parse(&kept, text, strlen(text), &j));
	ok(digest_read(&kept, j, again));
	return again;
}

/* As before and after a backup, and what is written meanwhile. */
static void
look_twice(const char *meanwhile)
{
	struct look before, after;
	struct digest d;

	look_begin(&before, &kept, NULL, 20000);
	ok(db->look(&op, &before));
	if (meanwhile != NULL)
		at->verify->say(meanwhile);
	look_begin(&after, &kept, &before, 20000);
	ok(db->look(&op, &after));
	look_between(&kept, &before, &after, &d);
	seen = known_again(&d);
}

static const struct digest_part *
part(const char *name)
{
	for (int i = 0; i < seen->n; i++)
		if (strcmp(digest_name(&kept, &seen->part[i]), name) == 0)
			return &seen->part[i];
	return NULL;
}

/* NULL: all is well. */
static const char *
checked(const struct digest *d)
{
	struct op o;
	const char *why = NULL;
	enum err e;

	op_begin(&o, "check");
	e = db->verify(&o, d);
	if (e != OK)
		why = op_printf(&kept, "%s", o.why);
	if (e != OK && e != ERR_UNPROCESSABLE)
		fail_msg("%s: %s", err_name(e), o.why);
	op_end(&o);
	return why;
}

static void
is_said(const struct engine_damage *d, const char *said, const char *why)
{
	if (why == NULL ? said != NULL : said == NULL || strstr(said, why) == NULL)
		fail_msg("%s: %s", d->what, said != NULL ? said :
		    "nothing is found");
}

/* Twice is never. */
static void
bit_turn(const char *path, long where)
{
	int fd = open(path, O_RDWR);
	char c;

	if (fd == -1)
		fail_msg("%s is not there", path);
	assert_int_equal(pread(fd, &c, 1, where), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, where), 1);
	close(fd);
}

static void
turn_below(const char *path, long where)
{
	ok(db->stop(&op));
	op_end(&op);
	op_begin(&op, "test");
	bit_turn(path, where);
	ok(db->start(&op));
	wait_until_it_answers();
}

static void
try(const struct engine_verify *v, const struct engine_damage *d)
{
	struct digest other = *seen;
	long where = 0;
	const char *path = NULL;

	if (d->make != NULL)
		v->say(d->make);
	if (d->below != NULL) {
		path = op_printf(&kept, "%s", v->file(d->below, &where));
		turn_below(path, where);
	}
	is_said(d, checked(d->blind ? NULL : seen), d->why);
	other.version = "0.0.1";
	if (d->sum)
		is_said(d, checked(&other), NULL);
	if (path != NULL)
		turn_below(path, where);
	if (d->undo != NULL)
		v->say(d->undo);
}

static void
what_was_seen_at_a_backup_is_known_again_and_each_damage_named(void **state)
{
	const struct engine_verify *v = at->verify;

	(void)state;
	op_begin(&kept, "kept");
	v->say(v->fill);
	look_twice(v->stir);
	if (part(v->stirred) != NULL && part(v->stirred)->sum != NULL)
		fail_msg("%s was written to", v->stirred);
	v->say(v->rest);
	look_twice(NULL);
	for (const char *const *p = v->parts; *p != NULL; p++)
		if (part(*p) == NULL || part(*p)->sum == NULL)
			fail_msg("%s is %s", *p, part(*p) == NULL ? "missing" :
			    "not summed up");
	for (const struct engine_damage *d = v->damages; d->what != NULL; d++) {
		/* All the others were undone, and the last one cannot be. */
		if (d[1].what == NULL)
			assert_null(checked(seen));
		try(v, d);
	}
	v->say(v->empty);
	op_end(&kept);
}

/* The order is refused then: transfer_verify(). */
static void
an_engine_that_cannot_check_its_data_sees_none(void **state)
{
	(void)state;
	assert_null(db->verify);
	assert_null(db->look);
}

const struct CMUnitTest of_checks[] = {
	TEST(what_was_seen_at_a_backup_is_known_again_and_each_damage_named),
	{ 0 }
}, of_no_checks[] = {
	TEST(an_engine_that_cannot_check_its_data_sees_none),
	{ 0 }
};
