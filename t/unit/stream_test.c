/* What a backup is in storage, and everything it must not be. */
#include "t/unit/test.h"
#include "agent/stream.h"
#include "lib/base/text.h"

#include <string.h>

#define ID	"7f0e1111-2222-4333-8444-555566667777"
#define OTHER	"7f0e1111-2222-4333-8444-555566667778"
#define BIG	(5 << 20)

static struct op op;
static struct key key, wrong;

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	seal_random(&key, sizeof(key));
	seal_random(&wrong, sizeof(wrong));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static enum err
collect(struct op *o, void *arg, const void *bytes, size_t n)
{
	(void)o;
	text_addn(arg, bytes, n);
	return OK;
}

static struct text
encoded(const void *bytes, size_t n, size_t step)
{
	struct stream_out *s;
	struct text t;

	text_begin(&t, &op, n + 4096);
	assert_int_equal(stream_out_begin(&op, &key, ID, collect, &t, &s), OK);
	for (size_t at = 0; at < n; at += step)
		assert_int_equal(stream_out_put(&op, s,
		    (const char *)bytes + at, n - at < step ? n - at : step),
		    OK);
	assert_int_equal(stream_out_end(&op, s), OK);
	return t;
}

static enum err
decode(const struct key *k, const char *id, const char *bytes, size_t n,
    size_t step, struct text *plain)
{
	struct stream_in *s;

	text_begin(plain, &op, 4096);
	TRY(stream_in_begin(&op, k, id, collect, plain, &s));
	for (size_t at = 0; at < n; at += step)
		TRY(stream_in_put(&op, s, bytes + at,
		    n - at < step ? n - at : step));
	return stream_in_end(&op, s);
}

/* Noise does not shrink, so that there are pieces to be mixed up. */
static char *
noise(size_t n)
{
	char *s = op_alloc(&op, n);

	seal_random(s, n);
	return s;
}

static void
what_was_put_comes_back_however_it_is_cut(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 1 << 20, BIG };
	static const size_t steps[] = { 1 << 20, 4096, 60001 };
	struct text t, plain;

	(void)state;
	for (size_t i = 0; i < ROWS(sizes); i++)
		for (size_t k = 0; k < ROWS(steps); k++) {
			char *in = noise(sizes[i]);

			t = encoded(in, sizes[i], steps[k]);
			assert_int_equal(decode(&key, ID, t.s, t.len,
			    steps[(k + 1) % ROWS(steps)], &plain), OK);
			assert_int_equal(plain.len, sizes[i]);
			assert_memory_equal(plain.s, in, sizes[i]);
			op_end(&op);
			op_begin(&op, "test");
		}
}

static void
a_stream_is_small_where_its_data_are_alike_and_shows_nothing_of_them(void **s)
{
	char *in = op_alloc(&op, BIG);
	struct text t, plain;

	(void)s;
	for (size_t at = 0; at + 8 < BIG; at += 8)
		memcpy(in + at, "canary..", 8);
	t = encoded(in, BIG, 1 << 20);
	assert_true(t.len < BIG / 100);
	assert_null(memmem(t.s, t.len, "canary", 6));
	assert_int_equal(decode(&key, ID, t.s, t.len, 1, &plain), OK);
	assert_memory_equal(plain.s, in, BIG);
	/* And never the same twice. */
	assert_int_not_equal(memcmp(t.s + 8, encoded(in, BIG, 1 << 20).s + 8,
	    24), 0);
}

static void
another_key_and_another_backup_s_id_open_nothing(void **state)
{
	struct text t = encoded("hello", 5, 5), plain;

	(void)state;
	assert_int_equal(decode(&wrong, ID, t.s, t.len, 100, &plain),
	    ERR_FORGED);
	assert_int_equal(plain.len, 0);
	assert_int_equal(decode(&key, OTHER, t.s, t.len, 100, &plain),
	    ERR_FORGED);
	assert_non_null(strstr(op.why, OTHER));
	assert_int_equal(plain.len, 0);
	assert_int_equal(decode(&key, ID, t.s, t.len, 100, &plain), OK);
}

static void
no_flipped_bit_goes_unseen(void **state)
{
	char *in = noise(60);
	struct text t = encoded(in, 60, 60), plain;

	(void)state;
	for (size_t i = 0; i < t.len * 8; i++) {
		t.s[i / 8] ^= (char)(1 << i % 8);
		if (decode(&key, ID, t.s, t.len, 1 << 20, &plain) == OK)
			fail_msg("bit %zu", i);
		t.s[i / 8] ^= (char)(1 << i % 8);
		if (i % 512 == 0) {	/* each attempt takes megabytes */
			struct text copy = t;
			static char kept[4096];

			assert_true(t.len < sizeof(kept));
			memcpy(kept, t.s, t.len);
			op_end(&op);
			op_begin(&op, "test");
			text_begin(&t, &op, copy.len);
			text_addn(&t, kept, copy.len);
		}
	}
	assert_int_equal(decode(&key, ID, t.s, t.len, 1 << 20, &plain), OK);
}

static void
no_missing_end_goes_unseen(void **state)
{
	static char kept[4096];
	struct text t = encoded("hello", 5, 5), plain;
	size_t n = t.len;

	(void)state;
	memcpy(kept, t.s, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(decode(&key, ID, kept, i, 100, &plain),
		    ERR_FORGED);
		op_end(&op);
		op_begin(&op, "test");
	}
	assert_int_equal(decode(&key, ID, kept, n, 100, &plain), OK);
}

/* Cut as storage cuts it: bytes [at, at + n) of the stream. */
struct cut { size_t at, n; };

static enum err
decode_cuts(const struct text *t, const struct cut *cut, struct text *plain)
{
	struct text all;

	text_begin(&all, &op, t->len);
	for (; cut->n > 0; cut++)
		text_addn(&all, t->s + cut->at, cut->n < t->len - cut->at ?
		    cut->n : t->len - cut->at);
	return decode(&key, ID, all.s, all.len, 1 << 20, plain);
}

static void
segments_out_of_their_place_are_seen(void **state)
{
	enum { PIECE = 4 + (1 << 20) + 17, HEAD = 32, ALL = 1 << 30 };
	static const struct cut order[][5] = {
		{ { 0, HEAD + PIECE }, { HEAD + 2 * PIECE, ALL } },	/* missing */
		{ { HEAD, PIECE }, { 0, ALL } },			/* the first twice */
		{ { 0, HEAD }, { HEAD + PIECE, PIECE }, { HEAD, PIECE },
		  { HEAD + 2 * PIECE, ALL } },				/* swapped */
		{ { 0, HEAD + PIECE }, { HEAD, ALL } },			/* repeated */
		{ { 0, ALL }, { HEAD, PIECE } },			/* more behind */
		{ { 0, ALL }, { 0, ALL } },				/* all of it twice */
		{ { HEAD, ALL } }, { { 0, HEAD + 2 * PIECE } },
	};
	static const struct cut right[] = { { 0, 70000 }, { 70000, ALL },
	    { 0, 0 } };
	char *in = noise(BIG);
	struct text t = encoded(in, BIG, 1 << 20), plain;

	(void)state;
	for (size_t i = 0; i < ROWS(order); i++) {
		if (decode_cuts(&t, order[i], &plain) != ERR_FORGED)
			fail_msg("order %zu", i);
		/* What came out before that was seen was right so far. */
		assert_memory_equal(plain.s, in, plain.len);
	}
	assert_int_equal(decode_cuts(&t, right, &plain), OK);
	assert_int_equal(plain.len, BIG);
}

/* Both under one key and id, as two attempts at one backup are. */
static void
a_piece_of_an_earlier_attempt_does_not_fit(void **state)
{
	enum { PIECE = 4 + (1 << 20) + 17, HEAD = 32 };
	char *in = noise(BIG);
	struct text one = encoded(in, BIG, 1 << 20), plain;
	struct text two = encoded(in, BIG, 1 << 20);

	(void)state;
	assert_int_equal(one.len, two.len);
	memcpy(one.s + HEAD + PIECE, two.s + HEAD + PIECE, PIECE);
	assert_int_equal(decode(&key, ID, one.s, one.len, 1 << 20, &plain),
	    ERR_FORGED);
}

/* Sealed rightly, and yet no stream of ours. */
static void
sealed_nonsense_is_refused(void **state)
{
	static const struct { const char *bytes; size_t n; } inside[] = {
		{ "nonsense", 8 }, { "", 0 },
		/* a zstd frame of nothing, and one byte more */
		{ "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00x", 10 },
		/* one that asks for a window of 2 GiB */
		{ "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9 },
	};
	unsigned char head[8 + SEAL_STREAM_HEAD] = "cofferb\1", piece[200];
	struct seal_stream seal;
	struct text t, plain;

	(void)state;
	for (size_t i = 0; i < ROWS(inside); i++) {
		size_t n = inside[i].n + SEAL_PIECE_MORE;

		memset(piece, 0, sizeof(piece));
		piece[0] = (unsigned char)n;
		seal_stream_begin(&seal, &key, head + 8);
		seal_stream_close(&seal, piece + 4, ID, inside[i].bytes,
		    inside[i].n, true);
		text_begin(&t, &op, 256);
		text_addn(&t, (char *)head, sizeof(head));
		text_addn(&t, (char *)piece, 4 + n);
		if (decode(&key, ID, t.s, t.len, 1000, &plain) != ERR_FORGED)
			fail_msg("row %zu", i);
	}
}

static enum err
refuse(struct op *o, void *arg, const void *bytes, size_t n)
{
	size_t *left = arg;

	(void)bytes;
	if (n > *left)
		return op_fail(o, ERR_CLOUD, "full");
	*left -= n;
	return OK;
}

static void
a_sink_that_fails_ends_the_stream(void **state)
{
	struct stream_out *out;
	struct stream_in *in;
	char *bytes = noise(BIG);
	struct text t = encoded(bytes, BIG, 1 << 20);
	size_t left = 100;
	enum err e = OK;

	(void)state;
	assert_int_equal(stream_out_begin(&op, &key, ID, refuse, &left, &out),
	    OK);
	for (int i = 0; i < 50 && e == OK; i++)
		e = stream_out_put(&op, out, bytes, BIG);
	assert_int_equal(e, ERR_CLOUD);
	left = 100;
	assert_int_equal(stream_in_begin(&op, &key, ID, refuse, &left, &in),
	    OK);
	assert_int_equal(stream_in_put(&op, in, t.s, t.len), ERR_CLOUD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_comes_back_however_it_is_cut),
		TEST(a_stream_is_small_where_its_data_are_alike_and_shows_nothing_of_them),
		TEST(another_key_and_another_backup_s_id_open_nothing),
		TEST(no_flipped_bit_goes_unseen),
		TEST(no_missing_end_goes_unseen),
		TEST(segments_out_of_their_place_are_seen),
		TEST(a_piece_of_an_earlier_attempt_does_not_fit),
		TEST(sealed_nonsense_is_refused),
		TEST(a_sink_that_fails_ends_the_stream),
	};

	seal_init();
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
