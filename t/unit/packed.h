/* packed - what a guest tells of many segments: in few words. */
#ifndef T_UNIT_PACKED_H
#define T_UNIT_PACKED_H

#include "lib/base/op.h"
#include "lib/base/text.h"

#define FOUR "8cbad96aced40b3838dd9f07f6ef5772"	/* MD5 of "four" */
#define THREE "7f021a1415b86f2d013b2618fb31ae53"	/* ... and of "end" */

/* n of four bytes, and one of three. */
static inline const char *
packed(struct op *o, int n, int64_t bytes)
{
	struct text t;

	text_begin(&t, o, 4096);
	text_add(&t, "{\"segments\":{\"each\":4,\"md5\":\"");
	for (int i = 0; i <= n; i++)
		text_add(&t, i < n ? FOUR : THREE);
	text_printf(&t, "\"},\"bytes\":%lld,\"plain_bytes\":7,\"mark\":null}",
	    (long long)bytes);
	return t.s;
}

#endif
