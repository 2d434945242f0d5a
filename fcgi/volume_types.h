/* volume_types - which types of volumes may be asked for. */
#ifndef FCGI_VOLUME_TYPES_H
#define FCGI_VOLUME_TYPES_H

#include "lib/base/op.h"

#include <stdbool.h>

bool	 volume_type_known(struct op *, const char *id_or_name);

#endif
