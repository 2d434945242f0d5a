#include "lib/base/seal.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* OWASP's floor for Argon2id: 19 MiB, two passes. */
#define PASSES	2
#define MEMORY	(19 * 1024 * 1024)

#define NONCE	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG	crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(NONCE + TAG == SEAL_MORE, "what sealing adds");
_Static_assert(SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    "size of a key");

static struct key master;
static bool master_known;

void
seal_init(void)
{
	if (sodium_init() == -1)
		errx(1, "libsodium does not start");
}

void
seal_random(void *out, size_t n)
{
	seal_init();
	randombytes_buf(out, n);
}

char *
seal_password(struct op *op, size_t n)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char *p = op_alloc(op, n + 1);

	seal_init();
	for (size_t i = 0; i < n; i++)
		p[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	return p;
}

static bool
key_is_weak(const struct key *k)
{
	for (size_t i = 1; i < SEAL_KEY; i++)
		if (k->b[i] != k->b[0])
			return false;
	return true;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
seal_key_load(struct op *op, const char *path, struct key *out)
{
	char hex[2 * SEAL_KEY + 2];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "key file %s: %s "
		    "(make one with: coffer key new %s)", path,
		    strerror(errno), path);
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return op_fail(op, ERR_INTERNAL, "key file %s: not a file",
		    path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return op_fail(op, ERR_INTERNAL, "key file %s: others may "
		    "read it (chmod 600 %s)", path, path);
	n = read(fd, hex, sizeof(hex));
	if (n == 2 * SEAL_KEY + 1 && hex[n - 1] == '\n')
		n--;
	if (n != 2 * SEAL_KEY || !text_unhex(out->b, hex, SEAL_KEY) ||
	    key_is_weak(out))
		return op_fail(op, ERR_INTERNAL, "key file %s: no key of %d "
		    "hex digits in it", path, 2 * SEAL_KEY);
	sodium_memzero(hex, sizeof(hex));
	return OK;
}

enum err
seal_master_load(struct op *op)
{
	seal_init();
	TRY(seal_key_load(op, conf_str("coffer.key_file"), &master));
	sodium_mlock(&master, sizeof(master));	/* where it may */
	master_known = true;
	return OK;
}

const struct key *
seal_master(void)
{
	assert(master_known);
	return &master;
}

void
seal_derive(struct key *out, const struct key *from, const char *purpose,
    const char *name, int epoch)
{
	crypto_generichash_state st;
	unsigned char number[4] = { (unsigned char)(epoch >> 24),
	    (unsigned char)(epoch >> 16), (unsigned char)(epoch >> 8),
	    (unsigned char)epoch };

	/* The NULs keep ("a", "bc") and ("ab", "c") apart. */
	crypto_generichash_init(&st, from->b, SEAL_KEY, SEAL_KEY);
	crypto_generichash_update(&st, (const unsigned char *)"coffer", 7);
	crypto_generichash_update(&st, (const unsigned char *)purpose,
	    strlen(purpose) + 1);
	crypto_generichash_update(&st, (const unsigned char *)name,
	    strlen(name) + 1);
	crypto_generichash_update(&st, number, sizeof(number));
	crypto_generichash_final(&st, out->b, SEAL_KEY);
	sodium_memzero(&st, sizeof(st));
}

void
seal_close(unsigned char *out, const struct key *k, const void *about,
    size_t about_len, const void *in, size_t n)
{
	randombytes_buf(out, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, in, n,
	    about, about_len, NULL, out, k->b);
}

bool
seal_open(unsigned char *out, const struct key *k, const void *about,
    size_t about_len, const void *in, size_t n)
{
	const unsigned char *sealed = in;

	if (n < SEAL_MORE)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    sealed + NONCE, n - NONCE, about, about_len, sealed, k->b) == 0;
}

_Static_assert(SEAL_STREAM_HEAD ==
    crypto_secretstream_xchacha20poly1305_HEADERBYTES, "head of a stream");
_Static_assert(SEAL_PIECE_MORE ==
    crypto_secretstream_xchacha20poly1305_ABYTES, "what a piece grows by");
_Static_assert(sizeof(struct seal_stream) >=
    sizeof(crypto_secretstream_xchacha20poly1305_state), "room of a stream");

static crypto_secretstream_xchacha20poly1305_state *
stream_of(struct seal_stream *s)
{
	return (void *)s->state;
}

void
seal_stream_begin(struct seal_stream *s, const struct key *k,
    unsigned char head[SEAL_STREAM_HEAD])
{
	seal_init();
	crypto_secretstream_xchacha20poly1305_init_push(stream_of(s), head,
	    k->b);
}

void
seal_stream_close(struct seal_stream *s, unsigned char *out, const char *about,
    const void *in, size_t n, bool last)
{
	crypto_secretstream_xchacha20poly1305_push(stream_of(s), out, NULL, in,
	    n, (const unsigned char *)about, strlen(about), last ?
	    crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
}

void
seal_stream_resume(struct seal_stream *s, const struct key *k,
    const unsigned char head[SEAL_STREAM_HEAD])
{
	seal_init();
	crypto_secretstream_xchacha20poly1305_init_pull(stream_of(s), head,
	    k->b);
}

bool
seal_stream_open(struct seal_stream *s, unsigned char *out, const char *about,
    const void *in, size_t n, bool *last)
{
	unsigned char tag;

	if (n < SEAL_PIECE_MORE ||
	    crypto_secretstream_xchacha20poly1305_pull(stream_of(s), out, NULL,
	    &tag, in, n, (const unsigned char *)about, strlen(about)) != 0)
		return false;
	*last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	return true;
}

#define BASE64 sodium_base64_VARIANT_ORIGINAL

char *
seal_text(struct op *op, const struct key *k, const char *about,
    const char *plain)
{
	size_t n = strlen(plain), room = n + SEAL_MORE;
	unsigned char *sealed = op_alloc(op, room);
	size_t text_room = sodium_base64_ENCODED_LEN(room, BASE64);
	char *text = op_alloc(op, text_room);

	seal_close(sealed, k, about, strlen(about), plain, n);
	return sodium_bin2base64(text, text_room, sealed, room, BASE64);
}

enum err
seal_untext(struct op *op, const struct key *k, const char *about,
    const char *sealed, const char **plain)
{
	size_t room = strlen(sealed), n;
	unsigned char *bytes = op_alloc(op, room + 1);
	char *out;

	if (sodium_base642bin(bytes, room, sealed, room, NULL, &n, NULL,
	    BASE64) != 0 || n < SEAL_MORE)
		return op_fail(op, ERR_FORGED, "sealed text is damaged");
	out = op_alloc(op, n - SEAL_MORE + 1);
	if (!seal_open((unsigned char *)out, k, about, strlen(about), bytes, n))
		return op_fail(op, ERR_FORGED, "sealed text does not open");
	*plain = out;
	return OK;
}

char *
seal_password_hash(struct op *op, const char *password)
{
	char *hash = op_alloc(op, crypto_pwhash_STRBYTES);

	seal_init();
	if (crypto_pwhash_str_alg(hash, password, strlen(password), PASSES,
	    MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		errx(1, "out of memory");
	return hash;
}

bool
seal_password_ok(const char *hash, const char *password)
{
	seal_init();
	return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

void
seal_hash(unsigned char out[SEAL_HASH], const void *in, size_t n)
{
	crypto_generichash(out, SEAL_HASH, in, n, NULL, 0);
}

_Static_assert(SEAL_HASH == crypto_auth_hmacsha256_BYTES, "of one size");

void
seal_hmac(unsigned char out[SEAL_HASH], const void *key, size_t n,
    const char *text)
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, n);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)text,
	    strlen(text));
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

void
seal_sha256(unsigned char out[SEAL_HASH], const void *in, size_t n)
{
	crypto_hash_sha256(out, in, n);
}

bool
seal_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void
seal_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
