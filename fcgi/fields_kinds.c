#include "fcgi/fields_kinds.h"

#include "lib/base/jsonw.h"
#include "lib/base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN		40	/* bytes of a string that an error repeats */
#define NAME_MAX	255	/* characters of a name: contract, validation section 1 */
#define SIZE_DIGITS	40
#define UNIQUE_MAX	1000	/* elements of a list that has to be unique */

#define DIGITS	"0123456789"
#define LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const char *
value_show(struct op *op, const struct field *f, const struct json *v)
{
	const char *s = json_str(v);
	size_t n = SHOWN;

	if (f->flags & HIDDEN)
		return "***";
	switch (json_kind(v)) {
	case JSON_STR:
		if (strlen(s) <= SHOWN)
			return op_printf(op, "'%s'", s);
		while ((s[n] & 0xc0) == 0x80)	/* no half characters */
			n--;
		return op_printf(op, "'%.*s...'", (int)n, s);
	case JSON_INT:
		return op_printf(op, "%" PRId64, json_int(v));
	case JSON_BIG:
		return op_printf(op, "%" PRIu64, json_big(v));
	case JSON_REAL:
		return op_printf(op, "%g", json_real(v));
	case JSON_BOOL:
		return json_true(v) ? "true" : "false";
	case JSON_LIST:
		return json_count(v) == 0 ? "[]" : "[...]";
	case JSON_MAP:
		return json_count(v) == 0 ? "{}" : "{...}";
	default:
		return "null";
	}
}

static const char *
not_of_type(struct op *op, const struct field *f, const struct json *v,
    const char *type)
{
	return op_printf(op, "%s is not of type %s", value_show(op, f, v),
	    type);
}

static const char *
not_a(struct op *op, const struct field *f, const struct json *v,
    const char *what)
{
	return op_printf(op, "%s is not %s", value_show(op, f, v), what);
}

static int64_t
characters(const char *s)
{
	int64_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static const char *
length_problem(struct op *op, const struct field *f, const struct json *v,
    int64_t n, int64_t max)
{
	if (n < f->min)
		return op_printf(op, "%s is too short", value_show(op, f, v));
	if (max > 0 && n > max)
		return op_printf(op, "%s is too long", value_show(op, f, v));
	return NULL;
}

static const char *
string_problem(struct op *op, const struct field *f, const struct json *v)
{
	const char *s = json_str(v), *bad;
	bool named = f->kind == NES || f->kind == FLAVOR;
	int64_t max = f->max > 0 || !named ? f->max : NAME_MAX;

	if (s == NULL)
		return not_of_type(op, f, v, "'string'");
	if (named && *s == '\0')
		return op_printf(op, "%s is too short", value_show(op, f, v));
	if ((bad = length_problem(op, f, v, characters(s), max)) != NULL)
		return bad;
	if (named && strpbrk(s, LETTERS DIGITS) == NULL)
		return op_printf(op, "%s has no letter or digit in it",
		    value_show(op, f, v));
	if (named && strchr(s, '\n') != NULL)
		return op_printf(op, "%s has a line break in it",
		    value_show(op, f, v));
	return NULL;
}

static const char *
range_problem(struct op *op, const struct field *f, const struct json *v)
{
	double n = json_real(v);

	if (n < (double)f->min)
		return op_printf(op, "%s is less than the minimum of %" PRId64,
		    value_show(op, f, v), f->min);
	if (f->max > 0 && n > (double)f->max)
		return op_printf(op, "%s is greater than the maximum of %"
		    PRId64, value_show(op, f, v), f->max);
	return NULL;
}

static const char *
size_problem(struct op *op, const struct field *f, const struct json *v)
{
	const char *s = json_str(v);
	struct field at_least_one = *f;

	at_least_one.min = f->min > 1 ? f->min : 1;
	if (json_kind(v) == JSON_INT)
		return range_problem(op, &at_least_one, v);
	if (json_kind(v) == JSON_REAL && json_real(v) >= 0x1p63)
		return NULL;		/* an integer with many digits: too large, not wrong */
	if (s == NULL)
		return not_of_type(op, f, v, "'integer', 'string'");
	if (s[strspn(s, DIGITS)] != '\0' || strlen(s) > SIZE_DIGITS ||
	    strpbrk(s, "123456789") == NULL)
		return not_a(op, f, v, "a size of 1 or more");
	return NULL;
}

/* Optional %, then word characters, dots and parentheses, optional %. */
static bool
is_host(const char *s)
{
	s += *s == '%';
	s += strspn(s, LETTERS DIGITS "_.()");
	s += *s == '%';
	return *s == '\0';
}

/* Four parts of one to three digits: the cloud says whether it has 999.1.1.1. */
static bool
is_ipv4(const char *s)
{
	for (int i = 0; i < 4; i++) {
		size_t n = strspn(s, DIGITS);

		if (n == 0 || n > 3 || (i < 3 && s[n] != '.'))
			return false;
		s += n + (i < 3);
	}
	return *s == '\0';
}

/* What a packet filter takes: parts of 0 to 255; /0 to /32 may follow. */
static bool
is_cidr(struct op *op, const char *s)
{
	size_t n = strcspn(s, "/");
	struct in_addr in;
	int64_t bits;

	if (inet_pton(AF_INET, op_strndup(op, s, n), &in) != 1)
		return false;
	return s[n] == '\0' || (s[n + 1] != '-' &&
	    text_number(s + n + 1, 0, 32, &bits));
}

static const char *
pattern_problem(struct op *op, const struct field *f, const struct json *v)
{
	const char *s = json_str(v);

	if (s == NULL)
		return not_of_type(op, f, v, "'string'");
	if (f->kind == UUID && !text_is_uuid(s))
		return not_a(op, f, v, "a UUID");
	if (f->kind == HOST && !is_host(s))
		return not_a(op, f, v, "a host");
	if (f->kind == CIDR && !is_cidr(op, s))
		return not_a(op, f, v, "an IPv4 address or network");
	if (f->kind == IPV4 && !is_ipv4(s))
		return not_a(op, f, v, "an IPv4 address");
	return NULL;
}

static void spell(struct jsonw *, struct op *, const struct json *);

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Members in the order of their keys: how a client wrote them says nothing. */
static void
spell_map(struct jsonw *w, struct op *op, const struct json *map)
{
	const char **member = op_alloc(op,
	    (json_count(map) + 1) * sizeof(*member));
	const struct json *v;
	const char *key;
	void *at = NULL;
	size_t n = 0;

	while (json_next(map, &at, &key, &v)) {
		struct jsonw m;

		jsonw_begin(&m, op, 64);
		jsonw_str(&m, key);
		spell(&m, op, v);
		member[n++] = m.out.s;
	}
	qsort(member, n, sizeof(*member), by_text);
	jsonw_map(w);
	for (size_t i = 0; i < n; i++)
		jsonw_raw(w, member[i]);
	jsonw_map_end(w);
}

/* Values that are the same are spelled the same. */
static void
spell(struct jsonw *w, struct op *op, const struct json *v)
{
	switch (json_kind(v)) {
	case JSON_MAP:
		spell_map(w, op, v);
		return;
	case JSON_LIST:
		jsonw_list(w);
		for (size_t i = 0; i < json_count(v); i++)
			spell(w, op, json_at(v, i));
		jsonw_list_end(w);
		return;
	case JSON_STR:
		jsonw_str(w, json_str(v));
		return;
	case JSON_INT:
		jsonw_int(w, json_int(v));
		return;
	case JSON_BIG:
		jsonw_raw(w, op_printf(op, "%" PRIu64, json_big(v)));
		return;
	case JSON_REAL:
		jsonw_raw(w, op_printf(op, "%.17g", json_real(v)));
		return;
	case JSON_BOOL:
		jsonw_bool(w, json_true(v));
		return;
	case JSON_NULL:
	case JSON__MAX:
		jsonw_null(w);
	}
}

/* Sorted: to compare a thousand each with each held a process for 150 ms. */
static bool
has_twins(struct op *op, const struct json *list)
{
	size_t n = json_count(list);
	const char **item = op_alloc(op, (n + 1) * sizeof(*item));

	for (size_t i = 0; i < n; i++) {
		struct jsonw w;

		jsonw_begin(&w, op, 64);
		spell(&w, op, json_at(list, i));
		item[i] = w.out.s;
	}
	qsort(item, n, sizeof(*item), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(item[i - 1], item[i]) == 0)
			return true;
	return false;
}

static const char *
list_problem(struct op *op, const struct field *f, const struct json *v)
{
	bool unique = f->flags & UNIQUE;
	int64_t max = f->max == 0 && unique ? UNIQUE_MAX : f->max;
	const char *bad;

	if (json_kind(v) == JSON_MAP && (f->flags & ONE_OR_LIST))
		return NULL;
	if (json_kind(v) != JSON_LIST)
		return not_of_type(op, f, v, "'array'");
	bad = length_problem(op, f, v, (int64_t)json_count(v), max);
	if (bad == NULL && unique && has_twins(op, v))
		return op_printf(op, "%s has non-unique elements",
		    value_show(op, f, v));
	return bad;
}

static const char *
map_problem(struct op *op, const struct field *f, const struct json *v)
{
	int64_t n = (int64_t)json_count(v);

	if (json_kind(v) != JSON_MAP)
		return not_of_type(op, f, v, "'object'");
	if (n < f->min)
		return op_printf(op, "%s does not have enough properties",
		    value_show(op, f, v));
	if (f->max > 0 && n > f->max)
		return op_printf(op, "%s has too many properties",
		    value_show(op, f, v));
	return NULL;
}

const char *
value_problem(struct op *op, const struct field *f, const struct json *v)
{
	enum json_kind is = json_kind(v);

	if (is == JSON_NULL && (f->flags & NULLABLE))
		return NULL;
	switch (f->kind) {
	case STR:
	case NES:
		return string_problem(op, f, v);
	case UUID:
	case HOST:
	case CIDR:
	case IPV4:
		return pattern_problem(op, f, v);
	case FLAVOR:
		return is == JSON_INT ? NULL : string_problem(op, f, v);
	case INT:
		return is == JSON_INT ? range_problem(op, f, v) :
		    not_of_type(op, f, v, "'integer'");
	case NUMBER:
		return is == JSON_INT || is == JSON_BIG || is == JSON_REAL ?
		    range_problem(op, f, v) :
		    not_of_type(op, f, v, "'number'");
	case SIZE:
		return size_problem(op, f, v);
	case FLAG:
		return is == JSON_INT && (json_int(v) == 0 ||
		    json_int(v) == 1) ? NULL : not_a(op, f, v, "0 or 1");
	case BOOL:
		return is == JSON_BOOL ? NULL :
		    not_of_type(op, f, v, "'boolean'");
	case LIST:
		return list_problem(op, f, v);
	case MAP_OR_SIZE:
		return is == JSON_MAP ? map_problem(op, f, v) :
		    size_problem(op, f, v);
	case MAP:
		return map_problem(op, f, v);
	case ANY:
	case FIELD__MAX:
		break;
	}
	return NULL;
}
