/*
 * local_template - what a new volume begins with: made once per engine and
 * version, made anew when the server's binary is another one.
 */
#ifndef LIB_CLOUD_LOCAL_TEMPLATE_H
#define LIB_CLOUD_LOCAL_TEMPLATE_H

#include "lib/cloud/local.h"

/*
 * An image of so many GB, or with LOCAL_DIRECTORY the files themselves.  It
 * stays as it is until the op ends.
 */
enum err	 template_hold(struct op *, const struct place *,
		    const char **path);

#endif
