/*
 * instances - a page of them, whoever asks for it: of a project, of a module.
 */
#ifndef FCGI_INSTANCES_H
#define FCGI_INSTANCES_H

#include "fcgi/views.h"

/* marker, limit and detail of the page come from the request and the form. */
enum err	 reply_instances(struct request *, struct instances_page *,
		    enum instance_form);

#endif
