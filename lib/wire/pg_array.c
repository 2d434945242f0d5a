#include "lib/wire/pg.h"
#include "lib/base/text.h"

/* "{a,NULL,b}": every element quoted, so that nothing in it means anything. */
char *
pg_array(struct op *op, const char *const *item, int n)
{
	struct text t;

	text_begin(&t, op, (size_t)n * 40 + 3);
	text_addc(&t, '{');
	for (int i = 0; i < n; i++) {
		if (i > 0)
			text_addc(&t, ',');
		if (item[i] == NULL) {
			text_add(&t, "NULL");
			continue;
		}
		text_addc(&t, '"');
		for (const char *s = item[i]; *s != '\0'; s++) {
			if (*s == '"' || *s == '\\')
				text_addc(&t, '\\');
			text_addc(&t, *s);
		}
		text_addc(&t, '"');
	}
	text_addc(&t, '}');
	return t.s;
}
