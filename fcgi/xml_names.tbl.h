/*
 * The names of the XML form, as data.
 *
 * XML_ELEMENT(element, only_with, attributes...): which members of an object
 * are written as attributes, by byte value; only where it has that member.
 * XML_LIST(list, item): what the elements of a list are called; one that is
 * not here drops its last s, or its elements are called "item".
 * XML_TIME(member): written with a blank between day and hour.
 */
#ifndef XML_ELEMENT
#define XML_ELEMENT(...)
#endif
#ifndef XML_LIST
#define XML_LIST(list, item)
#endif
#ifndef XML_TIME
#define XML_TIME(member)
#endif

XML_ELEMENT("instance", NULL, "created", "deleted", "deleted_at", "host", "hostname", "id", "local_id", "name", "server_id", "status", "task_description", "tenant_id", "updated")
XML_ELEMENT("link", NULL, "href", "rel")
XML_ELEMENT("volume", NULL, "id", "size", "used")
XML_ELEMENT("flavor", NULL, "id", "name", "ram")
XML_ELEMENT("database", NULL, "name")
XML_ELEMENT("user", NULL, "host", "name", "password")
XML_ELEMENT("configuration", NULL, "datastore_version_id", "description", "id", "name")
XML_ELEMENT("account", NULL, "id", "num_instances")
XML_ELEMENT("security_group", NULL, "description", "id", "name", "tenant_id", "user")
XML_ELEMENT("security_group_rule", NULL, "cidr", "from_port", "group_id", "id", "protocol", "to_port")
XML_ELEMENT("security_group_instance_association", NULL, "id", "instance_id", "security_group_id")
XML_ELEMENT("host", NULL, "instanceCount", "name", "percentUsed", "totalRAM", "usedRAM")
XML_ELEMENT("capacity", NULL, "available", "total")
XML_ELEMENT("provision", NULL, "available", "percent", "total")
XML_ELEMENT("device", NULL, "name", "type", "used")
XML_ELEMENT("quotas", NULL, "backups", "instances", "volumes")
XML_ELEMENT("guest_status", NULL, "state_description")
XML_ELEMENT("diagnostics", NULL, "fdSize", "threads", "version", "vmHwm", "vmPeak", "vmRss", "vmSize")
XML_ELEMENT("root_history", NULL, "enabled", "id", "user")
/* that of the API; one of a datastore has no status, and no attributes */
XML_ELEMENT("version", "status", "id", "status", "updated")

XML_LIST("accounts", "account")
XML_LIST("addresses", "address")
XML_LIST("allowed_cidrs", "allowed_cidr")
XML_LIST("attachments", "attachment")
XML_LIST("backup_strategies", "backup_strategy")
XML_LIST("backup_schedules", "backup_schedule")
XML_LIST("backups", "backup")
XML_LIST("clusters", "cluster")
XML_LIST("configuration-parameters", "configuration-parameter")
XML_LIST("configurations", "configuration")
XML_LIST("databases", "database")
XML_LIST("datastores", "datastore")
XML_LIST("devices", "device")
XML_LIST("events", "event")
XML_LIST("extensions", "extension")
XML_LIST("flavors", "flavor")
XML_LIST("hosts", "host")
XML_LIST("image_tags", "image_tag")
XML_LIST("instance_ids", "instance_id")
XML_LIST("instances", "instance")
XML_LIST("limits", "limit")
XML_LIST("links", "link")
XML_LIST("logs", "log")
XML_LIST("modules", "module")
XML_LIST("packages", "package")
XML_LIST("quotas", "quota")
XML_LIST("replicas", "replica")
XML_LIST("rules", "rule")
XML_LIST("san", "name")
XML_LIST("security_groups", "security_group")
XML_LIST("steps", "step")
XML_LIST("tasks", "task")
XML_LIST("users", "user")
XML_LIST("versions", "version")
XML_LIST("volume_types", "volume_type")

XML_TIME("created")
XML_TIME("updated")
XML_TIME("deleted_at")
XML_TIME("enabled")
XML_TIME("root_enabled")
XML_TIME("service_status_updated")
XML_TIME("started")
XML_TIME("ended")
XML_TIME("deadline")
XML_TIME("next_run")
XML_TIME("last_run")
XML_TIME("verified_at")
XML_TIME("removed")
XML_TIME("min_updated_date")
XML_TIME("max_updated_date")

#undef XML_ELEMENT
#undef XML_LIST
#undef XML_TIME
