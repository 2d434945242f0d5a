#include "lib/cloud/storage.h"
#include "lib/cloud/cloud.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/base/text.h"

#include <string.h>

const char *
object_checksum(struct op *op, const struct object *o, int n)
{
	char *hex = op_alloc(op, MD5_HEX + 1);
	struct md5 m;

	if (n == 1)
		return o->md5;
	md5_begin(&m);
	for (int i = 0; i < n; i++)
		md5_add(&m, o[i].md5, strlen(o[i].md5));
	md5_end(&m, hex);
	return hex;
}

const char *
object_parts_checksum(struct op *op, const struct object *o, int n)
{
	unsigned char digest[MD5_HEX / 2];
	char hex[MD5_HEX + 1];
	struct md5 m;

	md5_begin(&m);
	for (int i = 0; i < n; i++) {
		if (!text_unhex(digest, o[i].md5, sizeof(digest)))
			return "";
		md5_add(&m, digest, sizeof(digest));
	}
	md5_end(&m, hex);
	return op_printf(op, "%s-%d", hex, n);
}

void
leave_write(struct jsonw *w, const struct lend *ask, const struct leave *l)
{
	jsonw_map(w);
	jsonw_kstr(w, "socket", l->socket);
	jsonw_kstr(w, "before", l->before);
	jsonw_kstr(w, "after", l->after);
	if (l->book != NULL) {
		jsonw_key(w, "book");
		jsonw_map(w);
		jsonw_kstr(w, "after", l->book);
		jsonw_kint(w, "bytes", l->book_bytes);
		jsonw_map_end(w);
	}
	if (l->signature != NULL) {
		jsonw_key(w, "signed");
		jsonw_map(w);
		for (int i = 0; i < ask->n; i++)
			jsonw_kstr(w, ask->names[i], l->signature[i]);
		jsonw_map_end(w);
	}
	jsonw_map_end(w);
}

const char *
storage_socket(struct op *op)
{
	const char *path = conf_str("storage.socket");

	if (*path == '\0')
		return NULL;
	return cloud_compute()->shown != NULL ?
	    cloud_compute()->shown(op, path) : path;
}

bool
storage_is_served(void)
{
	const char *driver = conf_str("storage.driver");

	return strcmp(driver, "file") == 0 || strcmp(driver, "failing") == 0;
}
