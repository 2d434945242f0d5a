-- Backups that come by themselves, and how long they are kept.
BEGIN;
INSERT INTO schema_version (version) VALUES (11);

CREATE TABLE backup_schedules (
	id		uuid PRIMARY KEY,
	tenant_id	text NOT NULL,
	user_id		text NOT NULL,		-- who made it, and so its tasks
	instance_id	uuid NOT NULL,
	name		text NOT NULL,		-- also of its backups
	description	text,
	cron		text NOT NULL,
	zone		text NOT NULL,
	keep_last	int CHECK (keep_last > 0),	-- both NULL: all are kept
	keep_days	int CHECK (keep_days > 0),
	full_every	int NOT NULL DEFAULT 1 CHECK (full_every > 0),
	enabled		boolean NOT NULL DEFAULT true,
	next_run	timestamptz,		-- NULL: not enabled
	due		timestamptz,		-- when a worker looks; later than next_run where the instance was busy
	last_run	timestamptz,
	last_backup	uuid,
	last_error	text,			-- why the last run made none, or waits
	tidy_at		timestamptz,		-- when old backups are looked for; NULL: not before the next run
	created		timestamptz NOT NULL DEFAULT now(),
	updated		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX backup_schedules_tenant ON backup_schedules (tenant_id, id);
CREATE INDEX backup_schedules_instance ON backup_schedules (instance_id);
CREATE INDEX backup_schedules_due ON backup_schedules (due)
	WHERE due IS NOT NULL;
CREATE INDEX backup_schedules_tidy ON backup_schedules (tidy_at)
	WHERE tidy_at IS NOT NULL;

-- Which one made it, even if that is gone.
ALTER TABLE backups ADD COLUMN schedule_id uuid;
CREATE INDEX backups_schedule ON backups (schedule_id, created)
	WHERE schedule_id IS NOT NULL AND deleted_at IS NULL;

-- It goes with its instance; its backups stay.
CREATE FUNCTION schedules_of_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM backup_schedules WHERE instance_id = NEW.id;
	RETURN NULL;
END $$;
CREATE TRIGGER schedules_of_gone AFTER UPDATE OF deleted_at ON instances
	FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
	EXECUTE FUNCTION schedules_of_gone();

CREATE TRIGGER event_of_row AFTER INSERT OR UPDATE OR DELETE
	ON backup_schedules FOR EACH ROW EXECUTE FUNCTION event_of_row(
	'backup_schedule', 'name', 'description', 'instance_id', 'cron', 'zone',
	'keep_last', 'keep_days', 'full_every', 'enabled');

-- A run that made no backup is told, each time; one that waits is told once.
CREATE FUNCTION event_of_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events (tenant_id, type, payload) VALUES (NEW.tenant_id,
	    'coffer.backup_schedule.error', event_context() ||
	    jsonb_build_object('tenant_id', NEW.tenant_id,
	    'backup_schedule_id', NEW.id, 'instance_id', NEW.instance_id,
	    'name', NEW.name, 'message', NEW.last_error));
	RETURN NULL;
END $$;
CREATE TRIGGER event_of_schedule AFTER UPDATE OF last_error
	ON backup_schedules FOR EACH ROW WHEN (NEW.last_error IS NOT NULL AND
	(OLD.last_error, OLD.last_run) IS DISTINCT FROM
	(NEW.last_error, NEW.last_run))
	EXECUTE FUNCTION event_of_schedule();

-- Workers make the backups, and remove the old ones as the API does.
GRANT INSERT ON backups TO coffer_worker;
GRANT SELECT ON backup_strategies TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON backup_schedules TO coffer_api,
	coffer_operator;
GRANT SELECT, UPDATE, DELETE ON backup_schedules TO coffer_worker;
COMMIT;
