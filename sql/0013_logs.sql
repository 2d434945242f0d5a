-- Where published logs lie, so that those that are old go.
BEGIN;
INSERT INTO schema_version (version) VALUES (13);

CREATE TABLE log_places (
	tenant_id	text NOT NULL,		-- whose account it is
	container	text NOT NULL,
	prefix		text NOT NULL,		-- of the names of one log's objects
	look_at		timestamptz NOT NULL,	-- when a worker looks for old ones
	PRIMARY KEY (tenant_id, container, prefix)
);
CREATE INDEX log_places_due ON log_places (look_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON log_places TO coffer_worker;
COMMIT;
