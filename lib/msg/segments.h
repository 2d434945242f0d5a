/*
 * segments - how the segments of a backup are told of: in a list
 *
 *	[{"name": "00000000", "bytes": 8388608, "md5": "..."}, ...]
 *
 * and, since messages are bounded, in few words where there are many.  All but
 * the last are of one size then; of an order to read, only "each" counts:
 *
 *	{"each": 16777216, "md5": "<32 digits of each, one behind the other>"}
 */
#ifndef LIB_MSG_SEGMENTS_H
#define LIB_MSG_SEGMENTS_H

#include <stdint.h>

#define SEGMENTS_LISTED	300		/* so many of a chain are told of in lists */
#define BACKUP_MOST	((int64_t)1 << 45)	/* bytes, stored or of data: sums of a chain cannot overflow */
#define SEGMENTS_MOST	200000		/* of one backup: 3 TB, where each has 16 MiB */

#endif
