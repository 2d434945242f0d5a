/* Hosts, their storage, and the projects that have instances: of older contracts. */
#include "fcgi/handlers_mgmt.h"
#include "fcgi/mgmt.h"

#define SHOWN_MOST 1000		/* instances of one host or project */

static enum err
all_hosts(struct request *r, const char *root,
    void (*view)(struct request *, const struct host *))
{
	struct host *h;
	int n;

	TRY(hosts_list(&r->op, NULL, &h, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, root);
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		view(r, &h[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_hosts_list(struct request *r)
{
	return all_hosts(r, "hosts", view_host);
}

enum err
mgmt_storage_list(struct request *r)
{
	return all_hosts(r, "devices", view_device);
}

static enum err
host_of(struct request *r, struct host **h)
{
	int n;

	TRY(hosts_list(&r->op, r->arg[1], h, &n));
	if (n == 0)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", r->arg[1]);
	return OK;
}

enum err
mgmt_host_show(struct request *r)
{
	struct managed_page p = { .deleted = "f", .clustered = true,
	    .host = r->arg[1], .limit = SHOWN_MOST };
	struct managed *m;
	struct host *h;
	int n;

	TRY(host_of(r, &h));
	TRY(managed_list(&r->op, &p, &m, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "host");
	view_host_whole(r, h, m, n);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_accounts_list(struct request *r)
{
	struct account *a;
	int n;

	TRY(accounts_list(&r->op, &a, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "accounts");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		view_account(r, &a[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

/* One that nobody heard of has no instances. */
enum err
mgmt_account_show(struct request *r)
{
	struct managed_page p = { .deleted = "f", .clustered = true,
	    .tenant = r->arg[1], .limit = SHOWN_MOST };
	struct managed *m;
	int n;

	TRY(managed_list(&r->op, &p, &m, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "account");
	view_account_whole(r, r->arg[1], m, n);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- what is done to a host ------------------------------------------------------- */

const struct field mgmt_host_fields[] = {
	{ "update",                         ANY },
	{ 0 }
};

/* Each agent makes room for the one that is installed; what is being deleted is left alone. */
enum err
mgmt_host_update(struct request *r)
{
	struct managed_page p = { .deleted = "f", .clustered = true,
	    .host = r->arg[1], .limit = SHOWN_MOST };
	struct new_task t;
	struct managed *m;
	struct host *h;
	enum err e;
	int n;

	TRY(host_of(r, &h));
	TRY(managed_list(&r->op, &p, &m, &n));
	for (int i = 0; i < n; i++) {
		new_task_begin(&r->op, &t, TASK_AGENT_RENEW, m[i].in.id,
		    m[i].in.tenant, r->caller.user, NULL);
		e = instance_submit(&r->op, m[i].in.id, &t);
		if (e == OK)
			tasks_ring(&r->op, t.id, NULL);
		else if (e != ERR_CONFLICT)
			return e;
	}
	return reply_empty(r, 202);
}
