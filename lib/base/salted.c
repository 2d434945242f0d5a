#include "lib/base/salted.h"
#include "lib/base/seal.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#define MAGIC		"Salted__"
#define MAGIC_LEN	8
#define HEAD		16		/* magic and salt */
#define ROUNDS		10000		/* of PBKDF2, as openssl presets them */
#define STEP		(256 * 1024)	/* decrypted at once */

struct salted {
	EVP_CIPHER_CTX	*cipher;
	unsigned char	 head[HEAD];
	size_t		 got;		/* of the head */
	unsigned char	*opened;
	size_t		 room;
};

/* --- keys --------------------------------------------------------------------------- */

/* A digest before OpenSSL 1.1 was MD5, since then SHA-256; -pbkdf2 goes with any. */
static const struct { const char *digest; bool pbkdf2; } ways[] = {
	{ "SHA256", false }, { "MD5", false }, { "SHA512", true },
	{ "SHA256", true },
};

static bool
derive(const char *phrase, const unsigned char *salt, const char *name,
    bool pbkdf2, struct salted_key *out)
{
	const EVP_MD *digest = EVP_get_digestbyname(name);
	int n = (int)strlen(phrase);

	if (digest == NULL)
		return false;
	if (pbkdf2)
		return PKCS5_PBKDF2_HMAC(phrase, n, salt, HEAD - MAGIC_LEN,
		    ROUNDS, digest, sizeof(*out), out->key) == 1;
	return EVP_BytesToKey(EVP_aes_256_cbc(), digest, salt,
	    (const unsigned char *)phrase, n, 1, out->key, out->iv) ==
	    sizeof(out->key);
}

_Static_assert(sizeof(struct salted_key) == 48, "PBKDF2 fills it in one go");

static EVP_CIPHER_CTX *
cipher_new(const struct salted_key *k)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c != NULL && EVP_DecryptInit_ex(c, EVP_aes_256_cbc(), NULL,
	    k->key, k->iv) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

static bool
opens(const struct salted_key *k, const unsigned char *look,
    bool (*fit)(const unsigned char *))
{
	unsigned char opened[SALTED_LOOK];
	EVP_CIPHER_CTX *c = cipher_new(k);
	int n = 0;
	bool good;

	if (c == NULL)
		return false;
	EVP_CIPHER_CTX_set_padding(c, 0);
	good = EVP_DecryptUpdate(c, opened, &n, look + HEAD,
	    SALTED_OPENED) == 1 && n == SALTED_OPENED && fit(opened);
	EVP_CIPHER_CTX_free(c);
	return good;
}

bool
salted_find(const char *phrase, const unsigned char look[SALTED_LOOK],
    bool (*fit)(const unsigned char *opened), struct salted_key *out)
{
	if (memcmp(look, MAGIC, MAGIC_LEN) != 0)
		return false;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (derive(phrase, look + MAGIC_LEN, ways[i].digest,
		    ways[i].pbkdf2, out) && opens(out, look, fit))
			return true;
	seal_wipe(out, sizeof(*out));
	return false;
}

/* --- a stream ----------------------------------------------------------------------- */

static void
cipher_free(void *cipher)
{
	EVP_CIPHER_CTX_free(cipher);
}

enum err
salted_begin(struct op *op, const struct salted_key *k, struct salted **out)
{
	struct salted *s = op_alloc(op, sizeof(*s));

	*s = (struct salted){ .cipher = cipher_new(k),
	    .room = STEP + EVP_MAX_BLOCK_LENGTH };
	if (s->cipher == NULL)
		return op_fail(op, ERR_INTERNAL, "no AES-256 in libcrypto");
	op_defer(op, cipher_free, s->cipher);
	s->opened = op_alloc(op, s->room);
	*out = s;
	return OK;
}

static size_t
head_take(struct salted *s, const unsigned char *p, size_t n)
{
	if (n > HEAD - s->got)
		n = HEAD - s->got;
	memcpy(s->head + s->got, p, n);
	s->got += n;
	return n;
}

static void
room_make(struct op *op, struct salted *s, size_t n)
{
	if (n + EVP_MAX_BLOCK_LENGTH <= s->room)
		return;
	s->room = n + EVP_MAX_BLOCK_LENGTH;
	s->opened = op_alloc(op, s->room);
}

enum err
salted_put(struct op *op, struct salted *s, const void *bytes, size_t n,
    const unsigned char **opened, size_t *len)
{
	const unsigned char *p = bytes;
	size_t head = s->got < HEAD ? head_take(s, p, n) : 0;
	int some = 0;

	*len = 0;
	if (s->got == HEAD && head > 0 &&
	    memcmp(s->head, MAGIC, MAGIC_LEN) != 0)
		return op_fail(op, ERR_FORGED,
		    "It does not begin as what openssl encrypts.");
	assert(n - head < (size_t)1 << 30);
	room_make(op, s, n - head);
	if (EVP_DecryptUpdate(s->cipher, s->opened, &some, p + head,
	    (int)(n - head)) != 1)
		return op_fail(op, ERR_INTERNAL, "AES fails");
	*opened = s->opened;
	*len = (size_t)some;
	return OK;
}

enum err
salted_end(struct op *op, struct salted *s, const unsigned char **opened,
    size_t *len)
{
	int some = 0;

	*len = 0;
	if (EVP_DecryptFinal_ex(s->cipher, s->opened, &some) != 1)
		return op_fail(op, ERR_FORGED, "The encrypted data do not end "
		    "as they should.");
	*opened = s->opened;
	*len = (size_t)some;
	return OK;
}
