/*
 * elsewhere - backups that were taken by another Trove: where they lie, and
 * whether they are still what was recorded.
 */
#ifndef FCGI_ELSEWHERE_H
#define FCGI_ELSEWHERE_H

#include "fcgi/api.h"
#include "lib/store/backups.h"
#include "lib/store/catalog.h"

/*
 * A new record's location, in the caller's own object store and as the caller
 * may read it; sets its checksum.  ERR_BAD_REQUEST "Failed to restore backup
 * from <location>", with what is wrong when it is there.
 */
enum err	 elsewhere_find(struct request *, const struct version_row *,
		    struct backup *);
/* Before it is restored: ERR_NOT_FOUND, ERR_CONFLICT when it was changed. */
enum err	 elsewhere_check(struct request *, const struct version_row *,
		    const struct backup *);

#endif
