/* What happened in a project: a Coffer extension, for who follows along. */
#include "fcgi/handlers.h"

#include "lib/store/events.h"

enum err
events_list(struct request *r)
{
	struct event *e;
	struct page page;
	struct jsonw *w;
	int i, n;

	TRY(page_of(r, &page));
	TRY(events_page(&r->op, r->tenant, page.marker, page.limit + 1, &e,
	    &n));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "events");
	jsonw_list(w);
	for (i = 0; i < n && i < page.limit; i++)
		view_event(w, &e[i]);
	jsonw_list_end(w);
	if (n > page.limit)
		page_links(r, "events", e[page.limit - 1].id);
	jsonw_map_end(w);
	return OK;
}
