#include "lib/base/op.h"

#include <assert.h>
#include <string.h>

static const struct {
	int		 status;
	const char	*fault, *name;
} errors[ERR__MAX] = {
	[OK] = { 200, "", "OK" },
#define ERR(name, status, fault) [ERR_##name] = { status, fault, #name },
#include "lib/base/err.tbl.h"
#undef ERR
};
_Static_assert(sizeof(errors) / sizeof(errors[0]) == ERR__MAX,
    "every error has a row");

int
err_status(enum err e)
{
	assert(e < ERR__MAX);
	return errors[e].status;
}

const char *
err_fault(enum err e)
{
	assert(e < ERR__MAX);
	return errors[e].fault;
}

const char *
err_name(enum err e)
{
	assert(e < ERR__MAX);
	return errors[e].name;
}

enum err
err_find(const char *name)
{
	for (int e = OK; e < ERR__MAX; e++)
		if (strcmp(errors[e].name, name) == 0)
			return (enum err)e;
	return ERR_INTERNAL;
}
