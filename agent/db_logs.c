/* What logs of all engines have in common: a mark for each that is wanted. */
#include "agent/db_logs.h"
#include "agent/file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
db_log_mark(struct op *op, const char *name)
{
	return file_data(op, op_printf(op, "agent/%s.on", name));
}

bool
db_log_wanted(struct op *op, const char *name)
{
	return access(db_log_mark(op, name), F_OK) == 0;
}

enum err
db_log_want(struct op *op, const char *name, bool on)
{
	if (on)
		return file_put_anew(op, db_log_mark(op, name), "", 0);
	unlink(db_log_mark(op, name));
	return OK;
}

enum err
db_log_switchable(struct op *op, const struct db_log_file *f,
    const char *name)
{
	while (f->name != NULL && (f->system || strcmp(f->name, name) != 0))
		f++;
	return f->name != NULL ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "Log '%s' cannot be switched.", name);
}

enum err
db_logs_list(struct op *op, const struct db_log_file *f,
    enum err (*is_on)(struct op *, const char *name, bool *on),
    const struct db_log **out)
{
	struct db_log *list;
	struct stat st;
	size_t n = 0;

	while (f[n].name != NULL)
		n++;
	list = op_alloc(op, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		list[i] = (struct db_log){ .name = f[i].name,
		    .system = f[i].system, .on = true };
		if (stat(file_data(op, f[i].file), &st) == 0)
			list[i].size = (int64_t)st.st_size;
		if (!f[i].system)
			TRY(is_on(op, f[i].name, &list[i].on));
	}
	*out = list;
	return OK;
}
