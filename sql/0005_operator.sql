-- What operators see and change: more of versions, hosts, what is left of
-- instances that are gone, who enabled root.
BEGIN;
INSERT INTO schema_version (version) VALUES (5);

ALTER TABLE datastore_versions
	ADD image_tags	text NOT NULL DEFAULT '',	-- separated by commas
	ADD registry_ext text,
	ADD repl_strategy text;

-- A version may go when only deleted instances name it.
ALTER TABLE instances
	ALTER version_id DROP NOT NULL,
	DROP CONSTRAINT instances_version_id_fkey,
	ADD FOREIGN KEY (version_id) REFERENCES datastore_versions
		ON DELETE SET NULL;

ALTER TABLE instances ADD host text;	-- on which its server runs

-- Where a deleted instance lived: its row and its guest's forget that.
CREATE TABLE former_homes (
	instance_id	uuid PRIMARY KEY,
	server_id	text,
	volume_id	text,
	host		text,
	used_bytes	bigint,
	total_bytes	bigint
);

-- Kept after the instance is deleted, and after root was disabled.
CREATE TABLE root_history (
	instance_id	uuid PRIMARY KEY,
	user_id		text NOT NULL,
	enabled		timestamptz NOT NULL DEFAULT now()
);

-- Written by the workers of each host about itself.
CREATE TABLE hosts (
	name		text PRIMARY KEY,
	driver		text NOT NULL,
	ram_mb		bigint NOT NULL,
	disk_mb		bigint NOT NULL,
	disk_free_mb	bigint NOT NULL,
	seen		timestamptz NOT NULL DEFAULT now()
);

GRANT INSERT, UPDATE, DELETE ON datastores, datastore_versions TO coffer_api;
GRANT SELECT, INSERT ON former_homes TO coffer_api;
GRANT SELECT ON root_history, hosts TO coffer_api;
GRANT SELECT, INSERT ON root_history TO coffer_worker;
GRANT SELECT, INSERT, UPDATE ON hosts TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON former_homes, root_history, hosts
	TO coffer_operator;
COMMIT;
