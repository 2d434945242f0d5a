-- One role per program, with what it needs and nothing else.  The roles have no
-- password: give them one (ALTER ROLE ... PASSWORD) or let pg_hba.conf name them.
BEGIN;
INSERT INTO schema_version (version) VALUES (2);

DO $$
DECLARE r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['coffer_api', 'coffer_worker', 'coffer_conductor', 'coffer_operator'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('CREATE ROLE %I LOGIN', r);
		END IF;
	END LOOP;
END $$;

GRANT SELECT ON schema_version, datastores, datastore_versions, parameters,
	flavors TO coffer_api, coffer_worker, coffer_conductor;

GRANT SELECT ON projects, users, assignments TO coffer_api;
GRANT SELECT, INSERT, DELETE ON tokens TO coffer_api;
GRANT SELECT, INSERT, UPDATE ON quotas, instances TO coffer_api;
GRANT SELECT, INSERT ON guests TO coffer_api;
GRANT SELECT, INSERT, UPDATE (cancel) ON tasks TO coffer_api;

GRANT SELECT, UPDATE ON instances, tasks TO coffer_worker;
GRANT INSERT, DELETE ON tasks TO coffer_worker;		-- recovery; old ones
GRANT SELECT, DELETE ON guests TO coffer_worker;
GRANT SELECT, INSERT, DELETE ON slots TO coffer_worker;

GRANT SELECT, UPDATE ON guests, shards TO coffer_conductor;
GRANT SELECT (id, instance_id, status, due) ON tasks TO coffer_conductor;
GRANT SELECT (id, key_epoch, deleted_at) ON instances TO coffer_conductor;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO coffer_operator;
COMMIT;
