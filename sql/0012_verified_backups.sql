-- Backups that were tried: restored into an instance that nobody sees, whose
-- database is checked and compared with what was there when they were taken.
BEGIN;
INSERT INTO schema_version (version) VALUES (12);

ALTER TABLE backups
	ADD COLUMN digest jsonb,		-- of the data, when it was taken (lib/msg/digest.h)
	ADD COLUMN verify_at timestamptz,	-- when it is to be tried (again); NULL: not, or it is being
	ADD COLUMN verify_tries int,		-- begun so far; NULL: it was not chosen
	ADD COLUMN verified boolean,		-- what came of it; NULL: not known
	ADD COLUMN verified_at timestamptz,	-- when that was found
	ADD COLUMN verify_error text;		-- why it is no good, or could not be tried
CREATE INDEX backups_verify ON backups (verify_at) WHERE verify_at IS NOT NULL;

-- The backup that a hidden instance tries.  Such ones have the tenant '', which
-- no project is called; they are in no list, no quota and no event.
ALTER TABLE instances ADD COLUMN verifies uuid;
CREATE INDEX instances_verify ON instances (verifies)
	WHERE verifies IS NOT NULL;

DROP TRIGGER event_of_instance ON instances;
CREATE TRIGGER event_of_instance AFTER UPDATE ON instances FOR EACH ROW
	WHEN (OLD.deleted_at IS NULL AND NEW.verifies IS NULL AND
	(OLD.task, OLD.server_status, OLD.name, OLD.flavor_id, OLD.volume_gb,
	OLD.version_id, OLD.access, OLD.configuration_id, OLD.replica_of,
	OLD.cluster_id, OLD.root_enabled_at, OLD.fault, OLD.deleted_at)
	IS DISTINCT FROM
	(NEW.task, NEW.server_status, NEW.name, NEW.flavor_id, NEW.volume_gb,
	NEW.version_id, NEW.access, NEW.configuration_id, NEW.replica_of,
	NEW.cluster_id, NEW.root_enabled_at, NEW.fault, NEW.deleted_at))
	EXECUTE FUNCTION event_of_instance();

CREATE OR REPLACE FUNCTION event_of_guest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events (tenant_id, type, payload)
	SELECT i.tenant_id, 'coffer.instance.guest', jsonb_build_object(
	    'tenant_id', i.tenant_id, 'instance_id', i.id, 'server_type',
	    'guest', 'status', NEW.status, 'old_status', OLD.status)
	FROM instances i WHERE i.id = NEW.instance_id AND i.tenant_id <> '';
	RETURN NULL;
END $$;

DROP TRIGGER event_of_new_task ON tasks;
CREATE TRIGGER event_of_new_task BEFORE INSERT ON tasks
	FOR EACH ROW WHEN (NEW.tenant_id <> '')
	EXECUTE FUNCTION event_of_new_task();
DROP TRIGGER event_of_ended_task ON tasks;
CREATE TRIGGER event_of_ended_task AFTER UPDATE OF status ON tasks
	FOR EACH ROW WHEN (NEW.tenant_id <> '' AND OLD.status <> NEW.status AND
	NEW.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))
	EXECUTE FUNCTION event_of_ended_task();

-- ".error" also for one that could not be tried at all: nobody may believe it.
CREATE FUNCTION event_of_verify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events (tenant_id, type, payload) VALUES (NEW.tenant_id,
	    'coffer.backup.verify.' || CASE WHEN NEW.verified THEN 'end' ELSE
	    'error' END, jsonb_build_object('server_type', 'taskmanager',
	    'tenant_id', NEW.tenant_id, 'backup_id', NEW.id, 'instance_id',
	    NEW.instance_id, 'name', NEW.name, 'verified', NEW.verified) ||
	    CASE WHEN NEW.verified THEN '{}' ELSE jsonb_build_object('message',
	    NEW.verify_error) END);
	RETURN NULL;
END $$;
CREATE TRIGGER event_of_verify AFTER UPDATE OF verified_at, verify_error
	ON backups FOR EACH ROW WHEN (NEW.deleted_at IS NULL AND
	(NEW.verified IS NOT NULL OR (NEW.verify_error IS NOT NULL AND
	NEW.verify_at IS NULL)) AND (OLD.verified_at, OLD.verify_error) IS
	DISTINCT FROM (NEW.verified_at, NEW.verify_error))
	EXECUTE FUNCTION event_of_verify();

-- Workers make and forget them.
GRANT INSERT, DELETE ON instances TO coffer_worker;
GRANT INSERT ON guests TO coffer_worker;
COMMIT;
