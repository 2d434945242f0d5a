-- Coffer's metadata store.  Forward only; load with
--   psql -v ON_ERROR_STOP=1 -f sql/0001_schema.sql
-- or with "coffer db migrate", which runs each file once.
BEGIN;

CREATE TABLE schema_version (
	version		int PRIMARY KEY,
	applied		timestamptz NOT NULL DEFAULT now()
);
INSERT INTO schema_version (version) VALUES (1);

-- identity driver "static" ------------------------------------------------

CREATE TABLE projects (
	id		text PRIMARY KEY,
	name		text NOT NULL UNIQUE,
	enabled		boolean NOT NULL DEFAULT true,
	created		timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
	id		text PRIMARY KEY,
	name		text NOT NULL UNIQUE,
	password_hash	text NOT NULL,
	enabled		boolean NOT NULL DEFAULT true,
	created		timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assignments (
	user_id		text NOT NULL REFERENCES users ON DELETE CASCADE,
	project_id	text NOT NULL REFERENCES projects ON DELETE CASCADE,
	role		text NOT NULL CHECK (role IN ('admin', 'member', 'reader')),
	PRIMARY KEY (user_id, project_id, role)
);

CREATE TABLE tokens (
	hash		text PRIMARY KEY,	-- of the token; the token itself is nowhere
	user_id		text NOT NULL REFERENCES users ON DELETE CASCADE,
	project_id	text REFERENCES projects ON DELETE CASCADE,	-- NULL: unscoped
	audit_id	text NOT NULL,
	issued		timestamptz NOT NULL DEFAULT now(),
	expires		timestamptz NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);

-- catalogue ---------------------------------------------------------------

CREATE TABLE datastores (
	id		uuid PRIMARY KEY,
	name		text NOT NULL UNIQUE,
	default_version	uuid
);

CREATE TABLE datastore_versions (
	id		uuid PRIMARY KEY,
	datastore_id	uuid NOT NULL REFERENCES datastores,
	name		text NOT NULL,
	version		text NOT NULL,
	manager		text NOT NULL,		-- the engine: mariadb, null ...
	active		boolean NOT NULL DEFAULT true,
	image_id	text,
	packages	text NOT NULL DEFAULT '',
	UNIQUE (datastore_id, name, version)
);
ALTER TABLE datastores ADD FOREIGN KEY (default_version)
	REFERENCES datastore_versions ON DELETE SET NULL;

CREATE TABLE parameters (
	version_id	uuid NOT NULL REFERENCES datastore_versions ON DELETE CASCADE,
	name		text NOT NULL,
	type		text NOT NULL CHECK (type IN ('string', 'integer', 'boolean', 'float')),
	restart_required boolean NOT NULL,
	min		text,
	max		text,
	PRIMARY KEY (version_id, name)
);

CREATE TABLE flavors (
	id		text PRIMARY KEY,
	name		text NOT NULL,
	ram_mb		int NOT NULL CHECK (ram_mb > 0),
	vcpus		int NOT NULL CHECK (vcpus > 0),
	disk_gb		int NOT NULL DEFAULT 0,
	ephemeral_gb	int NOT NULL DEFAULT 0,
	position	int NOT NULL DEFAULT 0
);

-- what tenants own ----------------------------------------------------------

-- One row per project, so that a charge locks one row and never deadlocks.
-- A limit of NULL is the configured default; below zero there is none.
CREATE TABLE quotas (
	tenant_id	text PRIMARY KEY,
	instances	int NOT NULL DEFAULT 0 CHECK (instances >= 0),
	ram		bigint NOT NULL DEFAULT 0 CHECK (ram >= 0),
	volumes		bigint NOT NULL DEFAULT 0 CHECK (volumes >= 0),
	backups		int NOT NULL DEFAULT 0 CHECK (backups >= 0),
	max_instances	int,
	max_ram		int,
	max_volumes	int,
	max_backups	int
) WITH (fillfactor = 50);

CREATE TABLE instances (
	id		uuid PRIMARY KEY,
	tenant_id	text NOT NULL,
	name		text NOT NULL,
	version_id	uuid NOT NULL REFERENCES datastore_versions,
	flavor_id	text NOT NULL,
	ram_mb		int NOT NULL,		-- what the quota was charged
	vcpus		int NOT NULL,
	volume_gb	int NOT NULL,
	task		text NOT NULL DEFAULT 'BUILDING',	-- states.md section 5
	server_status	text NOT NULL DEFAULT 'BUILD',
	region		text NOT NULL,
	access		text,			-- the JSON that was given, or NULL
	locality	text,
	replica_of	uuid,
	configuration_id uuid,
	cluster_id	uuid,
	address		text,			-- of the database server; NULL: none yet
	network_id	text,
	server_id	text,			-- names the drivers gave
	volume_id	text,
	port_id		text,
	key_epoch	int NOT NULL DEFAULT 1,	-- raised to give the guest new keys
	fault		text,
	fault_details	text,
	fault_at	timestamptz,
	root_enabled_at	timestamptz,
	root_enabled_by	text,
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now(),
	deleted_at	timestamptz
);
CREATE INDEX instances_tenant ON instances (tenant_id, id) WHERE deleted_at IS NULL;
CREATE INDEX instances_source ON instances (replica_of) WHERE replica_of IS NOT NULL;

-- Where a local instance lives: its slot gives user id, address and names.
CREATE TABLE slots (
	host		text NOT NULL,
	slot		int NOT NULL,
	instance_id	uuid NOT NULL UNIQUE,
	PRIMARY KEY (host, slot)
);

-- What guests say.  Written by the conductor alone; the API adds the row, the
-- worker removes it.  No index on last_seen: with one, no update stays on its page.
CREATE TABLE guests (
	instance_id	uuid PRIMARY KEY,
	status		text NOT NULL DEFAULT 'new',	-- states.md section 4; 'silent' is the conductor's
	seq		bigint NOT NULL DEFAULT 0,	-- of the last report accepted
	last_seen	timestamptz,
	changed		timestamptz NOT NULL DEFAULT now(),
	used_bytes	bigint,
	total_bytes	bigint,
	agent_version	text,
	order_id	text,			-- the last order of a task that was carried out
	order_err	text,			-- "OK" or the name of an error
	order_why	text
) WITH (fillfactor = 50);

CREATE TABLE shards (
	shard		int PRIMARY KEY,
	owner		text,
	lease_until	timestamptz
);
INSERT INTO shards (shard) SELECT generate_series(0, 15);

-- tasks -----------------------------------------------------------------------

CREATE TABLE tasks (
	id		uuid PRIMARY KEY,
	seq		bigint GENERATED ALWAYS AS IDENTITY,	-- per instance, tasks run in this order
	instance_id	uuid NOT NULL,
	tenant_id	text NOT NULL,
	user_id		text NOT NULL,
	request_id	text NOT NULL,
	kind		text NOT NULL,
	args		text,			-- sealed; forgotten when the task ends
	status		text NOT NULL DEFAULT 'QUEUED'
			CHECK (status IN ('QUEUED', 'RUNNING', 'WAITING',
			'SUCCEEDED', 'FAILED', 'CANCELLED')),
	step		text,			-- stored before the step runs
	step_no		int NOT NULL DEFAULT 0,
	step_count	int NOT NULL DEFAULT 0,
	undoing		boolean NOT NULL DEFAULT false,
	cancel		boolean NOT NULL DEFAULT false,	-- asked to stop and undo
	failed_step	text,
	error		text,
	attempt		int NOT NULL DEFAULT 0,	-- begun, and again after a crash
	crashes		int NOT NULL DEFAULT 0,	-- taken and not given back, in a row
	owner		text,
	lease_until	timestamptz,
	token		bigint NOT NULL DEFAULT 0,	-- fences every write of an owner
	due		timestamptz NOT NULL DEFAULT now(),
	step_deadline	timestamptz,
	deadline	timestamptz NOT NULL,
	created		timestamptz NOT NULL DEFAULT now(),
	started		timestamptz,
	ended		timestamptz
) WITH (fillfactor = 70);
CREATE INDEX tasks_active ON tasks (instance_id, seq)
	WHERE status IN ('QUEUED', 'RUNNING', 'WAITING');
CREATE INDEX tasks_due ON tasks (due)
	WHERE status IN ('QUEUED', 'RUNNING', 'WAITING');
CREATE INDEX tasks_instance ON tasks (instance_id, seq);
CREATE INDEX tasks_ended ON tasks (ended) WHERE ended IS NOT NULL;

-- Charge a project, or give back; refuses with CF413 and the resources over.
-- d_* are differences; l_* the configured limits, for projects without their own.
CREATE FUNCTION quota_charge(t text, d_instances int, d_ram bigint,
	d_volumes bigint, d_backups int, l_instances int, l_ram int,
	l_volumes int, l_backups int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	q quotas;
	over text[] := '{}';
BEGIN
	INSERT INTO quotas AS o (tenant_id, instances, ram, volumes, backups)
	VALUES (t, greatest(0, d_instances), greatest(0, d_ram),
		greatest(0, d_volumes), greatest(0, d_backups))
	ON CONFLICT (tenant_id) DO UPDATE SET
		instances = greatest(0, o.instances + d_instances),
		ram = greatest(0, o.ram + d_ram),
		volumes = greatest(0, o.volumes + d_volumes),
		backups = greatest(0, o.backups + d_backups)
	RETURNING * INTO q;
	l_instances := coalesce(q.max_instances, l_instances);
	l_ram := coalesce(q.max_ram, l_ram);
	l_volumes := coalesce(q.max_volumes, l_volumes);
	l_backups := coalesce(q.max_backups, l_backups);
	IF d_backups > 0 AND l_backups >= 0 AND q.backups > l_backups THEN
		over := over || '''backups'''::text;
	END IF;
	IF d_instances > 0 AND l_instances >= 0 AND q.instances > l_instances THEN
		over := over || '''instances'''::text;
	END IF;
	IF d_ram > 0 AND l_ram >= 0 AND q.ram > l_ram THEN
		over := over || '''ram'''::text;
	END IF;
	IF d_volumes > 0 AND l_volumes >= 0 AND q.volumes > l_volumes THEN
		over := over || '''volumes'''::text;
	END IF;
	IF over <> '{}' THEN
		RAISE EXCEPTION USING ERRCODE = 'CF413', MESSAGE =
		    format('Quota exceeded for resources: [%s].',
		    array_to_string(over, ', '));
	END IF;
END $$;

-- Inside a transaction of several statements: refuse unless the row is there.
CREATE FUNCTION refuse(code text, message text) RETURNS boolean
	LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message;
END $$;

COMMIT;
