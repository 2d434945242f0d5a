/*
 * views - how each resource is written, one function per resource; nobody
 * else writes JSON for clients.  All write a value at the place where r->out
 * stands, so that a list is a loop.
 */
#ifndef FCGI_VIEWS_H
#define FCGI_VIEWS_H

#include "fcgi/api.h"
#include "lib/store/backups.h"
#include "lib/store/catalog.h"
#include "lib/store/clusters.h"
#include "lib/store/configurations.h"
#include "lib/store/instances.h"
#include "lib/store/modules.h"
#include "lib/store/parameters.h"
#include "lib/store/tasks.h"

/* "key": "2026-08-14T09:31:07" or null, from a time as PostgreSQL writes it. */
void	 view_time(struct request *, const char *key, const char *time);

/*
 * DETAIL needs rows read with detail; SHOW adds what a list never has; MGMT
 * leaves the volume to who goes on writing.
 */
enum instance_form { LIST_FORM, DETAIL_FORM, SHOW_FORM, MGMT_FORM };
void	 view_instance(struct request *, const struct version_row *,
	    const struct instance *, enum instance_form);
/* The same without its braces: more may follow. */
void	 view_instance_members(struct request *, const struct version_row *,
	    const struct instance *, enum instance_form);

void	 view_flavor(struct request *, const struct flavor_row *);
/* "a,b" as a list; "" and NULL as an empty one. */
void	 view_words(struct jsonw *, const char *key, const char *list);
/* NESTED: inside its datastore, which is then not named. */
enum version_form { VERSION_ALONE, VERSION_LISTED, VERSION_NESTED };
void	 view_version(struct request *, const struct version_row *,
	    enum version_form);
/* all: inactive versions too */
void	 view_datastore(struct request *, const struct catalog *,
	    const struct datastore_row *, bool all);

void	 view_task(struct request *, const struct task_row *);

/* version NULL: it is gone, and is not shown. */
void	 view_backup(struct request *, const struct version_row *,
	    const struct backup *);
void	 view_strategy(struct request *, const struct strategy *);
struct schedule;
void	 view_schedule(struct request *, const struct schedule *);
/* values NULL: as in a list.  Those that are secrets are not shown. */
void	 view_configuration(struct request *, const struct version_row *,
	    const struct configuration *, const struct json *values);
void	 view_holder(struct request *, const struct holder *);
/* The operator's routes have other names for the bounds. */
struct parameter_words { const char *max, *min; };
void	 view_parameter(struct request *, const struct version_row *,
	    const struct parameter *, const struct parameter_words *);

/* members: of a cluster that is shown by itself, else none. */
struct cluster_view { bool mgmt; struct instance *members; int n; };
void	 view_cluster(struct request *, const struct version_row *,
	    const struct cluster *, const struct cluster_view *);

enum module_form { MODULE_LISTED, MODULE_DETAIL, MODULE_SHOWN };
void	 view_module(struct request *, const struct catalog *,
	    const struct module *, enum module_form);
void	 view_module_count(struct request *, const struct module *,
	    const struct module_count *);
/* One of an instance, with what the guest said of it; contents may be NULL. */
void	 view_applied(struct request *, const struct catalog *,
	    const struct module *, const struct json *said,
	    const char *contents);

/*
 * What a guest answered: maps of name, host and databases (maps or names).
 * Names that are the service's own are left out of the lists.
 */
void	 view_databases(struct request *, const struct json *list);
void	 view_user(struct request *, const struct json *user);
void	 view_users(struct request *, const struct json *list);
bool	 view_databases_has(const struct json *list, const char *name);
void	 view_root(struct request *, const char *name, const char *password,
	    bool number);

/*
 * The other way round: bodies of orders to a guest, from checked request
 * bodies.  host NULL is written as "%".
 */
struct user_id;
struct settings;
const char *order_page(struct op *, const struct page *);
/* Begins the map, which order_done() ends: name and host. */
void	 order_user(struct jsonw *, struct op *, const struct user_id *);
void	 order_user_target(struct jsonw *, const struct json *to);
void	 order_databases(struct jsonw *, const struct json *list);
void	 order_users(struct jsonw *, const struct json *list);
void	 order_module(struct jsonw *, const struct module *,
	    const char *contents);
void	 order_module_id(struct jsonw *, const struct module *);
void	 order_settings(struct jsonw *, const char *settings, bool restart);
const char *order_configure(struct op *, const struct attachment *);
const char *order_done(struct jsonw *);		/* the text */
/* What is stored of a configuration group's values. */
const char *store_settings(const struct settings *);
/*
 * What is stored of an access: the members that were given.  An empty list
 * means nobody, except at first, when it means everybody.
 */
void	 store_access(struct jsonw *, const struct json *access, bool first);

#endif
