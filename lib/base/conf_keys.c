/* Every setting on one page. */
#include "lib/base/conf.h"

const struct conf_key conf_keys[] = {
	/* section     name           kind         preset                 help */
	{ "coffer",    "key_file",    CONF_STR,    "/etc/coffer/master.key", "file with the master key: 64 hex digits, mode 0600; guests' keys are derived from it" },
	{ "coffer",    "log_level",   CONF_STR,    "info",                "error, warn, info or debug" },
	{ "coffer",    "user",        CONF_STR,    "",                    "account to become after start, when started as root; empty: stay" },
	{ "coffer",    "region",      CONF_STR,    "RegionOne",           "region name that instances and the catalog show" },

	{ "pg",        "dsn",         CONF_STR,    "dbname=coffer",       "libpq connection string of the metadata store; the role is the program's own (coffer_api, ...) unless user= is given" },
	{ "pg",        "timeout",     CONF_SECS,   "5",                   "how long one statement or connection attempt may take" },

	{ "redis",     "socket",      CONF_STR,    "",                    "unix socket of Redis; when set, host and port are not used" },
	{ "redis",     "host",        CONF_STR,    "127.0.0.1",           "host of Redis" },
	{ "redis",     "port",        CONF_INT,    "6379",                "its port" },
	{ "redis",     "user",        CONF_STR,    "default",             "ACL user of this program" },
	{ "redis",     "password",    CONF_SECRET, "",                    "its password; never logged" },
	{ "redis",     "timeout",     CONF_SECS,   "2",                   "how long one command or connection attempt may take" },

	{ "api",       "socket",      CONF_STR,    "/run/coffer/api-%s.sock", "unix socket nginx speaks FastCGI to; %s is the pool (main, guest)" },
	{ "api",       "processes",   CONF_INT,    "4",                   "processes of the main pool" },
	{ "api",       "guest_processes", CONF_INT, "4",                  "processes of the pool that asks guests" },
	{ "api",       "shared",      CONF_STR,    "/run/coffer/api.shm", "file with the token cache and rate limits that all API processes share" },
	{ "api",       "public_url",  CONF_STR,    "",                    "base of links, https://host:8779; empty: https:// and the Host header" },
	{ "api",       "page_size",   CONF_INT,    "20",                  "rows on a page, and the most a client may ask for; the stock command lines look a name up on the first page only, so 1000 suits those who have many" },
	{ "api",       "body_max",    CONF_INT,    "1048576",             "bytes of a request body accepted" },
	{ "api",       "get_rate",    CONF_INT,    "200",                 "GET requests a project may make in a minute; 0: no limit" },
	{ "api",       "post_rate",   CONF_INT,    "200",                 "POST requests, the same" },
	{ "api",       "put_rate",    CONF_INT,    "200",                 "PUT requests, the same" },
	{ "api",       "delete_rate", CONF_INT,    "200",                 "DELETE requests, the same" },
	{ "api",       "guest_wait",  CONF_SECS,   "15",                  "how long a request waits for a guest's answer" },
	{ "api",       "default_datastore", CONF_STR, "",                 "datastore of a create that names none" },
	{ "api",       "release",     CONF_STR,    "any",                 "any: also what older and newer releases of the API have; zed: as Trove 18, where routes of older ones are 404 and mgmt/instances comes in one piece" },
	{ "api",       "images",      CONF_STR,    "",                    "ids and tags of images that datastore versions may name, separated by commas; empty: any" },

	{ "identity",  "driver",      CONF_STR,    "static",              "static: projects, users and roles in the metadata store" },
	{ "identity",  "token_ttl",   CONF_SECS,   "3600",                "how long a token of the static driver lives" },
	{ "identity",  "cache",       CONF_SECS,   "30",                  "how long a validated token is believed; a revoked one works no longer than this; at most 60" },

	{ "quota",     "instances",   CONF_INT,    "10",                  "instances a project may have; -1: no limit" },
	{ "quota",     "ram",         CONF_INT,    "-1",                  "MB of flavor memory, the same" },
	{ "quota",     "volumes",     CONF_INT,    "40",                  "GB of volumes, the same" },
	{ "quota",     "backups",     CONF_INT,    "50",                  "backups, the same" },
	{ "quota",     "volume_max",  CONF_INT,    "10",                  "GB of one volume at the most" },

	{ "task",      "lease",       CONF_SECS,   "15",                  "how long a worker owns a task without renewing" },
	{ "task",      "sweep",       CONF_SECS,   "2",                   "how often due tasks that nobody owns are rung again" },
	{ "task",      "attempts",    CONF_INT,    "5",                   "workers a task may kill before it is quarantined" },
	{ "task",      "keep_days",   CONF_INT,    "30",                  "days for which ended tasks are kept" },

	{ "guest",     "report",      CONF_SECS,   "10",                  "period of a guest's reports" },
	{ "guest",     "expiry",      CONF_SECS,   "90",                  "silence after which operating_status is ERROR (after two reports missed it is UNKNOWN)" },
	{ "guest",     "redis_socket", CONF_STR,   "",                    "unix socket of Redis as control hosts see it, handed to local guests; empty: redis.socket" },

	{ "conductor", "shards",      CONF_INT,    "16",                  "shares into which guests are divided; the same everywhere, 1 to 16" },
	{ "conductor", "lease",       CONF_SECS,   "10",                  "how long a conductor owns a shard without renewing" },
	{ "conductor", "batch",       CONF_INT,    "1000",                "reports written by one statement" },
	{ "conductor", "flush_ms",    CONF_INT,    "20",                  "longest time a changed report waits for its batch, in milliseconds" },
	{ "conductor", "seen",        CONF_SECS,   "5",                   "how often the time a guest was last seen is written" },

	{ "compute",   "driver",      CONF_STR,    "local",               "local, null or failing" },
	{ "volume",    "driver",      CONF_STR,    "local",               "local, null or failing" },
	{ "volume",    "types",       CONF_STR,    "",                    "id:name:description of each type of volume, separated by commas; empty: one, called like the driver" },
	{ "network",   "driver",      CONF_STR,    "local",               "local, null or failing" },

	{ "local",     "root",        CONF_STR,    "/var/lib/coffer",     "directory of templates, volumes and sandboxes" },
	{ "local",     "host",        CONF_STR,    "",                    "name of this host in the metadata store; empty: its host name" },
	{ "local",     "mode",        CONF_STR,    "auto",                "full, userns, landlock, plain; auto: the best that works here" },
	{ "local",     "bridge",      CONF_STR,    "coffer0",             "bridge of the instances' network (mode full)" },
	{ "local",     "subnet",      CONF_STR,    "10.177.0.0/16",       "its addresses; the first is the host's" },
	{ "local",     "loopback",    CONF_STR,    "127.77.0.0/16",       "addresses of instances in the other modes" },
	{ "local",     "uid_base",    CONF_INT,    "200000",              "first of the user ids that instances run as" },
	{ "local",     "slots",       CONF_INT,    "4000",                "instances this host can hold" },
	{ "local",     "filesystem",  CONF_STR,    "auto",                "xfs, ext4, directory; auto: the best that works here" },
	{ "local",     "allow_root",  CONF_BOOL,   "no",                  "allow root-enable where the mode cannot contain a database superuser" },
	{ "local",     "agent",       CONF_STR,    "",                    "path of coffer-agent; empty: where it was installed" },
	{ "local",     "sandbox",     CONF_STR,    "",                    "path of coffer-sandbox; empty: where it was installed" },
	{ "local",     "flavors",     CONF_STR,    "1:tiny:256:1:0, 2:small:512:1:0, 3:medium:2048:2:0, 4:large:8192:4:0", "id:name:MB:vcpus:disk of each flavor; 'coffer flavor load' stores them" },

	{ "agent",     "instance",    CONF_STR,    "",                    "id of the instance this agent serves" },
	{ "agent",     "key",         CONF_SECRET, "",                    "the guest's own key, 64 hex digits" },
	{ "agent",     "engine",      CONF_STR,    "mariadb",             "mariadb, null or failing" },
	{ "agent",     "data",        CONF_STR,    "/data",               "the instance's volume" },
	{ "agent",     "address",     CONF_STR,    "0.0.0.0",             "address the database server listens on" },
	{ "agent",     "port",        CONF_INT,    "3306",                "its port" },
	{ "agent",     "memory_mb",   CONF_INT,    "512",                 "memory of the flavor, for the server's buffers" },
	{ "agent",     "contained",   CONF_BOOL,   "no",                  "the sandbox holds even a database superuser" },
	{ 0 }
};
