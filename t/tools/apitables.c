/*
 * apitables routes|fields|openapi - the tables of the API as lines, and the
 * document made of them, for tests.
 */
#include "fcgi/fields.h"
#include "fcgi/handlers.h"
#include "fcgi/route.h"
#include "fcgi/view_openapi.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

static const char *const who[] = { [ANYONE] = "ANYONE",
	[ANY_TOKEN] = "ANY_TOKEN", [OWNER] = "OWNER", [ADMIN] = "ADMIN",
	[MGMT] = "MGMT", [ACCOUNT] = "ACCOUNT" };
static const char *const pool[] = { [MAIN] = "main", [ASKS_GUEST] = "guest",
	[STORES] = "storage" };
static const char *const kind[FIELD__MAX] = { [ANY] = "ANY", [STR] = "STR",
	[NES] = "NES", [UUID] = "UUID", [INT] = "INT", [NUMBER] = "NUMBER",
	[SIZE] = "SIZE", [FLAG] = "FLAG", [BOOL] = "BOOL",
	[FLAVOR] = "FLAVOR", [HOST] = "HOST", [CIDR] = "CIDR",
	[IPV4] = "IPV4", [LIST] = "LIST", [MAP] = "MAP",
	[MAP_OR_SIZE] = "MAP_OR_SIZE" };
static const struct { unsigned flag; const char *word; } flags[] = {
	{ REQUIRED, "REQUIRED" }, { EITHER, "EITHER" },
	{ NULLABLE, "NULLABLE" }, { CLOSED, "CLOSED" }, { UNIQUE, "UNIQUE" },
	{ ONE_OR_LIST, "ONE_OR_LIST" }, { HIDDEN, "HIDDEN" } };

static void
tell_routes(void)
{
	for (const struct route *t = routes; t->method != 0; t++)
		printf("%s\t%s\t%s\t%s\t%s\n", method_word(t->method), t->path,
		    who[t->who], pool[t->pool],
		    t->handler != NULL ? "built" : "-");
}

static void
tell_field(const struct route *t, const struct field *f)
{
	printf("%s\t%s\t%s\t%s\t%lld\t%lld\t", method_word(t->method),
	    t->path, f->path, kind[f->kind], (long long)f->min,
	    (long long)f->max);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if ((f->flags & flags[i].flag) != 0)
			printf("%s ", flags[i].word);
	printf("\n");
}

static void
tell_fields(void)
{
	for (const struct route *t = routes; t->method != 0; t++)
		for (const struct field *f = t->body; f != NULL &&
		    f->path != NULL; f++)
			if (*f->path != '\0')	/* of the body as a whole */
				tell_field(t, f);
}

static void
tell_openapi(void)
{
	struct op op;
	struct jsonw w;

	op_begin(&op, "openapi");
	jsonw_begin(&w, &op, 65536);
	view_openapi(&w);
	puts(w.out.s);
	op_end(&op);
}

int
main(int argc, char **argv)
{
	static const struct { const char *word; void (*tell)(void); } all[] = {
		{ "routes", tell_routes }, { "fields", tell_fields },
		{ "openapi", tell_openapi } };

	for (size_t i = 0; argc == 2 && i < 3; i++)
		if (strcmp(argv[1], all[i].word) == 0) {
			all[i].tell();
			return 0;
		}
	errx(2, "usage: apitables routes|fields|openapi");
}
