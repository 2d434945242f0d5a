#include "fcgi/fields_kinds.h"

#include "lib/base/text.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN		40	/* bytes of a string that an error repeats */
#define NAME_MAX	255	/* characters of a name: contract, validation section 1 */
#define SIZE_DIGITS	40
#define UNIQUE_MAX	1000	/* elements that are compared each with each */

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

/* Four parts of one to three digits; /0 to /32 when a mask may follow. */
static bool
is_ipv4(const char *s, bool mask)
{
	int64_t bits;

	for (int i = 0; i < 4; i++) {
		size_t n = strspn(s, DIGITS);

		if (n == 0 || n > 3 || (i < 3 && s[n] != '.'))
			return false;
		s += n + (i < 3);
	}
	if (*s == '/' && mask)
		return text_number(s + 1, 0, 32, &bits);
	return *s == '\0';
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
	if (f->kind == CIDR && !is_ipv4(s, true))
		return not_a(op, f, v, "an IPv4 address or network");
	if (f->kind == IPV4 && !is_ipv4(s, false))
		return not_a(op, f, v, "an IPv4 address");
	return NULL;
}

static bool same(const struct json *, const struct json *);

static bool
same_map(const struct json *a, const struct json *b)
{
	const struct json *v;
	const char *key;
	void *at = NULL;

	if (json_count(a) != json_count(b))
		return false;
	while (json_next(a, &at, &key, &v))
		if (!json_has(b, key) || !same(v, json_get(b, key)))
			return false;
	return true;
}

static bool
same(const struct json *a, const struct json *b)
{
	if (json_kind(a) != json_kind(b))
		return false;
	switch (json_kind(a)) {
	case JSON_STR:
		return strcmp(json_str(a), json_str(b)) == 0;
	case JSON_INT:
		return json_int(a) == json_int(b);
	case JSON_MAP:
		return same_map(a, b);
	default:
		return false;
	}
}

static bool
has_twins(const struct json *list)
{
	for (size_t i = 1; i < json_count(list); i++)
		for (size_t k = 0; k < i; k++)
			if (same(json_at(list, i), json_at(list, k)))
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
	if (bad == NULL && unique && has_twins(v))
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
		return is == JSON_INT || is == JSON_REAL ?
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
