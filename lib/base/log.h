/*
 * log - one line per event on standard error:
 *   level request-id instance task: text
 * "-" stands for what there is none of.  Line breaks and control bytes in the
 * text are written as \xNN, so that nobody's data can forge a line.
 */
#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include "lib/base/op.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG__MAX };

void	 log_init(const char *program, enum log_level most);
/* op may be NULL. */
void	 log_event(enum log_level, const struct op *, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

#define log_error(op, ...) log_event(LOG_ERROR, op, __VA_ARGS__)
#define log_warn(op, ...)  log_event(LOG_WARN, op, __VA_ARGS__)
#define log_info(op, ...)  log_event(LOG_INFO, op, __VA_ARGS__)
#define log_debug(op, ...) log_event(LOG_DEBUG, op, __VA_ARGS__)

#endif
