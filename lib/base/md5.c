#include "lib/base/md5.h"

#include "lib/base/text.h"

#include <stdint.h>
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
static const unsigned char turns[4][4] = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
};

/* What step i mixes of b, c and d, and which word of the block it takes. */
static uint32_t
mix(int i, const uint32_t s[4], int *word)
{
	uint32_t b = s[1], c = s[2], d = s[3];

	switch (i / 16) {
	case 0:
		*word = i;
		return (b & c) | (~b & d);
	case 1:
		*word = (5 * i + 1) % 16;
		return (b & d) | (c & ~d);
	case 2:
		*word = (3 * i + 5) % 16;
		return b ^ c ^ d;
	default:
		*word = 7 * i % 16;
		return c ^ (b | ~d);
	}
}

static void
block(uint32_t state[4], const unsigned char *p)
{
	uint32_t s[4], w[16], x;
	int i, k, turn;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
		    (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
	memcpy(s, state, sizeof(s));
	for (i = 0; i < BLOCK; i++) {
		x = s[0] + mix(i, s, &k) + sines[i];
		x += w[k];
		turn = turns[i / 16][i % 4];
		s[0] = s[3];
		s[3] = s[2];
		s[2] = s[1];
		s[1] += x << turn | x >> (32 - turn);
	}
	for (i = 0; i < 4; i++)
		state[i] += s[i];
}

/* The rest, a one bit, zeros, and the length in bits: one block or two. */
static void
finish(uint32_t state[4], const unsigned char *rest, size_t n, uint64_t bytes)
{
	unsigned char last[2 * BLOCK] = { 0 };
	size_t end = n + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

	memcpy(last, rest, n);
	last[n] = 0x80;
	for (int i = 0; i < 8; i++)
		last[end - 8 + (size_t)i] = (unsigned char)(bytes * 8 >> 8 * i);
	for (size_t at = 0; at < end; at += BLOCK)
		block(state, last + at);
}

void
md5_hex(char out[MD5_HEX + 1], const void *bytes, size_t n)
{
	uint32_t s[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	const unsigned char *p = bytes;
	unsigned char digest[16];
	size_t left = n;

	for (; left >= BLOCK; p += BLOCK, left -= BLOCK)
		block(s, p);
	finish(s, p, left, n);
	for (int i = 0; i < 16; i++)
		digest[i] = (unsigned char)(s[i / 4] >> 8 * (i % 4));
	text_hex(out, digest, sizeof(digest));
}
