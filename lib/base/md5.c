#include "lib/base/md5.h"

#include "lib/base/text.h"

#include <string.h>

#define BLOCK 64

/* The integer part of 2^32 times |sin i|, for i from 1. */
static const uint32_t sines[BLOCK] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
	0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
	0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* The four rounds differ in how they mix, and in which word comes next. */
#define MIX_F(b, c, d)	((d) ^ ((b) & ((c) ^ (d))))
#define MIX_G(b, c, d)	((c) ^ ((d) & ((b) ^ (c))))
#define MIX_H(b, c, d)	((b) ^ (c) ^ (d))
#define MIX_I(b, c, d)	((c) ^ ((b) | ~(d)))
#define TURN(x, n)	((x) << (n) | (x) >> (32 - (n)))
#define STEP(mix, a, b, c, d, i, word, n) do {				\
	a += mix(b, c, d) + sines[i] + w[(word) % 16];			\
	a = TURN(a, n) + b;						\
} while (0)
/* Four steps with the registers moved on, and so they stand as before. */
#define FOUR(mix, i, word, by, n, m, o, p) do {				\
	STEP(mix, a, b, c, d, i, word, n);				\
	STEP(mix, d, a, b, c, (i) + 1, (word) + (by), m);		\
	STEP(mix, c, d, a, b, (i) + 2, (word) + 2 * (by), o);		\
	STEP(mix, b, c, d, a, (i) + 3, (word) + 3 * (by), p);		\
} while (0)

static void
block(uint32_t state[4], const unsigned char *p)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3], w[16];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
		    (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
	for (int i = 0; i < 16; i += 4)
		FOUR(MIX_F, i, i, 1, 7, 12, 17, 22);
	for (int i = 16; i < 32; i += 4)
		FOUR(MIX_G, i, 5 * i + 1, 5, 5, 9, 14, 20);
	for (int i = 32; i < 48; i += 4)
		FOUR(MIX_H, i, 3 * i + 5, 3, 4, 11, 16, 23);
	for (int i = 48; i < 64; i += 4)
		FOUR(MIX_I, i, 7 * i, 7, 6, 10, 15, 21);
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void
md5_begin(struct md5 *m)
{
	*m = (struct md5){ { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },
		0, { 0 } };
}

void
md5_add(struct md5 *m, const void *bytes, size_t n)
{
	size_t have = m->bytes % BLOCK, more;
	const unsigned char *p = bytes;

	m->bytes += n;
	if (have > 0) {
		more = n < BLOCK - have ? n : BLOCK - have;
		memcpy(m->rest + have, p, more);
		if (have + more < BLOCK)
			return;
		block(m->state, m->rest);
		p += more;
		n -= more;
	}
	for (; n >= BLOCK; p += BLOCK, n -= BLOCK)
		block(m->state, p);
	if (n > 0)
		memcpy(m->rest, p, n);
}

/* A one bit, zeros, and the length in bits: up to the end of a block. */
void
md5_end(struct md5 *m, char out[MD5_HEX + 1])
{
	static const unsigned char one[BLOCK] = { 0x80 };
	uint64_t bits = m->bytes * 8;
	size_t have = m->bytes % BLOCK;
	unsigned char length[8], digest[16];

	md5_add(m, one, (have < 56 ? 56 : 120) - have);
	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> 8 * i);
	md5_add(m, length, sizeof(length));
	for (int i = 0; i < 16; i++)
		digest[i] = (unsigned char)(m->state[i / 4] >> 8 * (i % 4));
	text_hex(out, digest, sizeof(digest));
}

void
md5_hex(char out[MD5_HEX + 1], const void *bytes, size_t n)
{
	struct md5 m;

	md5_begin(&m);
	if (n > 0)
		md5_add(&m, bytes, n);
	md5_end(&m, out);
}
