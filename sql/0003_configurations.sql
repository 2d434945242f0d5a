-- Configuration groups: values for a database server, by a tenant.
BEGIN;
INSERT INTO schema_version (version) VALUES (3);

CREATE TABLE configurations (
	id		uuid PRIMARY KEY,
	tenant_id	text NOT NULL,
	name		text NOT NULL,
	description	text,
	version_id	uuid NOT NULL REFERENCES datastore_versions,
	-- A JSON map, sealed with the id: some engines' settings are passwords.
	settings	text NOT NULL,
	revision	int NOT NULL DEFAULT 1,	-- raised by every change
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX configurations_tenant ON configurations (tenant_id, id);

ALTER TABLE instances ADD FOREIGN KEY (configuration_id)
	REFERENCES configurations;
CREATE INDEX instances_configuration ON instances (configuration_id, id)
	WHERE configuration_id IS NOT NULL;

-- Names of parameters are compared without regard to case.
CREATE UNIQUE INDEX parameters_name ON parameters (version_id, upper(name));

GRANT SELECT, INSERT, UPDATE, DELETE ON configurations TO coffer_api;
GRANT INSERT, UPDATE, DELETE ON parameters TO coffer_api;
GRANT SELECT (id) ON configurations TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON configurations TO coffer_operator;
COMMIT;
