/*
 * quotas - what a project may have and has.  Charging is the business of the
 * transactions that change something: quota_charge() in SQL.
 */
#ifndef LIB_STORE_QUOTAS_H
#define LIB_STORE_QUOTAS_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

struct quota {
	const char	*resource;	/* "instances", "ram" MB, "volumes" GB, "backups" */
	int64_t		 used;
	int64_t		 limit;		/* below zero: none */
	bool		 own;		/* set for this project; else the preset */
};
#define QUOTAS 4

/* All of them, in the order above; a project without a row has the presets. */
enum err quotas_of_tenant(struct op *, const char *tenant,
	    struct quota[QUOTAS]);

#endif
