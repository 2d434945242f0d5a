-- A change of what a project may have is told, too.  What it has is not: that
-- follows from the events of its instances and backups.
BEGIN;
INSERT INTO schema_version (version) VALUES (9);

CREATE FUNCTION event_of_quota() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events (tenant_id, type, payload) VALUES (NEW.tenant_id,
	    'coffer.quota.update', event_context() || jsonb_build_object(
	    'tenant_id', NEW.tenant_id, 'instances', NEW.max_instances,
	    'ram', NEW.max_ram, 'volumes', NEW.max_volumes,
	    'backups', NEW.max_backups));
	RETURN NULL;
END $$;
CREATE TRIGGER event_of_new_quota AFTER INSERT ON quotas FOR EACH ROW
	WHEN (num_nonnulls(NEW.max_instances, NEW.max_ram, NEW.max_volumes,
	NEW.max_backups) > 0)
	EXECUTE FUNCTION event_of_quota();
-- A charge sets none of these, so it costs a create nothing.
CREATE TRIGGER event_of_quota AFTER UPDATE OF max_instances, max_ram,
	max_volumes, max_backups ON quotas FOR EACH ROW
	WHEN ((OLD.max_instances, OLD.max_ram, OLD.max_volumes, OLD.max_backups)
	IS DISTINCT FROM (NEW.max_instances, NEW.max_ram, NEW.max_volumes,
	NEW.max_backups))
	EXECUTE FUNCTION event_of_quota();
COMMIT;
