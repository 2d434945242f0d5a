-- Backups and where they go, clusters, and modules.
BEGIN;
INSERT INTO schema_version (version) VALUES (4);

-- The id is that of the task that makes it.
CREATE TABLE backups (
	id		uuid PRIMARY KEY,
	tenant_id	text NOT NULL,
	instance_id	uuid,			-- NULL: taken elsewhere
	name		text NOT NULL,
	description	text,
	state		text NOT NULL CHECK (state IN ('NEW', 'BUILDING',
			'SAVING', 'COMPLETED', 'FAILED', 'DELETE_FAILED',
			'RESTORED')),
	parent_id	uuid,			-- incremental upon it
	version_id	uuid REFERENCES datastore_versions ON DELETE SET NULL,
	container	text NOT NULL,
	location	text,
	size		double precision,	-- GB
	checksum	text,
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now(),
	deleted_at	timestamptz
);
CREATE INDEX backups_tenant ON backups (tenant_id, updated)
	WHERE deleted_at IS NULL;
CREATE INDEX backups_instance ON backups (instance_id, updated)
	WHERE deleted_at IS NULL;
CREATE INDEX backups_parent ON backups (parent_id) WHERE deleted_at IS NULL;

-- The backup that runs, one at a time.  In this row, so that whoever begins
-- something else with the instance sees it under the lock of the row.
ALTER TABLE instances ADD COLUMN backing_up uuid;

-- Of a project (instance ''), or of one instance.
CREATE TABLE backup_strategies (
	tenant_id	text NOT NULL,
	instance_id	text NOT NULL DEFAULT '',
	container	text NOT NULL,
	created		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, instance_id)
);

CREATE TABLE clusters (
	id		uuid PRIMARY KEY,
	tenant_id	text NOT NULL,
	name		text NOT NULL,
	version_id	uuid NOT NULL REFERENCES datastore_versions,
	task		text NOT NULL DEFAULT 'NONE',	-- states.md section 8
	configuration_id uuid,
	locality	text,
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now(),
	deleted_at	timestamptz
);
CREATE INDEX clusters_tenant ON clusters (tenant_id, id)
	WHERE deleted_at IS NULL;
ALTER TABLE instances ADD COLUMN cluster_role text;	-- member, query_router ...
CREATE INDEX instances_cluster ON instances (cluster_id)
	WHERE cluster_id IS NOT NULL;

CREATE TABLE modules (
	id		uuid PRIMARY KEY,
	tenant_id	text,			-- NULL: of all
	name		text NOT NULL,
	type		text NOT NULL,
	contents	text NOT NULL,		-- sealed
	md5		text NOT NULL,		-- of what is sealed there
	description	text,
	datastore_id	uuid REFERENCES datastores,	-- NULL: for any
	version_id	uuid REFERENCES datastore_versions,	-- NULL: for any
	auto_apply	boolean NOT NULL DEFAULT false,
	visible		boolean NOT NULL DEFAULT true,
	live_update	boolean NOT NULL DEFAULT false,
	priority_apply	boolean NOT NULL DEFAULT false,
	apply_order	int NOT NULL DEFAULT 5,
	is_admin	boolean NOT NULL DEFAULT false,
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now(),
	deleted_at	timestamptz
);
CREATE UNIQUE INDEX modules_name ON modules (name, type,
	coalesce(tenant_id, ''),
	coalesce(datastore_id, '00000000-0000-0000-0000-000000000000'),
	coalesce(version_id, '00000000-0000-0000-0000-000000000000'))
	WHERE deleted_at IS NULL;

-- What was applied: the md5 tells with which contents.
CREATE TABLE instance_modules (
	instance_id	uuid NOT NULL,
	module_id	uuid NOT NULL,
	md5		text NOT NULL,
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (instance_id, module_id)
);
CREATE INDEX instance_modules_module ON instance_modules (module_id);

GRANT SELECT, INSERT, UPDATE ON backups, clusters, modules TO coffer_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON backup_strategies, instance_modules
	TO coffer_api;
GRANT SELECT, UPDATE ON backups TO coffer_worker;
GRANT SELECT ON modules TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON instance_modules TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON backups, backup_strategies, clusters,
	modules, instance_modules TO coffer_operator;
COMMIT;
