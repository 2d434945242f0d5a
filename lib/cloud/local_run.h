/*
 * local_run - a program of the system, run to its end: no shell, a fixed
 * environment, no descriptor but the three, text on its standard input, and
 * the last of what it complained about in the error.
 */
#ifndef LIB_CLOUD_LOCAL_RUN_H
#define LIB_CLOUD_LOCAL_RUN_H

#include "lib/base/op.h"

/* argv[0] is a path, or a name to be found in the system's directories.
   input may be NULL.  ERR_CLOUD: not found, failed, or longer than ms. */
enum err	 local_run(struct op *, const char *const *argv,
		    const char *input, int ms);

#endif
