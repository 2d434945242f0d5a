#include "lib/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE 2048			/* longer events are cut */

static const char *const words[LOG__MAX] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn",
	[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};
static const char *program = "coffer";
static enum log_level most = LOG_INFO;

void
log_init(const char *name, enum log_level up_to)
{
	program = name;
	most = up_to;
}

/* Control bytes become \xNN: nobody's data can end a line and begin another. */
static size_t
line_add(char *line, size_t n, const char *s)
{
	for (; *s != '\0' && n < LINE - 5; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(line + n, 5, "\\x%02x", c);
		else
			line[n++] = (char)c;
	}
	return n;
}

/* One write per line, so that lines of several processes do not mix. */
void
log_event(enum log_level level, const struct op *op, const char *fmt, ...)
{
	char said[LINE], line[LINE + 1];
	size_t n;
	va_list ap;

	if (level > most)
		return;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	n = (size_t)snprintf(line, LINE / 2, "%s[%d] %s %.128s %.40s %.40s: ",
	    program, (int)getpid(), words[level],
	    op != NULL && op->id != NULL ? op->id : "-",
	    op != NULL && op->instance != NULL ? op->instance : "-",
	    op != NULL && op->task != NULL ? op->task : "-");
	n = line_add(line, n, said);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) == -1)
		return;			/* nowhere to complain to */
}
