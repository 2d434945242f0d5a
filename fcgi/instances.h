/*
 * instances - one or a page of them, whoever asks: of a project, a cluster, a
 * module.
 */
#ifndef FCGI_INSTANCES_H
#define FCGI_INSTANCES_H

#include "fcgi/views.h"

/* marker, limit and detail of the page come from the request and the form. */
enum err	 reply_instances(struct request *, struct instances_page *,
		    enum instance_form);
/* 200, and the instance as show has it. */
enum err	 reply_instance(struct request *, const struct instance *);

#endif
